"""The project's configuration: `mlops.toml`, or `[tool.pytest-mlops]` in `pyproject.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.core.stages import PROFILES, STAGES

if TYPE_CHECKING:
    from pathlib import Path

_TYPES = {"str": str, "int": int, "float": (int, float), "list": list, "dict": dict}

# key -> (type, what a valid value is)
_TOP: dict[str, tuple[str, str]] = {
    "paths": ("list", "a list of folders and files"),
    "profile": ("str", f"one of {', '.join(PROFILES)}"),
    "seed": ("int", "a whole number"),
    "required": ("list", f"a list of stages, of {', '.join(STAGES)}"),
    "baselines": ("str", "a folder"),
    "long_load_s": ("float", "seconds"),
    "data": ("dict", "tables [data.NAME]"),
    "drift": ("dict", "tables [drift.NAME]"),
}
_DATA: dict[str, tuple[str, str]] = {
    "path": ("str", "a Parquet or CSV file"),
    "suite": ("str", "a Great Expectations suite in JSON"),
}
_DRIFT: dict[str, tuple[str, str]] = {
    "data": ("str", "the name of a [data.NAME]"),
    "reference": ("str", "the name of a [data.NAME]"),
    "columns": ("list", "a list of column names"),
    "unit": ("str", "the column whose values are exchangeable (day, customer)"),
    "false_alarms": ("float", "a rate between 0 and 1"),
    "material": ("float", "a distance between 0 and 1"),
}


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A declared data set: a file, and the expectation suite that it must meet."""

    name: str
    path: str
    suite: str = ""


@dataclass(frozen=True, kw_only=True)
class DriftWatch:
    """A declared comparison of one data set with a reference."""

    name: str
    data: str
    reference: str
    columns: Sequence[str] = ()
    unit: str = ""
    false_alarms: float = 0.01
    material: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What the project says, with the defaults where it says nothing.

    `required` None means that the project does not say: the release profile then asks for every stage.
    """

    source: str = ""
    paths: Sequence[str] = ()
    profile: str = "auto"
    seed: int = 0
    required: Sequence[str] | None = None
    baselines: str = "fixtures/baselines"
    long_load_s: float = 30.0
    data: Mapping[str, DataSet] = field(default_factory=dict)
    drift: Mapping[str, DriftWatch] = field(default_factory=dict)


def read_configuration(root: Path) -> Configuration:
    """Read the configuration below `root`; the default where there is none.

    Raises
    ------
    DeclarationError
        For TOML that can't be read, an unknown key, a value of the wrong type, both files at once.
    """
    own, shared = root / "mlops.toml", root / "pyproject.toml"
    table = _toml(shared).get("tool", {}).get("pytest-mlops") if shared.is_file() else None
    if own.is_file():
        if table is not None:
            raise DeclarationError(
                "mlops.toml and [tool.pytest-mlops] in pyproject.toml must not both be given: keep one"
            )
        return parse_configuration(_toml(own), source="mlops.toml")
    return parse_configuration(table or {}, source="pyproject.toml [tool.pytest-mlops]" if table else "")


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise DeclarationError(f"{path.name} must be TOML, got: {exc}") from exc


def parse_configuration(table: Mapping[str, Any], *, source: str) -> Configuration:
    """Return the configuration of a table, every key and type checked."""
    _check(table, _TOP, source)
    values = dict(table)
    _check_choices([values.get("profile", "auto")], PROFILES, f"{source}: profile")
    _check_choices(values.get("required", ()), STAGES, f"{source}: required")
    values["data"] = {name: _data_set(name, entry, source) for name, entry in values.get("data", {}).items()}
    values["drift"] = {
        name: _drift_watch(name, entry, values["data"], source) for name, entry in values.get("drift", {}).items()
    }
    return Configuration(source=source, **values)


def _data_set(name: str, entry: Mapping[str, Any], source: str) -> DataSet:
    place = f"{source}: [data.{name}]"
    _check(entry, _DATA, place, needed=("path",))
    return DataSet(name=name, **entry)


def _drift_watch(name: str, entry: Mapping[str, Any], data: Mapping[str, DataSet], source: str) -> DriftWatch:
    place = f"{source}: [drift.{name}]"
    _check(entry, _DRIFT, place, needed=("data", "reference"))
    _check_choices([entry["data"], entry["reference"]], data, place)
    return DriftWatch(name=name, **entry)


def _check(table: object, keys: Mapping[str, tuple[str, str]], place: str, needed: Sequence[str] = ()) -> None:
    if not isinstance(table, Mapping):
        raise DeclarationError(f"{place} must be a table, got {table!r}")
    for key, value in table.items():
        if key not in keys:
            raise DeclarationError(f"{place}: unknown key {key!r}. {did_you_mean(key, keys)}")
        kind, words = keys[key]
        if isinstance(value, bool) or not isinstance(value, _TYPES[kind]):  # type: ignore[arg-type]
            raise DeclarationError(f"{place}: {key} must be {words}, got {value!r}")
    for key in needed:
        if key not in table:
            raise DeclarationError(f"{place}: {key} is missing; it must be {keys[key][1]}")


def _check_choices(values: object, valid: object, place: str) -> None:
    for value in values:  # type: ignore[attr-defined]
        if value not in valid:  # type: ignore[operator]
            raise DeclarationError(f"{place}: unknown name {value!r}. {did_you_mean(str(value), valid)}")  # type: ignore[arg-type]
