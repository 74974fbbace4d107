"""Stage `model`: a metric of a model on labelled rows, with its interval, and by slice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.frames import open_frame, to_pandas
from pytest_mlops.adapters.scikit_learn import METRICS, compute_metric
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Interval, Measurement
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.stages.scores import scores_of
from pytest_mlops.stats.intervals import bootstrap_interval, roc_auc_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path


_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Slice:
    """The rows in which a column has one of some values; `frame[slice]` selects them in pandas."""

    column: str
    values: tuple[object, ...]
    words: str

    def __str__(self) -> str:
        """Return `carrier=UA`."""
        return f"{self.column}={self.words}"

    def __call__(self, frame: Any) -> Any:
        """Return the mask of a pandas frame: pandas calls what it is indexed with."""
        return frame[self.column].isin(self.values)


def slices_of(path: Path, column: str, *, min_n: int) -> Sequence[Slice]:
    """Return a slice for each value of a column with at least `min_n` rows; rarer ones are one slice together."""
    known = open_frame(path).columns
    if column not in known:
        raise DeclarationError(f"{path.name} has no column {column!r}. {did_you_mean(column, known)}")
    counts = Counter(value for value in open_frame(path, [column])[column].to_list() if value is not None)
    large = sorted((value for value, n in counts.items() if n >= min_n), key=str)
    rare = sorted((value for value, n in counts.items() if n < min_n), key=str)
    slices = [Slice(column, (value,), str(value)) for value in large]
    if sum(counts[value] for value in rare) >= min_n:
        slices.append(Slice(column, tuple(rare), f"other-{len(rare)}"))
    return slices


@dataclass(frozen=True, kw_only=True)
class ModelUnderTest:
    """A binary classifier with the column of its truth.

    Attributes
    ----------
    model
        What has `predict_proba`, or a function from a frame to the scores of the positive class.
    name
        Its name in the report.
    threshold
        From which score on the decision is positive.
    """

    model: Any
    name: str
    target: str
    threshold: float = 0.5
    seed: int = 0
    about: Callable[[Measurement], Measurement] = lambda measurement: measurement

    def __getattr__(self, name: str) -> Callable[[Any], Measurement]:
        """Return the function of one metric: `model.roc_auc(frame)`."""
        if name.startswith("_") or name not in METRICS:
            raise AttributeError(f"no metric {name!r}. {did_you_mean(name, METRICS)}")
        return lambda frame: self.about(measure_metric(self, name, frame))


def measure_metric(under_test: ModelUnderTest, metric: str, frame: Any) -> Measurement:
    """Measure one metric on the labelled rows of a frame, with a 95 % interval over rows.

    Rows without a label are left out and counted in the note. No labelled row gives no value; a metric that is not
    defined there (one class only) gives NaN.
    """
    labelled, unlabelled = _labelled(under_test, to_pandas(frame))
    n = len(labelled)
    value, low, high = (None, 0.0, 0.0) if not n else _estimate(under_test, metric, labelled)
    return Measurement(
        name=f"model.{metric}",
        subject=under_test.name,
        value=value,
        n=n,
        method="DeLong, logit" if metric == "roc_auc" else "basic bootstrap of rows, 200 draws",
        seed=None if metric == "roc_auc" else under_test.seed,
        interval=None if value is None else Interval(low, high, _CONFIDENCE),
        note="; ".join(_remarks(under_test.target, labelled, unlabelled)),
    )


def _remarks(target: str, labelled: Any, unlabelled: int) -> Iterable[str]:
    if unlabelled:
        yield f"{unlabelled:,} rows without {target} left out"
    classes = labelled[target].unique()
    if len(classes) == 1:
        yield f"{target} is {classes[0]} in all {len(labelled):,} rows: there is nothing to tell apart"


def _labelled(under_test: ModelUnderTest, frame: Any) -> tuple[Any, int]:
    if under_test.target not in frame.columns:
        hint = did_you_mean(under_test.target, map(str, frame.columns))
        raise DeclarationError(f"{under_test.name}: the frame has no target column {under_test.target!r}. {hint}")
    kept = frame[frame[under_test.target].notna()]
    strange = sorted({str(value) for value in kept[under_test.target].unique() if value not in (0, 1)})
    if strange:
        raise DeclarationError(
            f"{under_test.name}: the target {under_test.target!r} must be 0 or 1, True or False; "
            f"got {', '.join(strange[:3])}"
        )
    return kept, len(frame) - len(kept)


def _estimate(under_test: ModelUnderTest, metric: str, frame: Any) -> tuple[float, float, float]:
    truth = np.asarray(frame[under_test.target], dtype=bool)
    score = scores_of(under_test.model, under_test.name, frame.drop(columns=[under_test.target]))
    if metric == "roc_auc":
        return roc_auc_interval(truth, score, _CONFIDENCE)
    answer = score if METRICS[metric][1] else score >= under_test.threshold
    value = compute_metric(metric, truth, answer)
    low, high = bootstrap_interval(
        lambda rows: compute_metric(metric, truth[rows], answer[rows]), len(truth), seed=under_test.seed
    )
    return value, low, high
