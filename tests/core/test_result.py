"""A result: `require` judges all, fails once with the whole story, and crosses processes as JSON."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from pytest_mlops import DeclarationError, Interval, Measurement, RequirementNotMet, Result, at_least, at_most
from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.evidence import evidence_of
from pytest_mlops.core.judge import judge
from pytest_mlops.core.plain import plain


def load() -> Result:
    picture = Artefact("latency", "api", {"edges_ms": [1, 2], "counts": [3], "quantiles_ms": {}})
    p95 = Measurement(
        name="load.p95", subject="api", value=60.5, unit="ms", n=99, interval=Interval(55, math.nan, 0.95),
        artefacts=(picture,), parameters={"users": 4},
    )  # fmt: skip
    failures = Measurement(name="load.failures", subject="api", value=0.0, n=99)
    nothing = Measurement(name="load.p99", subject="api", value=math.nan, n=5)
    return Result(stage="load", subject="api", measurements=(p95, failures, nothing), digests={"x": "sha256:1"})


def test_all_are_judged_and_it_fails_once() -> None:
    with pytest.raises(RequirementNotMet) as failure:
        load().require(p95=at_most(50, by="point"), failures=at_most(0.1), p99=at_least(1))
    lines = str(failure.value).splitlines()
    assert lines[0] == "2 of 3 requirements not met"
    assert lines[1].startswith("  error: api: load.p99 must be at least 1, got nan (n = 5")
    assert lines[2].startswith(
        "  fail: api: load.p95 must be at most 50, got 60.5 ms (0.95 interval 55 to unknown, n = 99, "
    )
    assert lines[3] == "  met: load.failures"


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({}, "had nothing to judge"),
        ({"p_95": at_most(1)}, "load of 'api' has no measurement 'p_95'. Did you mean 'p95'"),
        ({"p95": 50}, r"p95 must be a limit, got 50\. Hint: p95=at_most\(50\)"),
    ],
)
def test_a_wrong_requirement_is_a_declaration_error(limits: dict[str, object], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        load().require(**limits)  # type: ignore[arg-type]


def test_a_requirement_by_position_must_be_one() -> None:
    with pytest.raises(DeclarationError, match=r"takes requirements and named limits, got 0\.5"):
        load().require(0.5)  # type: ignore[arg-type]


def test_a_measurement_is_an_attribute() -> None:
    assert float(load().failures) == 0
    with pytest.raises(AttributeError, match="Did you mean 'p95'"):
        _ = load().p_95


def test_it_survives_json() -> None:
    """Also NaN, which JSON does not have: a value of n rows stays an error, an end of an interval stays unknown."""
    kept = Result.from_json(json.loads(json.dumps(load().to_json(), allow_nan=False)))
    assert kept.to_json() == load().to_json()
    assert judge(kept["p95"], at_most(58)).verdict == judge(load()["p95"], at_most(58)).verdict == "inconclusive"
    assert judge(kept["p99"], at_most(50)).verdict == "error"


def test_evidence_is_plain_json() -> None:
    evidence = evidence_of(judge(load()["p95"], at_most(50, "ms")))
    assert json.loads(json.dumps(evidence, allow_nan=False)) == evidence


class Odd(float):
    """xdist's serialiser refuses it."""


def test_plain_turns_numpy_and_subclasses_into_json_types() -> None:
    value = plain({"a": np.float64(0.5), "b": np.arange(2), "c": Odd(1.5), "d": math.inf, "e": Path("x"), 3: {2, 1}})
    assert value == {"a": 0.5, "b": [0, 1], "c": 1.5, "d": None, "e": "x", "3": [1, 2]}
    assert type(plain(Odd(1.5))) is float


def test_plain_refuses_what_json_does_not_have() -> None:
    with pytest.raises(TypeError, match=r"got Decimal: Decimal\('1'\)"):
        plain([Decimal(1)])
