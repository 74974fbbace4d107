"""Stage `drift`: whether data moved from a reference in a way that matters, or its units alone explain it."""

from pytest_mlops.stages.drift.committed import read_reference, reference_text
from pytest_mlops.stages.drift.gate import no_drift, same_within
from pytest_mlops.stages.drift.learnt import measure_windows
from pytest_mlops.stages.drift.measure import columns_of, measure_drift
from pytest_mlops.stages.drift.no_change import no_change
from pytest_mlops.stages.drift.reference import reference_of
from pytest_mlops.stages.drift.row_effects import OF_ROWS
from pytest_mlops.stages.drift.timeline import measure_timeline, timeline_columns

__all__ = [
    "OF_ROWS",
    "columns_of",
    "measure_drift",
    "measure_timeline",
    "measure_windows",
    "no_change",
    "no_drift",
    "read_reference",
    "reference_of",
    "reference_text",
    "same_within",
    "timeline_columns",
]
