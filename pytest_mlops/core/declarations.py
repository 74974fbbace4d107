"""What can be declared: data sets, drift watches, deepchecks, models, trainers, batch jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pytest_mlops.core.declared_keys import BATCH, METRICS
from pytest_mlops.core.declared_limits import Limits, with_limits
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.keys import check_choices

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set: a file, the expectation suite that it must meet, and the columns whose values may be shown."""

    name: str
    path: str
    suite: str = ""
    public: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class DriftWatch:
    """A comparison of one data set with a reference."""

    name: str
    data: str
    reference: str
    columns: Sequence[str] = ()
    sketch: str = ""
    unit: str = ""
    measures: Sequence[str] = ()
    target: str = ""
    model: str = ""
    segments: Sequence[str] = ()
    windows: str = ""
    match: str = ""
    time: str = ""
    false_alarms: float = 0.01
    material: float = 0.1
    must_see: float | None = None
    same_within: float | None = None


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """A sequence of windows, in which a change is looked for."""

    name: str
    data: str
    windows: str
    time: str = ""
    reference: str = ""
    columns: Sequence[str] = ()
    measures: Sequence[str] = ()
    false_alarms: float = 0.01
    material: float = 0.1
    must_see: float | None = None


@dataclass(frozen=True, kw_only=True)
class DeclaredDeepchecks:
    """Checks of deepchecks on one data set, or on two."""

    name: str
    train: str
    test: str = ""
    suite: str = ""
    checks: Sequence[str] = ()
    without: Sequence[str] = ()
    warn: Literal["fail", "pass"] = "fail"
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    label: str = ""
    categorical: Sequence[str] | None = None
    features: Sequence[str] | None = None
    index: str = ""
    datetime: str = ""
    label_type: str = ""
    model: str = ""
    timeout: str = "10min"


@dataclass(frozen=True, kw_only=True)
class DeclaredModel:
    """A model, the labelled rows that it is measured on, and what each metric must be."""

    name: str
    load: str
    data: str
    target: str
    slices: str = ""
    min_n: int = 30
    limits: Limits = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DeclaredTrainer:
    """A trainer that must come to the same again."""

    name: str
    function: str
    seed: int | None = None
    times: int = 2
    same: Sequence[str] = ()
    timeout: str = "10min"


@dataclass(frozen=True, kw_only=True)
class DeclaredBatch:
    """A batch job and its input."""

    name: str
    command: Sequence[str]
    data: str
    key: Sequence[str] = ()
    timeout: str = "10min"
    require: Sequence[str] = BATCH
    limits: Limits = field(default_factory=dict)


def read_drift(
    name: str, entry: Mapping[str, Any], data: Mapping[str, DataSet], models: Mapping[str, Any], place: str
) -> DriftWatch:
    """Return a drift watch; its names must be those of data sets, and of a model."""
    check_choices([entry["data"], entry["reference"]], data, place)
    if data[entry["data"]].path == data[entry["reference"]].path:
        raise DeclarationError(f"{place}: data and reference must differ, both are {data[entry['data']].path!r}")
    if "model" in entry:
        check_choices([entry["model"]], models, place)
        if "sketch" in entry:
            raise DeclarationError(f"{place}: a model needs the rows of the reference, and a sketch does not keep them")
    if "windows" not in entry and (alone := {"match", "time"} & entry.keys()):
        raise DeclarationError(f"{place}: {min(alone)} needs windows, the stretches that are compared")
    if "windows" in entry and (rows := {"model", "target", "segments"} & entry.keys()):
        raise DeclarationError(
            f"{place}: windows are compared by their counts, {min(rows)} needs rows. Hint: a table each"
        )
    if "same_within" in entry and (other := {"material", "must_see", "windows"} & entry.keys()):
        raise DeclarationError(f"{place}: same_within is another gate, {min(other)} is of no_drift. Hint: a table each")
    _check_columns(entry, place)
    return DriftWatch(name=name, **entry)


def read_timeline(name: str, entry: Mapping[str, Any], data: Mapping[str, DataSet], place: str) -> Timeline:
    """Return a timeline; its names must be those of data sets."""
    check_choices([entry[key] for key in ("data", "reference") if key in entry], data, place)
    _check_columns(entry, place)
    return Timeline(name=name, **entry)


def _check_columns(entry: Mapping[str, Any], place: str) -> None:
    if not entry.get("columns", ["all"]):
        raise DeclarationError(f"{place}: columns must name a column; leave the key out for all of them")


def read_deepchecks(
    name: str, entry: Mapping[str, Any], data: Mapping[str, DataSet], models: Mapping[str, Any], place: str
) -> DeclaredDeepchecks:
    """Return checks of deepchecks; a suite or a check must be named, else nothing would be judged."""
    check_choices([entry[side] for side in ("train", "test") if side in entry], data, place)
    check_choices([entry["model"]] if "model" in entry else [], models, place)
    if not entry.get("suite") and not entry.get("checks"):
        raise DeclarationError(f"{place} judges nothing. Hint: suite = 'train_test_validation'")
    return DeclaredDeepchecks(name=name, **entry)


def read_model(name: str, entry: Mapping[str, Any], data: Mapping[str, DataSet], place: str) -> DeclaredModel:
    """Return a model; it must have a limit, else nothing would be judged."""
    check_choices([entry["data"]], data, place)
    rest, limits = with_limits(entry, METRICS, place)
    if not limits:
        raise DeclarationError(f"{place} judges nothing. Hint: roc_auc = {{ at_least = 0.8 }}")
    return DeclaredModel(name=name, limits=limits, **rest)


def read_batch(name: str, entry: Mapping[str, Any], data: Mapping[str, DataSet], place: str) -> DeclaredBatch:
    """Return a batch job; its input must be a data set."""
    check_choices([entry["data"]], data, place)
    rest, limits = with_limits(entry, ("peak_memory", "duration"), place)
    return DeclaredBatch(name=name, limits=limits, **rest)
