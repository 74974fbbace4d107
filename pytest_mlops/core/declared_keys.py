"""The keys of what can be declared, and the words that they may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlops.core.keys import Key, a_time, text, texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

METRICS = (
    "roc_auc", "average_precision", "log_loss", "brier_score",
    "accuracy", "balanced_accuracy", "f1", "precision", "recall",
)  # fmt: skip
BATCH = ("complete", "same_twice", "nothing_left_when_killed")
DRIFT_MEASURES = (  # beside the default
    "cardinality_change", "wasserstein", "energy", "jensen_shannon", "population_stability", "domain_auc",
    "kernel_distance",
)  # fmt: skip
DEEPCHECKS_SUITES = (
    "data_integrity", "train_test_validation", "model_evaluation", "production_suite", "full_suite",
)  # fmt: skip
LABEL_TYPES = ("binary", "multiclass", "regression")
SEASONS = ("weekday", "month", "hour")
WINDOW_MEASURES = DRIFT_MEASURES[:5]  # which are counts
ASPECTS = ("data_digest", "params", "fitted_state", "predictions", "metrics")

_NUMBER = Key(kind="number", words="a number")
_RATE = Key(kind="number", words="a rate between 0 and 1", above=0.0, below=1.0)
_DISTANCE = Key(kind="number", words="a distance from 0 to below 1", least=0.0, below=1.0)
_SHIFT = Key(kind="number", words="a shift in standard deviations, above 0 and at most 10", above=0.0, most=10.0)
LIMIT: Mapping[str, Key] = {
    "at_most": _NUMBER,
    "at_least": _NUMBER,
    "unit": text("the unit of the bound"),
    "by": text("'interval', the whole interval must be inside, or 'point'", choices=("interval", "point")),
}


def limits(names: Sequence[str]) -> Mapping[str, Key]:
    """Return the keys of limits, by the short names of what is limited."""
    return {name: Key(kind="table", words="a limit, { at_most = 0.2 }", keys=LIMIT) for name in names}


TIMEOUT = a_time("a time, '60s'")
DATA = {
    "path": text("a Parquet or CSV file", needed=True),
    "suite": text("a Great Expectations suite in JSON"),
    "public": texts("a list of columns whose values a report may show"),
}
DRIFT = {
    "data": text("the name of a [data.NAME]", needed=True),
    "reference": text("the name of a [data.NAME]", needed=True),
    "columns": texts("a list of column names"),
    "sketch": text("a JSON file that --mlops-update writes: what is kept of the reference, whose data may be absent"),
    "unit": text("the column whose values are exchangeable (day, customer)"),
    "measures": texts(f"a list, of {', '.join(DRIFT_MEASURES)}", choices=DRIFT_MEASURES),
    "target": text("the column of the truth, whose relation to the others is compared"),
    "model": text("the name of a [model.NAME], whose loss is compared"),
    "segments": texts("a list of columns, in each of whose values the model's loss is compared"),
    "windows": text("'day', 'week', 'month', 'hour', '7D' or a column: the data are one such window of the reference"),
    "match": text("the season whose windows are compared", choices=SEASONS),
    "time": text("the column of times that windows are cut by"),
    "false_alarms": _RATE,
    "material": _DISTANCE,
    "must_see": _SHIFT,
    "same_within": Key(
        kind="number", words="a distance above 0 and below 1: the equivalence gate", above=0.0, below=1.0
    ),
}
TIMELINE = {
    "data": text("the name of a [data.NAME]", needed=True),
    "windows": text("'day', 'week', 'month', 'hour', '7D' or a column of whole numbers", needed=True),
    "time": text("the column of times that windows are cut by"),
    "reference": text("the name of a [data.NAME], from which distances are measured"),
    "columns": texts("a list of column names"),
    "measures": texts(f"a list, of {', '.join(WINDOW_MEASURES)}", choices=WINDOW_MEASURES),
    "false_alarms": _RATE,
    "material": _DISTANCE,
    "must_see": _SHIFT,
}
_DEEPCHECK = {
    "parameters": Key(kind="free", words="a table of what its class takes, { columns = ['distance'] }"),
    "conditions": Key(
        kind="free", words="a table of tables, { drift_score_less_than = { max_allowed_numeric_score = 0.1 } }"
    ),
    "warn": text("'fail' or 'pass': what a condition that warns is", choices=("fail", "pass")),
}
DEEPCHECKS = {
    "train": text("the name of a [data.NAME]: the reference, or the one data set that is looked at", needed=True),
    "test": text("the name of a [data.NAME] that is compared with it"),
    "suite": text(f"one of {', '.join(DEEPCHECKS_SUITES)}", choices=DEEPCHECKS_SUITES),
    "checks": texts("a list of deepchecks' checks, 'FeatureDrift'"),
    "without": texts("a list of checks of the suite that are left out"),
    "warn": _DEEPCHECK["warn"],
    "options": Key(
        kind="tables",
        words="tables named for checks that are asked for: what is another than its default",
        keys=_DEEPCHECK,
    ),
    "label": text("the column of the truth"),
    "categorical": texts("a list of columns"),
    "features": texts("a list of columns"),
    "index": text("the column that tells rows apart"),
    "datetime": text("the column of the time"),
    "label_type": text(f"one of {', '.join(LABEL_TYPES)}", choices=LABEL_TYPES),
    "model": text("the name of a [model.NAME]"),
    "timeout": TIMEOUT,
}
MODEL = {
    "load": text("a function without arguments that returns the model, 'package.module:function'", needed=True),
    "data": text("the name of a [data.NAME] with labelled rows", needed=True),
    "target": text("the column of the truth", needed=True),
    "slices": text("a column: each of its values is judged too"),
    "min_n": Key(kind="whole", words="the number of rows that a slice must have"),
    **limits(METRICS),
}
TRAINER = {
    "function": text("a trainer, 'package.module:function'", needed=True),
    "seed": Key(kind="whole", words="a whole number"),
    "times": Key(kind="whole", words="how often to train, from 2 on"),
    "same": texts(f"a list, of {', '.join(ASPECTS)}", choices=ASPECTS),
    "timeout": TIMEOUT,
}
BATCH_JOB = {
    "command": texts("a command, as a list of its words", needed=True),
    "data": text("the name of a [data.NAME]: the input", needed=True),
    "key": texts("the columns that tell rows apart"),
    "timeout": TIMEOUT,
    "require": texts(f"a list, of {', '.join(BATCH)}", choices=BATCH),
    **limits(("peak_memory", "duration")),
}
