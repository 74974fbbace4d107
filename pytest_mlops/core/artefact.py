"""Artefacts: what a report can draw beside a measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pytest_mlops.core.plain import Json, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["histogram", "latency", "lines", "timeline", "trend", "table", "log"]


@dataclass(frozen=True)
class Artefact:
    """Data of one plot, table or log, in plain JSON types; drawing it is the report's work.

    ==========  ====================================================================================
    kind        data
    ==========  ====================================================================================
    histogram   `labels` (one a bin), `reference` and `current` (shares of 0 to 1, one a bin); of bins of
                numbers `edges` (k + 1), which stand below the bins in place of the labels
    latency     `edges_ms` (k + 1), `counts` (k), `quantiles_ms` ({"p50": ...})
    lines       `x`, `y` (titles), `log_x`, `log_y`, `ticks` ([[x, label]] or null), `series` ([{"name", "points":
                [[x, y]]}], the main one first), `limit` (of y, or left out)
    timeline    `windows` (labels), `series` ([{"name", "distances"}], the worst first), `limit`, `change` (the number
                of the first window after it, or null)
    trend       `unit`, `runs` ([[when, commit]], the newest last), `series` ([{"name", "points": [[run, value, low,
                high]]}], a machine each, this one first; ends null where there is no interval), `note`
    table       `columns`, `rows` (lists)
    log         `text`
    ==========  ====================================================================================
    """

    kind: Kind
    title: str
    data: Mapping[str, Json]

    def to_json(self) -> dict[str, Json]:
        """Return the artefact in plain JSON types."""
        return {"kind": self.kind, "title": self.title, "data": plain(self.data)}
