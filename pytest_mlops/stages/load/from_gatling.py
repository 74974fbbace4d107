"""Gatling's simulation.log, in text, as 3.10 and those before it write it: every request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_mlops.stages.load.elsewhere import Row


def rows_of_gatling(text: str) -> Iterable[Row]:
    """Yield the requests of Gatling's text log: columns moved between versions, the times stand before OK or KO."""
    for number, line in enumerate(text.splitlines(), start=1):
        parts = line.split("\t")
        if parts[0] != "REQUEST":
            continue
        at = next((place for place, part in enumerate(parts) if part in {"OK", "KO"}), -1)
        if at < 4:  # noqa: PLR2004 - a name and two times stand before
            raise ValueError(f"line {number}: a REQUEST must say OK or KO after its times")
        sent, done = float(parts[at - 2]) / 1000, float(parts[at - 1]) / 1000
        message = parts[at + 1].strip() if len(parts) > at + 1 else ""
        yield sent, done, 0, parts[at - 3], (message or "KO") if parts[at] == "KO" else ""
