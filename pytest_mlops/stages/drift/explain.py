"""What is said of the columns that drifted, and beside which of their measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlops.stages.drift.again import Again, Sides
from pytest_mlops.stages.drift.causes_table import repeats_cause
from pytest_mlops.stages.drift.kinds import KINDS
from pytest_mlops.stages.drift.moved_column import Explained, MovedColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_mlops.stages.drift.effects import Effect

_DRIFTED = 0.05  # the p-value up to which something is explained
_WORTH = 0.5  # of what is material, from which on rows are read again for it


def explain(
    sides: Sides, effects: Sequence[Effect], p_values: Sequence[float], lows: Sequence[float], name: str
) -> Mapping[int, Explained]:
    """Return what is said, by the number of the effect beside which it stands.

    Of each column it is the first measure surely more than material (`lows` are where intervals begin), else
    the first that is more than that, else the first that units alone do not explain.
    Rows are read again only where a measure is more than half of what is material.
    """
    moved: dict[str, list[int]] = {}
    for number, (effect, p) in enumerate(zip(effects, p_values, strict=True)):
        if p <= _DRIFTED and effect.n and effect.column and not effect.segment:
            moved.setdefault(effect.column, []).append(number)
    leading = {column: _leading(effects, lows, numbers_) for column, numbers_ in moved.items()}
    worth = [column for column, number in leading.items() if _size(effects[number]) >= _WORTH]
    again = Again(sides, [column for column in worth if column in sides.sketches[1].columns])
    told = {
        number: MovedColumn(sides, again, column, effects[number].kind, [effects[i].kind for i in moved[column]]).told(
            name
        )
        for column, number in leading.items()
        if column in sides.sketches[1].columns and effects[number].kind in _EXPLAINED
    }
    others = {
        number: f"told beside drift.{effects[leading[column]].kind}"
        for column, numbers_ in moved.items()
        for number in numbers_
        if leading[column] in told and number != leading[column]
    }
    others |= {number: words for number, words in _of_table(sides, effects, p_values) if words}
    return {**told, **{number: Explained([words]) for number, words in others.items()}}


def _of_table(sides: Sides, effects: Sequence[Effect], p_values: Sequence[float]) -> Iterable[tuple[int, str]]:
    old, new = (sketch.repeats for sketch in sides.sketches)
    for number, (effect, p) in enumerate(zip(effects, p_values, strict=True)):
        if effect.kind == "duplicate_share_change" and p <= _DRIFTED and old is not None and new is not None:
            cause = repeats_cause(old.finished(), new.finished())
            yield number, f"likely {cause}" if cause else ""


_EXPLAINED = (
    "ks",
    "total_variation",
    "outside_share",
    "heaped_share",
    "new_category_share",
    "vanished_category_share",
    "missing_share_change",
    "wasserstein",
    "energy",
    "jensen_shannon",
    "population_stability",
)


def _size(effect: Effect) -> float:
    return effect.distance.value / (KINDS[effect.kind].material or 1.0)


def _leading(effects: Sequence[Effect], lows: Sequence[float], moved: Sequence[int]) -> int:
    surely = [number for number in moved if lows[number] > KINDS[effects[number].kind].material]
    return [*surely, *(number for number in moved if _size(effects[number]) > 1), *moved][0]
