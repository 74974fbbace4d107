"""A rule: what one type of expectation means, written as a generator that asks and then says what it found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.data.asks import Ask, present, rows_in
from pytest_mlops.stages.data.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from pytest_mlops.stages.data.engine import Measuring
    from pytest_mlops.stages.data.table import Table


class NotCompiled(Exception):
    """A rule that, on this data, is left to Great Expectations; the message says why."""


@dataclass(frozen=True)
class Call:
    """One expectation as it is run: its parameters, the table, and the rows that it is about."""

    table: Table
    parameters: Mapping[str, Any]
    rows: Any = None

    def __getitem__(self, name: str) -> Any:
        """Return a parameter, None where it is not given."""
        return self.parameters.get(name)

    @property
    def column(self) -> str:
        """The column that the expectation is about."""
        return str(self.parameters["column"])

    @property
    def mostly(self) -> float:
        """The share of values that must be as expected."""
        return float(self.parameters.get("mostly", 1.0))


@dataclass(frozen=True)
class Rule:
    """How one type of expectation is measured, and which parameters it takes."""

    measure: Callable[[Call], Measuring]
    parameters: frozenset[str] = field(default_factory=frozenset)
    needed: frozenset[str] = field(default_factory=frozenset)


def counted(call: Call, *, elements: int, seen: int, unexpected: int, missing: int | None = None) -> Outcome:
    """Return the outcome of a rule about single values: met when enough of the values seen are as expected."""
    success = seen == 0 or (float(seen) - float(unexpected)) / float(seen) >= call.mostly
    missing = elements - seen if missing is None else missing
    return Outcome(success=success, elements=elements, missing=missing, unexpected=unexpected, seen=seen)


def each_value(call: Call, good: Ask, *, counts_bad: bool = False) -> Measuring:
    """Measure a rule about the values of one column, given what counts the good (or the bad) ones."""
    elements, seen, count = yield rows_in(call.rows), present(call.column, call.rows), good
    unexpected = count if counts_bad else seen - count
    return counted(call, elements=elements, seen=seen, unexpected=unexpected)


def number_between(call: Call, value: Any, *, seen: int) -> Outcome:
    """Return the outcome of a rule about one number (or moment) of a column."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return Outcome(success=False, seen=seen)
    low, high = call["min_value"], call["max_value"]
    above = low is None or (value > low if call["strict_min"] else value >= low)
    below = high is None or (value < high if call["strict_max"] else value <= high)
    shown = float(value) if hasattr(value, "__float__") else None
    return Outcome(success=bool(above and below), observed=shown, seen=seen)


def no_asks(outcome: Outcome) -> Generator[tuple[Ask, ...], list[Any], Outcome]:
    """Return a rule that knows its outcome without asking."""
    return outcome
    yield  # pragma: no cover - makes this a generator


def known(call: Call, name: str, valid: tuple[str, ...], default: str) -> str:
    """Return a parameter that is a word.

    Raises
    ------
    DeclarationError
        When it is none of the valid words.
    """
    word = call[name] if call[name] is not None else default
    if word not in valid:
        raise DeclarationError(f"{name} must be one of {', '.join(map(repr, valid))}, got {word!r}")
    return str(word)
