"""Baselines: numbers that a person committed, to be held against. Sorted text, one file a check and subject."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.digest import digest_bytes
from pytest_mlops.core.errors import DeclarationError, ToolError
from pytest_mlops.core.files import write_whole
from pytest_mlops.core.messages import number

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlops.core.measurement import Measurement

Values = Mapping[str, Mapping[str, Any]]


class MissingBaseline(ToolError):
    """There is no baseline to hold a measurement against: verdict `not_run`, never a pass."""


def file_of_check(folder: Path, check: str, subject: str, suffix: str = ".json") -> Path:
    """Return where what a check, a node id, knows of a subject is kept: `checks.test_model.test_auc--champion.json`."""
    path, bracket, parameters = check.partition("[")
    name = path.replace(".py::", ".").replace("::", ".").replace("/", ".") + bracket + parameters
    return folder / f"{_safe(name)}--{_safe(subject)}{suffix}"


def _safe(name: str) -> str:
    """Return a name for a file; one that had to be changed gets a digest, so that two never share a file."""
    safe = re.sub(r"[^A-Za-z0-9_.=\[\]-]+", "_", name).strip("_")
    return safe if safe == name else f"{safe}-{digest_bytes(name.encode()).partition(':')[2][:6]}"


def read_baseline(path: Path, measurement: Measurement) -> float:
    """Return the committed value of a measurement.

    Raises
    ------
    MissingBaseline
        When there is none.
    DeclarationError
        When the file is broken, or was written in another unit.
    """
    hint = "Hint: pytest --mlops --mlops-update writes it; look at the diff and commit it"
    try:
        values: Values = json.loads(path.read_text(encoding="utf-8"))
        entry = values[measurement.name]
        value, unit = float(entry["value"]), entry["unit"]
    except FileNotFoundError as exc:
        raise MissingBaseline(
            f"{measurement.name} of {measurement.subject} has no baseline {path.name}. {hint}"
        ) from exc
    except KeyError as exc:
        raise MissingBaseline(f"{path.name} has no baseline for {measurement.name}. {hint}") from exc
    except (OSError, ValueError, TypeError) as exc:
        raise DeclarationError(f"{path} must be a baseline that --mlops-update wrote, got: {exc}") from exc
    if unit != measurement.unit:
        raise DeclarationError(f"{path}: {measurement.name} is in {unit!r}, it was measured in {measurement.unit!r}")
    return value


def baseline_values(measurement: Measurement) -> dict[str, float | int | str]:
    """Return what is kept of a measurement.

    Raises
    ------
    DeclarationError
        When nothing was measured: that is no number to be held against.
    """
    if measurement.value is None or measurement.value != measurement.value:
        raise DeclarationError(f"{measurement.name} of {measurement.subject} measured nothing: it can't be a baseline")
    return {"value": measurement.value, "unit": measurement.unit, "n": measurement.n}


def write_baseline(path: Path, values: Values) -> list[str]:
    """Write the values of one check and subject, whole or not at all; return what changed, in words."""
    known = _known(path)
    changes = [
        f"{path.name}: {name} {number(known[name]['value']) if name in known else 'new'} → {number(entry['value'])}"
        for name, entry in values.items()
        if known.get(name) != entry
    ]
    if not changes:
        return []
    text = json.dumps(known | dict(values), indent=1, sort_keys=True, allow_nan=False) + "\n"
    write_whole(path, text)
    return changes


def _known(path: Path) -> dict[str, Any]:
    """Return what the file holds; a broken one is written anew."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return {name: entry for name, entry in known.items() if isinstance(entry["value"], int | float)}
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        return {}
