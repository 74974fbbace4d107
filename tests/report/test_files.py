"""The report folder."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.digest import digest_file
from pytest_mlops.core.errors import ToolError
from pytest_mlops.core.files import write_whole
from pytest_mlops.core.record import read_record
from pytest_mlops.report.files import write_reports
from pytest_mlops.report.record_json import record_digest

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["report.json", "report.md", "report.html"]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_folder_has_the_reports_and_ignores_itself(red_record: dict[str, Any], tmp_path: Path) -> None:
    written = write_reports(red_record, tmp_path / "a" / "b")
    assert [path.name for path in written.paths] == NAMES
    assert written.missing == ()
    assert names_in(tmp_path / "a" / "b") == [".gitignore", "CACHEDIR.TAG", "report.html", "report.json", "report.md"]
    assert (tmp_path / "a" / "b" / ".gitignore").read_text() == "*\n"
    tag = (tmp_path / "a" / "b" / "CACHEDIR.TAG").read_text()
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55\n")


def test_json_reads_back_and_has_the_digest_that_is_shown(red_record: dict[str, Any], tmp_path: Path) -> None:
    write_reports(red_record, tmp_path)
    assert read_record(tmp_path / "report.json") == red_record
    assert digest_file(tmp_path / "report.json") == record_digest(red_record)


def test_writing_again_replaces(red_record: dict[str, Any], green_record: dict[str, Any], tmp_path: Path) -> None:
    write_reports(red_record, tmp_path)
    write_reports(green_record, tmp_path)
    assert json.loads((tmp_path / "report.json").read_text())["verdict"] == "pass"
    assert "<h1>pass</h1>" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(names_in(tmp_path)) == 5


def test_a_folder_of_the_user_is_not_made_to_ignore_itself(green_record: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    write_reports(green_record, tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    assert "CACHEDIR.TAG" not in names_in(tmp_path)


def test_without_jinja_the_old_page_goes_and_a_sentence_says_why(
    green_record: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_reports(green_record, tmp_path)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    written = write_reports(green_record, tmp_path)
    assert [path.name for path in written.paths] == NAMES[:2]
    assert "report.html" not in names_in(tmp_path)
    assert written.missing == (
        "the HTML report needs 'jinja2', which is not installed. Hint: pip install \"pytest-mlops[report]\"",
    )


def test_nan_is_refused_before_anything_is_written(green_record: dict[str, Any], tmp_path: Path) -> None:
    green_record["duration_s"] = float("nan")
    with pytest.raises(ValueError, match="Out of range float"):
        write_reports(green_record, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_an_error(green_record: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ToolError, match=r"the report must be written to '.*taken', got FileExistsError"):
        write_reports(green_record, tmp_path / "taken")


def test_a_write_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "report.md").write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "report.md", "new \ud800")
    assert names_in(tmp_path) == ["report.md"]
    assert (tmp_path / "report.md").read_text() == "old"
