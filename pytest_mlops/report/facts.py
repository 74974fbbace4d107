"""The facts of one evidence, each in the words that every report shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.messages import number, quantity
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.report.text import fit

if TYPE_CHECKING:
    from collections.abc import Mapping


SEEN = "smallest_seen"  # which the reason tells too


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One row of a report. Every field is text; a field with nothing to say is empty."""

    subject: str
    measurement: str
    value: str
    interval: str
    limit: str
    margin: str
    n: str
    method: str
    settings: str
    verdict: str
    remark: str


def facts_of(evidence: Mapping[str, Any]) -> Facts:
    """Return the facts of one evidence of a run record."""
    measurement = evidence["measurement"]
    remarks = [evidence["reason"], measurement["note"].partition("\n")[0]]  # the picture and the cause are told above
    return Facts(
        subject=fit(measurement["subject"]),
        measurement=fit(measurement["name"]),
        value=value_words(evidence),
        interval=_interval(measurement["interval"]),
        limit=limit_words(evidence),
        margin=_margin(evidence["margin"], measurement["unit"]),
        n=f"{measurement['n']:,}",
        method=fit(measurement["method"]),
        settings=_settings(measurement),
        verdict=str(evidence["verdict"]),
        remark=fit(". ".join(text for text in remarks if text)),
    )


def value_words(evidence: Mapping[str, Any]) -> str:
    """Return the value with its unit: `14.2 ms`; `not a number` for a NaN, which JSON writes as null."""
    measurement = evidence["measurement"]
    if measurement["value"] is None:
        return "not a number" if evidence["verdict"] == Verdict.ERROR else number(None)
    return fit(quantity(measurement["value"], measurement["unit"]))


def limit_words(evidence: Mapping[str, Any]) -> str:
    """Return the limit: `at most 50 ms`; empty where there is none."""
    limit = evidence["limit"]
    return "" if limit is None else fit(limit["words"]).removeprefix("be ")


def _interval(interval: list[float | None] | None) -> str:
    if interval is None:
        return ""
    low, high, confidence = interval
    percent = f" ({number(100 * confidence)} %)" if confidence is not None else ""
    return f"{_bound(low)} to {_bound(high)}{percent}"


def _bound(value: float | None) -> str:
    return "unknown" if value is None else number(value)


def _margin(margin: float | None, unit: str) -> str:
    if margin is None:
        return ""
    return fit(f"{quantity(abs(margin), unit)} {'outside' if margin < 0 else 'inside'}")


def _settings(measurement: Mapping[str, Any]) -> str:
    details = [f"{key}={value}" for key, value in measurement["parameters"].items() if key != SEEN]
    details += [f"{key} {measurement[key]}" for key in ("seed", "resolution") if measurement[key] is not None]
    return fit(", ".join(details))
