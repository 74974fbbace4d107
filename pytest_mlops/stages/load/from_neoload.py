"""NeoLoad's results: the raw data of a transaction, and the values of elements, as its REST API exports them.

The formats are those of NeoLoad's own OpenAPI document (NeoLoad API 3.0, tag Results|Elements: `TestElementRawResult`,
of `.../elements/{elementId}/raw?format=CSV`; `ElementValues` and `Values`, of `.../elements/{elementId}/values` and
`.../elements/values`).
"""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING, Any

from pytest_mlops.stages.load.numbers import QUANTILES
from pytest_mlops.stages.load.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_mlops.stages.load.elsewhere import Row

RAW_COLUMNS = ("Elapsed", "Time", "Element", "Response time", "Success")
_QUANTILES = {"p50": "percentile50", "p90": "percentile90", "p95": "percentile95", "p99": "percentile99"}


def rows_of_neoload(text: str) -> Iterable[Row]:
    """Yield the executions of a transaction, each as one request.

    `Elapsed` counts, as `Response time`, in milliseconds, from the beginning of the test to when a transaction ended:
    of the document's example, two users begin together only so. Its JSON has no documented keys, and is not read.
    """
    for number, row in enumerate(csv.DictReader(text.splitlines(), delimiter=";"), start=2):
        try:
            done, took = float(row["Elapsed"]) / 1000, float(row["Response time"]) / 1000
        except (TypeError, ValueError) as exc:
            raise ValueError(f"line {number}: Elapsed and Response time must be milliseconds ({exc})") from exc
        if row["Success"] not in {"yes", "no"}:
            raise ValueError(f"line {number}: Success must be yes or no, got {row['Success']!r}")
        yield done - took, done, 0, row["Element"] or "", "" if row["Success"] == "yes" else "failed"


def is_neoload(said: Any) -> bool:
    """Say whether JSON holds the values of an element, or of several."""
    elements = said if isinstance(said, list) else [said]
    return all(isinstance(one, dict) and {"count", "elementPerSecond"} <= set(one) for one in elements)


def summary_of_neoload(said: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Summary:
    """Return the values of one element, or of several together: percentiles of several can't be put together.

    Raises
    ------
    ValueError
        When a number is missing, or can't be one.
    """
    elements = [said] if isinstance(said, dict) else [*said]
    counts, failed, rates = (
        [_number(one, key) for one in elements] for key in ("count", "failureCount", "elementPerSecond")
    )
    if any(bad > count for bad, count in zip(failed, counts, strict=True)):
        raise ValueError("failureCount must be at most count")
    ran = [one for one, count in zip(elements, counts, strict=True) if count]
    of_one = ran[0] if len(ran) == 1 else {}
    why = f"percentiles of {len(ran)} elements can't be put together" if len(ran) > 1 else "the values don't have it"
    return Summary(
        requests=int(sum(counts)),
        failures=sum(failed) / max(sum(counts), 1),
        rate=sum(rates),
        quantiles={short: _number(of_one, key) for short, key in _QUANTILES.items() if key in of_one},
        missing=dict.fromkeys(QUANTILES, f"{why}. Hint: the raw data of a transaction"),
        said="values of elements, as NeoLoad says them",
    )


def _number(said: Mapping[str, Any], key: str) -> float:
    value = said.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{key} must be a number from 0 on, got {value!r}")
    return float(value)
