"""What deepchecks is told of the data, and how they and a model's answers are handed over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.frames import to_pandas
from pytest_mlops.adapters.handover import HandedOver, hand_over, write_answers
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.stages.deepchecks.predictions import answers_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LABEL_TYPES = ("binary", "multiclass", "regression")


@dataclass(frozen=True, kw_only=True)
class Task:
    """What deepchecks is told of the data, in its own terms: a `Dataset` for each side.

    Attributes
    ----------
    train, test
        Data of any kind; `test` None where one data set is looked at.
    names
        Of the two in the report.
    categorical, features
        Column names; None lets deepchecks infer them (categorical ones from the rows of `train`).
    model
        What has `predict_proba` or `predict`, or a function of a frame; it is asked here and not by deepchecks.
    public
        Columns whose values may be shown; deepchecks' own words are shown where these are all.
    """

    train: Any
    test: Any = None
    names: tuple[str, str] = ("train", "test")
    label: str | None = None
    categorical: Sequence[str] | None = None
    features: Sequence[str] | None = None
    index: str | None = None
    datetime: str | None = None
    label_type: str | None = None
    model: Any = None
    model_name: str = "model"
    public: Sequence[str] = ()
    show_details: bool = False
    seed: int = 0
    sides: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        """Say which sides there are; refuse a model without a label, and an unknown kind of label."""
        object.__setattr__(self, "sides", ("train",) if self.test is None else ("train", "test"))
        if self.label_type is not None and self.label_type not in LABEL_TYPES:
            hint = did_you_mean(self.label_type, LABEL_TYPES)
            raise DeclarationError(f"deepchecks: unknown label_type {self.label_type!r}. {hint}")
        if self.model is not None and self.label is None:
            raise DeclarationError("deepchecks of a model needs label=..., the column of the truth")

    @property
    def said_columns(self) -> Sequence[str]:
        """The columns that are named, which must be there."""
        one = [name for name in (self.label, self.index, self.datetime) if name is not None]
        return [*one, *(self.categorical or ()), *(self.features or ())]

    @property
    def subject(self) -> str:
        """The name of what is looked at: the test side where there is one."""
        return self.names[len(self.sides) - 1]


def write_job(task: Task, folder: Path) -> tuple[dict[str, Any], Mapping[str, int]]:
    """Write the data and the model's answers to a folder; return the runner's job, and the rows of each side.

    Raises
    ------
    DeclarationError
        When a column that is named is not there.
    """
    handed = {side: _hand_over(task, side, folder) for side in task.sides}
    show = task.show_details or all(set(one.columns) <= set(task.public) for one in handed.values())
    job = {**_described(task, handed), **_ask(task, handed, folder), "show": show}
    return job, {side: one.rows for side, one in handed.items()}


def _hand_over(task: Task, side: str, folder: Path) -> HandedOver:
    as_numbers = [] if task.label is None else [task.label]
    handed = hand_over(getattr(task, side), folder / f"{side}.parquet", as_numbers=as_numbers)
    for name in filter(
        None, (task.label, task.index, task.datetime, *(task.categorical or ()), *(task.features or ()))
    ):
        if name not in handed.columns:
            hint = did_you_mean(name, handed.columns)
            raise DeclarationError(f"deepchecks: {task.names[side == 'test']} has no column {name!r}. {hint}")
    return handed


def _described(task: Task, handed: Mapping[str, HandedOver]) -> dict[str, Any]:
    sides = {side: {"path": str(one.path), "encoded": list(one.encoded)} for side, one in handed.items()}
    features = None if task.features is None else list(task.features)
    categorical = None if task.categorical is None else list(task.categorical)
    return {
        "train": sides["train"], "test": sides.get("test"), "label": task.label, "categorical": categorical,
        "features": features, "index": task.index, "datetime": task.datetime, "label_type": task.label_type,
        "seed": task.seed, "columns": sorted({name for one in handed.values() for name in one.columns}),
    }  # fmt: skip


def _ask(task: Task, handed: Mapping[str, HandedOver], folder: Path) -> dict[str, Any]:
    """Ask the model for its answers to each side, and write them beside the data."""
    paths, classes = {}, None
    for side in handed if task.model is not None else ():
        rows = to_pandas(getattr(task, side)).drop(columns=[task.label])
        answers = answers_of(task.model, task.model_name, rows, is_class=task.label_type != "regression")
        classes = answers.classes
        paths[side] = str(folder / f"{side}-answers.parquet")
        write_answers(folder / f"{side}-answers.parquet", answers.prediction, answers.probability)
    return {"predictions": paths, "classes": classes}
