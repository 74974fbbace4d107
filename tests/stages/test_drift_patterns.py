"""Which columns are missing together: a red twin, quiet twins, parts, files, and tables with too many patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from pytest_mlops.stages.drift import measure_drift, read_reference, reference_of, reference_text
from pytest_mlops.stages.drift.patterns import Patterns

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlops.core.measurement import Measurement
    from pytest_mlops.stages.drift.reference import Reference


def trips(seed: int, n: int = 4000) -> pd.DataFrame:
    """Return trips of which three in a hundred never arrived: what depends on that is missing together."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"left": rng.normal(size=n), "took": rng.normal(size=n), "gate": rng.choice(["a", "b"], n)})
    rows.loc[rng.random(n) < 0.03, ["took", "gate"]] = None
    return rows


OLD, NEW = trips(1), trips(2)


def missing(current: pd.DataFrame, reference: pd.DataFrame | Reference = OLD) -> dict[str, Measurement]:
    result = measure_drift(current, reference=reference, name="new", unit="row", seed=3)
    return {m.subject.partition(".")[2]: m for m in result.measurements if m.short_name == "missing_share_change"}


def p_of(measurement: Measurement) -> float:
    return float(measurement.parameters["p_value"])  # type: ignore[arg-type]


def without(rows: pd.DataFrame, column: str, share: float) -> pd.DataFrame:
    lost = rows.copy()
    lost.loc[np.random.default_rng(5).permutation(len(rows))[: round(share * len(rows))], column] = None
    return lost


def test_a_few_rows_that_lack_one_column_alone_are_found() -> None:
    """Half a percent more is within what the share moves by; that the others are not missing with it is new."""
    found = missing(without(NEW, "took", 0.005))
    assert p_of(found["took"]) <= 0.01
    assert "; in 19 rows alone, which the reference never has" in found["took"].note
    assert min(p_of(found["left"]), p_of(found["gate"])) > 0.05


def test_more_of_the_same_pattern_is_within_what_shares_move_by() -> None:
    rows = NEW.copy()
    rows.loc[rows.index[:20], ["took", "gate"]] = None
    assert min(p_of(one) for one in missing(rows).values()) > 0.05
    assert min(p_of(one) for one in missing(NEW).values()) > 0.05


def test_a_committed_reference_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(reference_text(reference_of(OLD, unit="row", seed=3)), encoding="utf-8")
    rows = without(NEW, "took", 0.005)
    of_file, of_data = (
        {name: (float(one), one.note, p_of(one)) for name, one in found.items()}
        for found in (missing(rows, read_reference(path)), missing(rows))
    )
    assert of_file == of_data


def test_a_column_that_is_gone_takes_its_part_of_the_patterns_along() -> None:
    rows = without(NEW, "took", 0.005)
    found = missing(rows.drop(columns="gate"), reference_of(OLD, unit="row", seed=3))
    assert p_of(found["took"]) > 0.05  # it is missing alone in the reference too, now that nothing goes with it


def test_another_column_that_is_gone_leaves_the_patterns_as_they_are() -> None:
    found = missing(NEW.drop(columns="left")[["took", "gate"]], reference_of(OLD, unit="row", seed=3))
    assert min(p_of(one) for one in found.values()) > 0.05
    assert not any("never" in one.note for one in found.values())


def counted(masks: np.ndarray[tuple[int, int], np.dtype[np.bool_]], parts: int) -> Patterns:
    """Return the patterns of rows of shape (rows, columns), counted in parts and merged."""
    names = [f"c{number}" for number in range(masks.shape[1])]
    whole = Patterns(names)
    for rows in np.array_split(masks, parts):
        part = Patterns(names)
        part.add(dict(zip(names, rows.T, strict=True)), np.arange(len(rows)) % 3, 3)
        whole.merge(part, np.arange(3))
    return whole


@pytest.mark.parametrize("columns", [2, 5, 12, 40])
def test_parts_are_the_whole_however_many_patterns_there_are(columns: int) -> None:
    masks = np.random.default_rng(columns).random((9000, columns)) < 0.3
    one, many = counted(masks, 1).ordered(), counted(masks, 4).ordered()
    assert one.is_crowded == many.is_crowded == (columns == 40)
    assert one.cells == many.cells
    assert len(one.cells) <= 64
    if columns < 40:
        again = Patterns.from_json(one.to_json())
        assert (again.cells, again.table(0).sum()) == (one.cells, 9000)
        fresh = one.fresh()
        fresh.add({f"c{number}": lacks for number, lacks in enumerate(masks.T)}, np.zeros(9000, dtype=np.intp), 1)
        assert fresh.ordered(one).table(0).sum(axis=0).tolist() == one.table(0).sum(axis=0).tolist()
