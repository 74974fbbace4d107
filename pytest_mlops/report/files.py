"""The report folder: it ignores itself, and each file in it appears whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import MissingExtra, ToolError
from pytest_mlops.core.files import write_whole
from pytest_mlops.report.html import render_html
from pytest_mlops.report.markdown import render_markdown
from pytest_mlops.report.record_json import render_json

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlops.report.standing import Record

_CACHEDIR_TAG = """Signature: 8a477f597d28d172789f06886806bc55
# This folder holds the reports of pytest-mlops; backups and searches may leave it out.
# For information about cache directory tags, see https://bford.info/cachedir/
"""


@dataclass(frozen=True)
class Written:
    """The files that were written, and a sentence for each that could not be."""

    paths: tuple[Path, ...]
    missing: tuple[str, ...] = ()


def write_reports(record: Record, directory: Path) -> Written:
    """Write `report.json`, `report.md` and `report.html` of a run record.

    Where Jinja2 is missing there is no HTML, and the page of an earlier run is removed, so that it is not taken for
    this run's.

    Raises
    ------
    ToolError
        When a file can't be written: a run without its record is no evidence.
    """
    texts = {"report.json": render_json(record), "report.md": render_markdown(record)}
    missing: tuple[str, ...] = ()
    try:
        texts["report.html"] = render_html(record)
    except MissingExtra as exc:
        missing = (str(exc),)
    try:
        return Written(_write_all(texts, directory), missing)
    except OSError as exc:
        raise ToolError(f"the report must be written to {str(directory)!r}, got {type(exc).__name__}: {exc}") from exc


def _write_all(texts: dict[str, str], directory: Path) -> tuple[Path, ...]:
    make_report_folder(directory)
    if "report.html" not in texts:
        (directory / "report.html").unlink(missing_ok=True)
    return tuple(write_whole(directory / name, text) for name, text in texts.items())


def make_report_folder(directory: Path) -> None:
    """Make a folder that ignores itself; one that held files of others before is left as it is."""
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        return
    write_whole(directory / ".gitignore", "*\n")
    write_whole(directory / "CACHEDIR.TAG", _CACHEDIR_TAG)
