"""Stage `data`: the expectations of a Great Expectations suite, each a measurement of its own."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.frames import Data, digest_data, to_pandas
from pytest_mlops.adapters.great_expectations import Outcome, run_suite
from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.judge import Judgement, judge
from pytest_mlops.core.limit import Limit
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.result import Result
from pytest_mlops.core.source import place_of
from pytest_mlops.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SEVERITIES = ("critical", "warning", "info")
_COUNTS_NULLS = ("expect_column_values_to_be_null", "expect_column_values_to_not_be_null")


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """One expectation of a suite; as a requirement it judges its own measurement of a result.

    `label` is its name for people: `expect_column_values_to_be_between[dep_time]`.
    """

    label: str
    number: int
    type: str
    kwargs: Mapping[str, Any]
    severity: str
    suite_digest: str
    source: str

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge this expectation's measurement."""
        if result.details.get("suite") != self.suite_digest:
            raise DeclarationError(f"{self.label} of {self.source} was required of a result of another suite")
        yield judge_expectation(self, result.measurements[self.number], str(result.details["errors"][self.number]))  # type: ignore[index]


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A saved suite: its expectations in order, and its digest."""

    name: str
    path: Path
    digest: str
    expectations: Sequence[Expectation]
    entries: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class AllExpectations:
    """The requirement that `expectations` makes."""

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge every expectation of the suite that was run."""
        for expectation in read_suite(Path(str(result.details["suite_path"]))).expectations:
            yield from expectation.judge(result)


def expectations() -> AllExpectations:
    """Return the requirement that every expectation of the measured suite holds."""
    return AllExpectations()


def read_suite(path: Path) -> Suite:
    """Read a suite that Great Expectations 1.x saved.

    Raises
    ------
    DeclarationError
        When the file is missing, is no suite, or holds no expectation.
    """
    data = _read_json(path)
    entries = data.get("expectations") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        raise DeclarationError(f"{path} must be a suite with a list 'expectations', got {str(data)[:60]!r}")
    if not entries:
        raise DeclarationError(f"{path} must hold at least one expectation, got none: an empty suite proves nothing")
    digest, labels = digest_json(entries), Counter[str]()
    listed = [_expectation(path, number, entry, labels, digest) for number, entry in enumerate(entries)]
    return Suite(name=str(data.get("name", path.stem)), path=path, digest=digest, expectations=listed, entries=entries)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise DeclarationError(f"{path} must be a suite of Great Expectations: {exc.strerror}") from exc
    except ValueError as exc:
        raise DeclarationError(f"{path} must be JSON: {exc}") from exc


def _expectation(path: Path, number: int, entry: Any, labels: Counter[str], digest: str) -> Expectation:
    place = f"{place_of(path)}: expectations[{number}]"
    if (
        not isinstance(entry, dict)
        or not isinstance(entry.get("type"), str)
        or not isinstance(entry.get("kwargs"), dict)
    ):
        raise DeclarationError(f"{place} must have 'type' and 'kwargs', got {str(entry)[:80]!r}")
    severity = entry.get("severity", "critical")
    if severity not in _SEVERITIES:
        raise DeclarationError(f"{place}: severity must be one of {', '.join(_SEVERITIES)}, got {severity!r}")
    label = f"{entry['type']}[{_column_words(entry['kwargs'])}]"
    labels[label] += 1
    if labels[label] > 1:
        label = f"{label}-{labels[label]}"
    return Expectation(
        label=label,
        number=number,
        type=entry["type"],
        kwargs=entry["kwargs"],
        severity=severity,
        suite_digest=digest,
        source=place,
    )


def _column_words(kwargs: Mapping[str, Any]) -> str:
    if "column_A" in kwargs:
        return f"{kwargs['column_A']},{kwargs.get('column_B')}"
    columns = kwargs.get("column_list") or kwargs.get("column_set")
    return ",".join(map(str, columns))[:60] if columns else str(kwargs.get("column", "table"))


def measure_suite(data: Data, suite: Suite, *, name: str) -> Result:
    """Run a suite on a frame or a file; one measurement an expectation, in the suite's order.

    A share of unexpected values where the expectation is about values, the observed number where it is about a
    column or the table, else the count of violations (0 or 1). `n` counts the values that were looked at: an
    all-null column, or no rows, gives no value at all.
    """
    frame = to_pandas(data)
    outcomes = run_suite(frame, {"expectations": suite.entries})
    pairs = zip(suite.expectations, outcomes, strict=True)
    return Result(
        stage="data",
        subject=name,
        measurements=tuple(_measure(expectation, outcome, frame, name) for expectation, outcome in pairs),
        details={
            "suite": suite.digest,
            "suite_path": str(suite.path),
            "errors": [outcome.error for outcome in outcomes],
            "rows": len(frame),
        },
        digests={f"data:{name}": digest_data(data), f"suite:{suite.name}": suite.digest},
    )


def _measure(expectation: Expectation, outcome: Outcome, frame: Any, name: str) -> Measurement:
    kind, value, n = _value(expectation, outcome, _evidence(expectation, outcome, frame))
    has_evidence = n > 0 or not outcome.success
    return Measurement(
        name=f"data.{kind}",
        subject=f"{name}.{expectation.label}",
        value=value if has_evidence else None,
        n=n if has_evidence else 0,
        method=f"great_expectations {outcome.version}",
        parameters={"success": outcome.success, **expectation.kwargs},
        note="" if has_evidence else "no values to look at: no rows, or the column is all null",
    )


def _evidence(expectation: Expectation, outcome: Outcome, frame: Any) -> int:
    """Return how many values the verdict rests on."""
    if outcome.elements is not None:
        return outcome.elements if expectation.type in _COUNTS_NULLS else outcome.elements - outcome.missing
    column = expectation.kwargs.get("column")
    if column is None or column not in frame or expectation.type == "expect_column_to_exist":
        return len(frame)
    return int(frame[column].notna().sum())


def _value(expectation: Expectation, outcome: Outcome, n: int) -> tuple[str, float, int]:
    if outcome.unexpected is not None:
        return "unexpected_share", outcome.unexpected / n if n else 0.0, n
    if outcome.observed is not None and _bounds(expectation) is not None:
        return "observed", outcome.observed, n or (0 if outcome.success else 1)
    return "violations", 0.0 if outcome.success else 1.0, n or (0 if outcome.success else 1)


def _bounds(expectation: Expectation) -> tuple[float, float] | None:
    low, high = expectation.kwargs.get("min_value"), expectation.kwargs.get("max_value")
    if not all(bound is None or isinstance(bound, int | float) for bound in (low, high)) or (
        low is None and high is None
    ):
        return None
    return -math.inf if low is None else float(low), math.inf if high is None else float(high)


def judge_expectation(expectation: Expectation, measurement: Measurement, error: str) -> Judgement:
    """Judge one expectation; where Great Expectations is stricter than the number shows, its word counts."""
    limit = _limit(expectation, measurement)
    if error:
        return Judgement(measurement, limit, Verdict.ERROR, f"the expectation did not run: {error}")
    judgement = judge(measurement, limit)
    if judgement and not measurement.parameters["success"]:
        return Judgement(measurement, limit, Verdict.FAIL, "Great Expectations says that it is not met")
    return judgement


def _limit(expectation: Expectation, measurement: Measurement) -> Limit:
    if measurement.short_name == "observed":
        low, high = _bounds(expectation) or (-math.inf, math.inf)
        return Limit(low=low, high=high, by="point", source=expectation.source)
    mostly = float(expectation.kwargs.get("mostly", 1.0)) if measurement.short_name == "unexpected_share" else 1.0
    return Limit(high=1.0 - mostly, by="point", source=expectation.source)
