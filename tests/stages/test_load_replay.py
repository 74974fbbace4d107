"""When requests came, read from a file: seconds or timestamps, in any order; what is neither is named with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_mlops import DeclarationError, read_arrivals, server

if TYPE_CHECKING:
    from pathlib import Path

READ = {
    "3\n1.5\n\n2\n": [0, 0.5, 1.5],
    "2026-11-02T09:00:01.25\n2026-11-02 09:00:00\n": [0, 1.25],
    "2026-11-02T09:00:00Z\n2026-11-02T10:00:30+01:00\n": [0, 30],
    "7": [0],
}
WRONG = {
    "": "arrivals.txt must have a line for each request, got none",
    "\n \n": "arrivals.txt must have a line for each request, got none",
    "1\n\nsoon\n": "arrivals.txt, line 3 must be seconds or a time in ISO 8601, got 'soon'",
    "1\ninf\n": "arrivals.txt, line 2: a time must be finite, got 'inf'",
    "1\nnan\n": "arrivals.txt, line 2: a time must be finite, got 'nan'",
    "2026-11-02T09:00:00\n2026-11-02T09:00:00Z\n": "arrivals.txt must have a time zone on each line or on none",
    "1764158400123\n": "arrivals.txt, line 1 must be seconds, got '1764158400123', which looks like milliseconds",
    "1\n2026-11-02T09:00:00Z\n": "arrivals.txt must hold seconds or times, got both",
}


@pytest.mark.parametrize("text", READ)
def test_arrivals_are_read_in_any_order(tmp_path: Path, text: str) -> None:
    path = tmp_path / "arrivals.txt"
    path.write_text(text, encoding="utf-8")
    read = read_arrivals(str(path))
    assert read == pytest.approx(READ[text], abs=1e-6)
    assert server(arrivals="replay", offsets_s=read).offsets_s == read


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_time_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "arrivals.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        read_arrivals(path)
    assert str(caught.value).startswith(WRONG[text])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"arrivals.txt can't be read: .*No such file"):
        read_arrivals(tmp_path / "arrivals.txt")
