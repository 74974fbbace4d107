"""References as files that fit in git: counts by unit on rounded bins, and no row's value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.baseline import MissingBaseline
from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.drift.column_sketch import ColumnSketch, Tally
from pytest_mlops.stages.drift.grid import Grid
from pytest_mlops.stages.drift.joint import WRITTEN, Joint
from pytest_mlops.stages.drift.packed import pack, unpack
from pytest_mlops.stages.drift.parts import part_from_json
from pytest_mlops.stages.drift.patterns import Patterns
from pytest_mlops.stages.drift.reference import Reference
from pytest_mlops.stages.drift.sketch import Sketch
from pytest_mlops.stages.drift.units import units_from_json
from pytest_mlops.stages.drift.values import Uniqueness

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_mlops.core.plain import Json

FORMAT = "pytest-mlops drift reference 1"


def reference_text(reference: Reference) -> str:
    """Return a reference as sorted JSON: but for the digest, the same for the same rows in any parts.

    Up to 100,000 rows also for rows in any order; of more, a sample of that size chooses the bins.

    Of each column and unit a line of counts; of a column that is not public digests in place of its categories.
    """
    made = json.loads(json.dumps(_to_json(reference), allow_nan=False))
    made["content"] = _content_of(made)
    return json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read_reference(path: Path) -> Reference:
    """Return the reference that `reference_text` wrote.

    Raises
    ------
    MissingBaseline
        When there is none.
    DeclarationError
        When it is broken.
    """
    hint = "Hint: pytest --mlops --mlops-update writes it; commit it"
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise MissingBaseline(f"there is no drift reference {path}. {hint}") from exc
    except (OSError, ValueError) as exc:
        raise DeclarationError(f"{path} must be a drift reference, got: {exc}. {hint}") from exc
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        got = read.get("format") if isinstance(read, dict) else type(read).__name__
        raise DeclarationError(f"{path}: format must be {FORMAT!r}, got {got!r}. {hint}")
    if "content" in read and read["content"] != _content_of(read):
        raise DeclarationError(f"{path} was edited since it was made: its content is not what its digest says. {hint}")
    try:
        return _from_json(read)
    except (KeyError, TypeError, ValueError, IndexError) as exc:
        raise DeclarationError(f"{path} is broken: {type(exc).__name__}: {exc}. {hint}") from exc


def _content_of(read: Mapping[str, Any]) -> str:
    """Return the digest of all but itself and the data's, by which a change by hand is noticed."""
    of = {name: part for name, part in read.get("of", {}).items() if name != "digest"}
    return digest_json({**{name: part for name, part in read.items() if name != "content"}, "of": of})


def _to_json(reference: Reference) -> dict[str, Json]:
    sketch = reference.sketch
    joint, repeats = sketch.joint, sketch.repeats
    return {
        "format": FORMAT,
        "of": {"digest": reference.digest, "rows": reference.n_rows, "is_whole": reference.is_whole},
        "types": {**reference.types},
        "unit": reference.unit,
        "units": {**reference.units.to_json(), "keys": [*sketch.units], "rows": pack(sketch.rows)},
        "columns": {name: _column(column) for name, column in sketch.columns.items()},
        "joint": joint.to_json() if joint is not None and len(joint.axes) <= WRITTEN else None,
        "patterns": None if sketch.patterns is None else sketch.patterns.to_json(),
        "repeats": None if repeats is None else {"columns": [*sketch.whole], **repeats.finished().to_json()},
        "parts": {key: part.to_json() for key, part in sketch.parts.items()},
    }


def _column(column: ColumnSketch) -> dict[str, Json]:
    cells: dict[str, Json]
    if column.grid is not None:
        cells = {"grid": column.grid.to_json()}
    else:
        cells = {"labels": [*column.labels], "is_public": column.is_public, "is_name": column.is_name}
    return {**cells, "counts": [pack(line) for line in column.tally.counts]}


def _from_json(read: Mapping[str, Any]) -> Reference:
    keys = {key: number for number, key in enumerate(read["units"]["keys"])}
    types = read["types"]
    sketch = Sketch(
        columns={name: _read_column(types[name], column, len(keys)) for name, column in read["columns"].items()},
        units=keys,
        rows=unpack(read["units"]["rows"]),
        joint=None if read["joint"] is None else Joint.from_json(read["joint"]),
        patterns=None if read.get("patterns") is None else Patterns.from_json(read["patterns"]),
        repeats=None if read["repeats"] is None else Uniqueness.from_json(read["repeats"]),
        whole=[] if read["repeats"] is None else list(read["repeats"]["columns"]),
        parts={key: part_from_json(part) for key, part in read.get("parts", {}).items() if part is not None},
    )
    if len(sketch.rows) != len(keys) or int(sketch.rows.sum()) != read["of"]["rows"]:
        raise ValueError(f"{sketch.rows.sum()} rows in {len(sketch.rows)} units, said are {read['of']['rows']}")
    return Reference(
        family=sorted(types),
        types=types,
        is_whole=read["of"]["is_whole"],
        n_rows=read["of"]["rows"],
        digest=read["of"]["digest"],
        unit=read["unit"],
        units=units_from_json({name: v for name, v in read["units"].items() if name not in {"keys", "rows"}}),
        sketch=sketch,
    )


def _read_column(kind: str, read: Mapping[str, Any], n_units: int) -> ColumnSketch:
    counts = [unpack(line) for line in read["counts"]]
    if "grid" in read:
        grid = Grid.from_json(read["grid"])
        return ColumnSketch(kind, grid, tally=_tally(counts, n_units, len(grid)))
    labels = {label: number for number, label in enumerate(read["labels"])}
    tally = _tally(counts, n_units, len(labels))
    return ColumnSketch(kind, None, labels, tally, is_name=read["is_name"], is_public=read["is_public"])


def _tally(counts: list[Any], n_units: int, n_cells: int) -> Tally:
    table = np.stack(counts) if counts else np.zeros((0, n_cells), dtype=np.int64)
    if counts and table.shape != (n_units, n_cells):
        raise ValueError(f"counts of shape {table.shape}, {n_units} units and {n_cells} cells are said")
    return Tally(table)
