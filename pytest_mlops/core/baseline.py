"""Baselines: numbers that a person committed, to be held against. Sorted text, one file a check and subject."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import DeclarationError, ToolError

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlops.core.measurement import Measurement

Values = Mapping[str, Mapping[str, float | int | str]]


class MissingBaseline(ToolError):
    """There is no baseline to hold a measurement against: verdict `not_run`, never a pass."""


def baseline_file(folder: Path, check: str, subject: str) -> Path:
    """Return where the baselines of a check and subject are kept: `test_model.test_auc--champion.json`.

    `check` is a node id; its parameters are not part of the name, because the subject tells them apart.
    """
    module, _, name = check.partition("[")[0].rpartition("::")
    stem = module.replace("\\", "/").rpartition("/")[2].removesuffix(".py")
    return folder / f"{_safe(f'{stem}.{name}')}--{_safe(subject)}.json"


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.=-]+", "_", name)


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


def write_baseline(path: Path, values: Values) -> bool:
    """Write the values of one check and subject, whole or not at all; say whether the file changed."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    text = json.dumps(known | dict(values), indent=1, sort_keys=True, allow_nan=False) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
    return True
