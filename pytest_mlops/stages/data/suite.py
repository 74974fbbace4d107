"""A saved suite of Great Expectations: its expectations, each named so that a person knows it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.source import place_of
from pytest_mlops.stages.data.verdict import judge_expectation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_mlops.core.judge import Judgement
    from pytest_mlops.core.result import Result

_SEVERITIES = ("critical", "warning", "info")


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

    @property
    def gate(self) -> str:
        """What its severity means: critical blocks, warning warns, info is recorded."""
        return {"critical": "block", "warning": "warn", "info": "info"}[self.severity]

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
