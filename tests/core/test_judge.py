"""Judging: every verdict, and what is refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from pytest_mlops import DeclarationError, Interval, Limit, Measurement, Verdict, at_least, at_most, between, equal_to
from pytest_mlops import no_worse_than as no_worse
from pytest_mlops.core.judge import judge
from pytest_mlops.core.messages import explain
from pytest_mlops.core.verdict import combine

if TYPE_CHECKING:
    from pytest_mlops import Judgement


def measured(value: float | None, *, n: int = 100, low: float | None = None, high: float | None = None) -> Measurement:
    interval = None if low is None or high is None else Interval(low, high, 0.95)
    return Measurement(name="load.p95", subject="api", value=value, unit="ms", n=n, interval=interval)


@pytest.mark.parametrize(
    ("measurement", "limit", "verdict"),
    [
        (measured(40), at_most(50), "pass"),
        (measured(50), at_most(50), "pass"),
        (measured(50), Limit(high=50, strict=True), "fail"),
        (measured(51), at_most(50, "ms"), "fail"),
        (measured(5), between(5, 6), "pass"),
        (measured(5), equal_to(5), "pass"),
        (measured(0.79), no_worse(0.8, margin=0.02), "pass"),
        (measured(0.77), no_worse(0.8, margin=0.02), "fail"),
        (measured(0.23), no_worse(0.2, margin=0.02, higher_is_better=False), "fail"),
        (measured(40, low=30, high=49), at_most(50), "pass"),
        (measured(60, low=51, high=70), at_most(50), "fail"),
        (measured(40, low=30, high=51), at_most(50), "inconclusive"),
        (measured(40, low=30, high=51), at_most(50, by="point"), "pass"),
        (measured(40, low=math.nan, high=math.nan), at_most(50), "inconclusive"),
        (measured(60, low=40, high=math.nan), at_most(50), "inconclusive"),
        (measured(60, low=40, high=math.nan), at_most(70), "inconclusive"),
        (measured(60, low=51, high=math.nan), at_most(50), "fail"),
        (measured(60, low=51, high=math.nan), at_least(50), "pass"),
        (measured(60, low=math.nan, high=70), at_most(80), "pass"),
        (measured(60, low=math.nan, high=70), at_least(75), "fail"),
        (measured(60, low=math.nan, high=70), at_least(50), "inconclusive"),
        (measured(40, n=9), at_most(50, min_n=10), "inconclusive"),
        (measured(None, n=0), at_most(50), "not_run"),
        (measured(1, n=0), at_most(50), "not_run"),
        (measured(math.nan), at_most(50), "error"),
        (measured(math.inf), at_most(50), "fail"),
    ],
)
def test_every_verdict(measurement: Measurement, limit: Limit, verdict: str) -> None:
    judgement = judge(measurement, limit)
    assert judgement.verdict == verdict
    assert bool(judgement) is (verdict == "pass")


def test_it_says_which_n_would_decide() -> None:
    """The width shrinks as the root of n: half of it takes four times as many."""
    judgement = judge(measured(40, low=20, high=60), at_most(50))
    assert judgement.reason == "the interval crosses the limit; n = 400 would decide at this value"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (math.nan, math.nan, "n = 100 is too few for an interval"),
        (40, math.nan, "the interval has no upper end, and crosses the limit"),
        (math.nan, 60, "the interval has no lower end, and crosses the limit"),
    ],
)
def test_it_says_which_end_is_not_known(low: float, high: float, words: str) -> None:
    assert judge(measured(50, low=low, high=high), between(45, 55)).reason == words


def test_a_value_on_the_limit_is_decided_by_no_n() -> None:
    assert "no n decides" in judge(measured(50, low=40, high=60), at_most(50)).reason


def test_a_unit_must_fit() -> None:
    with pytest.raises(DeclarationError, match=r"load.p95 is in ms, its limit in 's' \(.*test_judge.py:\d+\)"):
        judge(measured(40), at_most(50, "s"))


@pytest.mark.parametrize("bound", [math.nan, "50", None, True])
def test_a_limit_is_a_number(bound: float) -> None:
    with pytest.raises(DeclarationError, match="a limit must be a number, got"):
        at_most(bound)


def test_a_limit_leaves_room() -> None:
    with pytest.raises(DeclarationError, match=r"test_judge.py:\d+: a limit must leave room: low 6 is above high 5"):
        between(6, 5)


def test_the_whole_story_in_a_sentence() -> None:
    text = explain(judge(measured(61.2, n=12_000, low=55, high=70), Limit(high=50, unit="ms", source="checks/x.py:3")))
    assert text == (
        "api: load.p95 must be at most 50 ms, got 61.2 ms (0.95 interval 55 to 70, n = 12,000, limit at "
        "checks/x.py:3); off by 11.2 ms"
    )


class Kept:
    """A recorder."""

    def __init__(self) -> None:
        self.judgements: list[Judgement] = []

    def record(self, judgement: Judgement) -> None:
        """Keep one."""
        self.judgements.append(judgement)


def test_a_comparison_judges_and_records_once() -> None:
    kept = Kept()
    auc = measured(0.7).recorded_by(kept)
    assert auc >= 0.6
    assert 0.6 <= auc <= 0.8
    assert not auc > 0.7
    assert auc == 0.7
    assert [judgement.verdict for judgement in kept.judgements] == ["pass", "pass", "pass", "fail", "pass"]
    assert all("test_judge.py:" in str(judgement.limit and judgement.limit.source) for judgement in kept.judgements)


def test_two_measurements_are_not_compared() -> None:
    with pytest.raises(DeclarationError, match=r"neither is a limit\. Hint: .*no_worse_than"):
        _ = measured(1) >= measured(2)


@pytest.mark.parametrize("bound", ["x", None, True])
def test_a_measurement_is_compared_with_numbers(bound: object) -> None:
    with pytest.raises(DeclarationError, match=r"load\.p95 must be compared with a number"):
        _ = measured(1) >= bound


def test_that_it_differs_is_no_limit() -> None:
    with pytest.raises(DeclarationError, match="is no limit"):
        _ = measured(1) != 2


def test_float_is_the_bare_number() -> None:
    assert float(measured(1.5)) == 1.5
    assert math.isnan(float(measured(None, n=0)))


def test_the_worst_verdict_wins_and_none_is_not_run() -> None:
    order = [Verdict.PASS, Verdict.NOT_RUN, Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.ERROR]
    for i, worst in enumerate(order):
        assert combine(order[: i + 1]) is worst
    assert combine([]) is Verdict.NOT_RUN
