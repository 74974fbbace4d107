"""PyYAML: reads a file of plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError, MissingExtra

if TYPE_CHECKING:
    from pathlib import Path


def read_yaml(path: Path) -> Any:
    """Return the value of a YAML file, which may be JSON too.

    Raises
    ------
    DeclarationError
        When it can't be read, or is no YAML of plain values.
    """
    try:
        import yaml
    except ImportError as exc:
        raise MissingExtra(needs=f"reading {path.name}", library="PyYAML", extra="serving") from exc
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise DeclarationError(f"{path} must be YAML: {' '.join(str(exc).split())[:200]}") from exc
