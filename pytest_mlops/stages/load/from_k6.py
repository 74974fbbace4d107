"""k6's summary in JSON: `--summary-export`, or what `handleSummary` was given. Numbers of the whole run alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_mlops.stages.load.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUANTILES = {"p50": ("med", "p(50)"), "p90": ("p(90)",), "p95": ("p(95)",), "p99": ("p(99)",), "p999": ("p(99.9)",)}


def summary_of_k6(said: Mapping[str, Any]) -> Summary:
    """Return what k6 says.

    Raises
    ------
    ValueError
        When it is no summary of HTTP requests.
    """
    try:
        metrics = said["metrics"]
        took, failed, sent = (_values(metrics, key) for key in ("http_req_duration", "http_req_failed", "http_reqs"))
        found = {
            short: next((float(took[key]) for key in keys if key in took), None) for short, keys in _QUANTILES.items()
        }
        return Summary(
            requests=int(sent["count"]),
            failures=float(failed.get("rate", failed.get("value", math.nan))),
            rate=float(sent["rate"]),
            quantiles={short: value for short, value in found.items() if value is not None},
            missing={
                short: f"the summary has no {keys[-1]}. Hint: summaryTrendStats in k6's options"
                for short, keys in _QUANTILES.items()
            },
            said="http_req_duration and http_req_failed, as k6 says them",
        )
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ValueError(
            f"it must have http_reqs, http_req_duration and http_req_failed: {type(exc).__name__}: {exc}"
        ) from exc


def _values(metrics: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the values of a metric: beside it in `--summary-export`, within it in what `handleSummary` is given."""
    metric: Mapping[str, Any] = metrics[name]
    values: Mapping[str, Any] = metric.get("values", metric)
    return values
