"""What the run itself wrote, scanned for personal data: its evidence and the logs of what it started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.core.record import CheckRecord, short_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_mlops.plugin.state import State

_NAMED = 5


def is_asked(checks: Sequence[CheckRecord]) -> bool:
    """Say whether this run looked for personal data: then its own traces must hold none either."""
    measured = (evidence["measurement"] for check in checks for evidence in check.evidence)
    return any(isinstance(one, dict) and one["name"] == "privacy.kinds_found" for one in measured)


def personal_data_written(state: State, checks: Sequence[CheckRecord]) -> str:
    """Return where the run wrote personal data, and of which kinds, empty for nowhere; never the data."""
    from pytest_mlops.stages.privacy import scan_lines

    found = [f"{find.kind} in {find.place}" for find in scan_lines(_written(state, checks))]
    named = ", ".join(found[:_NAMED]) + (" …" if len(found) > _NAMED else "")
    hint = "Hint: log counts and row positions; an exception's text is a log too"
    return f"the run wrote personal data: {named}. {hint}" if found else ""


def _written(state: State, checks: Sequence[CheckRecord]) -> Iterator[tuple[str, Iterable[str]]]:
    for check in checks:
        yield f"the evidence of {short_id(check.id)}", [check.reason, *_texts(check.evidence)]
    for path in sorted(state.run_dir.rglob("*.log")):
        with path.open(encoding="utf-8", errors="replace") as log:
            yield f"the log {path.name}", log


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from (key, *_texts(value))
    elif isinstance(part, list | tuple):
        for value in part:
            yield from _texts(value)
