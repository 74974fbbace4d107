"""The facts of one evidence, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.evidence import evidence_of
from pytest_mlops.core.judge import judge
from pytest_mlops.core.limit import at_most
from pytest_mlops.core.measurement import Interval, Measurement
from pytest_mlops.report.facts import Facts, facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping


def facts(**changes: Any) -> Facts:
    defaults: Mapping[str, Any] = {"name": "load.p95", "subject": "api", "value": 61.234, "unit": "ms", "n": 1200}
    return facts_of(evidence_of(judge(Measurement(**{**defaults, **changes}), at_most(50, "ms"))))


def test_all_facts_of_an_estimate() -> None:
    found = facts(
        interval=Interval(60, 62.5, 0.95), method="order statistics", parameters={"draws": 999}, seed=7, note="warm"
    )
    assert found == Facts(
        subject="api",
        measurement="load.p95",
        value="61.23 ms",
        interval="60 to 62.5 (95 %)",
        limit="at most 50 ms",
        margin="11.23 ms outside",
        n="1,200",
        method="order statistics",
        settings="draws=999, seed 7",
        verdict="fail",
        remark="warm",
    )


def test_a_bare_number_leaves_the_rest_empty() -> None:
    found = facts(value=40)
    assert (found.interval, found.method, found.settings, found.remark) == ("", "", "", "")
    assert found.margin == "10 ms inside"


@pytest.mark.parametrize(
    ("changes", "value", "verdict"),
    [
        ({"value": None, "n": 0}, "nothing", "not_run"),
        ({"value": math.nan}, "not a number", "error"),
    ],
)
def test_what_is_not_a_number_says_so(changes: dict[str, Any], value: str, verdict: str) -> None:
    found = facts(**changes)
    assert (found.value, found.verdict) == (value, verdict)


def test_an_unknown_bound_of_an_interval() -> None:
    assert facts(interval=Interval(math.nan, 62, 0.95)).interval == "unknown to 62 (95 %)"
