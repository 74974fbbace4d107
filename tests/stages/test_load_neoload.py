"""NeoLoad's results, in the formats of its API document: every execution is counted, mistakes are named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops import DeclarationError, RequirementNotMet, at_least, at_most
from pytest_mlops.stages.load import measure_results

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlops.core.result import Result

HEADER = "Elapsed;Time;User Path;Virtual User ID;Parent;Element;Response time;Success;Population;Zone"


def raw(n: int = 100) -> str:
    """Return raw data: executions every 20 ms, of 10, 11, ... ms; the eighth fails."""
    lines = [
        f'{end};2026-06-04T12:40:{end / 1000:06.3f}+02:00;"Booking; mobile";0-{i % 4};"Actions";"Score";{10 + i};'
        f'{"no" if i == 7 else "yes"};"Travellers";"Default zone"'
        for i, end in enumerate(range(1010, 1010 + 21 * n, 21))
    ]
    return "\n".join([HEADER, *lines]) + "\n"


def values(**more: Any) -> dict[str, Any]:
    """Return the values of one element."""
    return {
        "count": 1800, "elementPerSecond": 60.0, "minDuration": 2, "maxDuration": 99, "sumDuration": 21600,
        "avgDuration": 12.0, "minTTFB": 1, "maxTTFB": 50, "sumTTFB": 10000, "avgTTFB": 5.5, "failureCount": 18,
        "failurePerSecond": 0.6, "failureRate": 1.0, "percentile50": 10.0, "percentile90": 20.0, "percentile95": 25.0,
        "percentile99": 60.0, "standardDeviation": 6.0, **more,
    }  # fmt: skip


def read(text: str, folder: Path) -> Result:
    path = folder / "results"
    path.write_text(text, encoding="utf-8")
    return measure_results(path, name="api")


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
def test_every_execution_is_counted(mark: str, tmp_path: Path) -> None:
    result = read(mark + raw(), tmp_path)
    assert float(result["requests"]) == 100
    assert float(result["failures"]) == 0.01
    assert float(result["p50"]) == pytest.approx(60, abs=0.01)  # of 10 to 109 ms; what failed is the longest
    assert float(result["duration"]) == pytest.approx((99 * 20 + 109) / 1000, abs=1e-6)
    result.require(p90=at_most(120, "ms", by="point"), failures=at_most(0.02))
    with pytest.raises(RequirementNotMet, match=r"inconclusive: api: load.p95 must be at most 500 ms"):
        result.require(p95=at_most(500, "ms"))


def test_a_slow_transaction_is_red(tmp_path: Path) -> None:
    with pytest.raises(RequirementNotMet, match=r"fail: api: load.p95 must be at most 500 ms"):
        read(raw(2000), tmp_path).require(p95=at_most(500, "ms", by="point"))


@pytest.mark.parametrize("is_list", [False, True], ids=["of an element", "of all elements"])
def test_values_are_numbers_without_intervals(is_list: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter
    one = values(elementId="a6", userpath="Booking") if is_list else values()
    result = read(
        json.dumps([one, values(count=0, failureCount=0, elementPerSecond=0.0)] if is_list else one), tmp_path
    )
    result.require(p50=at_most(10, "ms"), p95=at_most(25, "ms"), p99=at_most(60, "ms"), failures=at_most(0.01))
    result.require(throughput=at_least(59, "1/s"), requests=at_least(1800))
    with pytest.raises(RequirementNotMet, match=r"fail: api: load.p95 must be at most 24 ms, got 25"):
        result.require(p95=at_most(24, "ms"))
    with pytest.raises(RequirementNotMet, match=r"not run: .*The values don't have it. Hint: the raw data"):
        result.require(p999=at_most(100, "ms"))


def test_a_percentile_that_is_not_there_is_not_made_up(tmp_path: Path) -> None:
    older = {key: value for key, value in values().items() if not key.startswith("percentile")}
    result = read(json.dumps(older), tmp_path)
    result.require(failures=at_most(0.01))
    with pytest.raises(RequirementNotMet, match=r"not run: .*load.p95 must be at most 1e\+09 ms, got nothing"):
        result.require(p95=at_most(1e9, "ms"))


def test_percentiles_of_several_elements_are_not_put_together(tmp_path: Path) -> None:
    result = read(json.dumps([values(), values(count=200, failureCount=2, elementPerSecond=6.6)]), tmp_path)
    assert float(result["requests"]) == 2000
    assert float(result["failures"]) == 0.01
    assert float(result["throughput"]) == pytest.approx(66.6 * 0.99)
    with pytest.raises(RequirementNotMet, match=r"not run: .*Percentiles of 2 elements can't be put together"):
        result.require(p95=at_most(1e9, "ms"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HEADER + "\n", "the results hold no request"),
        ("[]", "the results hold no request"),
        (json.dumps(values(count=0, failureCount=0, elementPerSecond=0)), "the results hold no request"),
        (raw(12), "12 requests are too few to judge a service by"),
        (json.dumps(values(count=12, failureCount=0)), "12 requests are too few to judge a service by"),
        (raw().replace(";yes;", ";no;"), "all 100 requests failed"),
        (json.dumps(values(failureCount=1800)), "all 1,800 requests failed"),
    ],
)
def test_what_is_no_run_is_never_green(text: str, why: str, tmp_path: Path) -> None:
    result = read(text, tmp_path)
    assert result.details["why"] == why
    assert not any(one <= 1e9 for one in result.measurements)
    assert not any(one >= 0 for one in result.measurements)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Elapsed;Time;Element\n", "must be JMeter's JTL"),
        (raw()[:-60], "line 101: "),
        (raw().replace(";yes;", ";maybe;"), "line 2: Success must be yes or no, got 'maybe'"),
        (raw().replace("1010;", "soon;"), "line 2: Elapsed and Response time must be milliseconds"),
        (json.dumps(values())[:-9], "can't be read as JSON: "),
        (json.dumps(values(failureCount=None)), "failureCount must be a number from 0 on, got None"),
        (json.dumps(values(percentile95="NaN")), "percentile95 must be a number from 0 on, got 'NaN'"),
        (json.dumps(values(count=10)), "failureCount must be at most count"),
        (json.dumps([values(), {"elementId": "b7"}]), "or NeoLoad's raw data in CSV or values of elements in JSON"),
        (json.dumps({"code": 201, "message": "Test Result not found."}), "or NeoLoad's raw data in CSV"),
    ],
)
def test_what_is_no_result_is_named(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(DeclarationError) as caught:
        read(text, tmp_path)
    assert why in str(caught.value)
