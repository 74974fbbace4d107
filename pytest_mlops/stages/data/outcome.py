"""What was found out about one expectation, without any value of the data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The counts of one expectation.

    Attributes
    ----------
    success
        Whether the expectation is met. Rows or values that are not there meet everything: whether that is
        evidence is for the judge to say.
    elements, missing, unexpected
        Rows looked at, those of them without a value, and those whose value is not as expected; None where the
        expectation is not about single values.
    observed
        Its number, for an expectation about a whole column or table; None where it has none.
    seen
        How many values the verdict rests on.
    note
        What a reader should know beside the numbers.
    error
        Why it could not be measured; empty when it was.
    by
        Who measured it.
    """

    success: bool = False
    elements: int | None = None
    missing: int | None = None
    unexpected: int | None = None
    observed: float | None = None
    seen: int = 0
    note: str = ""
    error: str = ""
    by: str = "pytest-mlops"
