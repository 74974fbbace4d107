"""Stage `features`: feature code that gives each row its features from that row alone, whatever else is asked of it."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.frames import digest_data, open_frame
from pytest_mlops.core.errors import DeclarationError, ToolError
from pytest_mlops.core.judge import Judgement, judge
from pytest_mlops.core.limit import Limit
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.result import Result
from pytest_mlops.core.source import calling_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Columns = dict[str, np.ndarray[Any, Any]]
_NAMED = 3  # columns that a note names
LAWS: Mapping[str, str] = {
    "not_finite": "no feature is infinite",
    "input_changed": "the rows that are handed over stay as they are",
    "not_repeated": "the same rows give the same features again",
    "order_dependent": "rows in another order give the same features, in that order",
    "neighbour_dependent": "a row alone gives the same features as among others",
}


@dataclass(frozen=True)
class PureFeatures:
    """The requirement that `pure_features` makes."""

    source: str

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge the number of violations of each law."""
        for law in LAWS:
            yield judge(result[law], Limit(high=0, by="point", unit="cells", source=self.source))


def pure_features() -> PureFeatures:
    """Return the requirement that features are finite, and a function of their own row alone.

    Same again, in any order of rows, one by one as all at once, and the input is not changed.
    """
    return PureFeatures(calling_place())


def measure_features(build: Callable[[Any], Any], rows: Any, *, name: str, seed: int, alone: int = 30) -> Result:
    """Count the cells in which each law is broken.

    Parameters
    ----------
    build
        Takes a frame and returns a frame, or an array of two dimensions, with a row for each row.
    rows
        A frame of pandas or polars, or another that narwhals can index; at least two rows.
    alone
        How many rows, drawn with `seed`, are also handed over one by one.

    Raises
    ------
    DeclarationError
        For fewer than two rows.
    ToolError
        When `build` does not return a row for each row.
    """
    frame = open_frame(rows)
    n = len(frame)
    if n < 2:  # noqa: PLR2004 - one row has no order and no neighbours
        raise DeclarationError(f"features of {name} need at least two rows, got {n}")
    draw = np.random.default_rng(seed)
    order, some = draw.permutation(n), np.sort(draw.choice(n, size=min(alone, n), replace=False))
    before = _columns(copy.deepcopy(frame.to_native()), n)
    first = _columns(build(frame.to_native()), n)
    after = _columns(frame.to_native(), n)
    again = _columns(build(frame.to_native()), n)
    shuffled = _columns(build(frame[order.tolist()].clone().to_native()), n)
    single = _stack([_columns(build(frame[[int(row)]].clone().to_native()), 1) for row in some])
    cells = n * len(first)
    found = {
        "not_finite": _not_finite(first),
        "input_changed": _differences(before, after),
        "not_repeated": _differences(first, again),
        "order_dependent": _differences({key: values[order] for key, values in first.items()}, shuffled),
        "neighbour_dependent": _differences({key: values[some] for key, values in first.items()}, single),
    }
    looked_at = {"neighbour_dependent": len(some) * len(first), "input_changed": n * len(before)}
    measured = [_measurement(law, name, by, looked_at.get(law, cells), seed) for law, by in found.items()]
    measured[0] = _without_evidence(measured[0], first)
    return Result(
        stage="features", subject=name, measurements=tuple(measured), digests={f"data:{name}": digest_data(rows)}
    )


def _measurement(law: str, name: str, by_column: Mapping[str, int], n: int, seed: int) -> Measurement:
    worst = sorted(by_column, key=lambda column: -by_column[column])[:_NAMED]
    where = ", ".join(f"{column} ({by_column[column]:,})" for column in worst)
    return Measurement(
        name=f"features.{law}",
        subject=name,
        value=sum(by_column.values()),
        unit="cells",
        n=n,
        method=LAWS[law],
        seed=seed,
        note=f"most in {where}" if where else "",
    )


def _without_evidence(finite: Measurement, columns: Columns) -> Measurement:
    """Take the number back where a feature has no value at all: nothing was seen of it."""
    empty = [name for name, values in columns.items() if all(map(_is_missing, values.tolist()))]
    if not empty:
        return finite
    return replace(finite, value=None, note=f"no value in any row: {', '.join(empty[:_NAMED])}")


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ == "NAType" or bool(value != value)  # noqa: PLR0124 - NaN, NaT


def _columns(frame: Any, rows: int) -> Columns:
    if isinstance(frame, np.ndarray) or not hasattr(frame, "columns"):
        array = np.asarray(frame)
        if array.ndim != 2:  # noqa: PLR2004 - rows by features
            raise ToolError(f"features must be a frame or an array of two dimensions, got {type(frame).__name__}")
        columns = {f"feature {number}": array[:, number] for number in range(array.shape[1])}
    else:
        opened = open_frame(frame)
        columns = {name: opened[name].to_numpy() for name in opened.columns}
    for values in columns.values():
        if len(values) != rows:
            raise ToolError(f"features must have a row for each row, got {len(values)} for {rows}")
    if not columns:
        raise ToolError("features must have a column at least, got none")
    return columns


def _stack(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts if name in part]) for name in parts[0]}


def _not_finite(columns: Columns) -> dict[str, int]:
    counts = {name: int(np.isinf(values).sum()) for name, values in columns.items() if values.dtype.kind == "f"}
    return {name: count for name, count in counts.items() if count}


def _differences(expected: Columns, found: Columns) -> dict[str, int]:
    """Return, by column, in how many rows two tables differ; a column that only one of them has differs in all."""
    rows = max((len(values) for values in expected.values()), default=0)
    counts = {
        name: _unequal(expected[name], found[name]) if name in expected and name in found else rows
        for name in dict.fromkeys([*expected, *found])
    }
    return {name: count for name, count in counts.items() if count}


def _unequal(left: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> int:
    if left.shape != right.shape:
        return max(len(left), len(right))
    if left.dtype.kind in "fiub" and right.dtype.kind in "fiub":
        # Sums in another order differ in their last digits; that is no dependence on the neighbours.
        return int((~np.isclose(left, right, rtol=1e-9, atol=1e-12, equal_nan=True)).sum())
    same = [a == b or (a != a and b != b) for a, b in zip(left.tolist(), right.tolist(), strict=True)]  # noqa: PLR0124 - NaN
    return len(same) - sum(map(bool, same))
