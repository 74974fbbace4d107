"""What a load run wrote down: of every request when it was due, sent and done, and what became of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Row = tuple[float, float, int, str, str]  # sent at, done at, status, name, what went wrong

# As `runners/open_loop.py` writes it.
_LAYOUT = np.dtype(
    [
        ("due", "<f8"), ("sent", "<f8"), ("done", "<f8"), ("name", "<u4"), ("bytes", "<u4"),
        ("status", "<u2"), ("target", "u1"), ("problem", "u1"), ("", "V4"),
    ]
)  # fmt: skip
_FIRST_FAILURE = 400  # of the statuses of HTTP
_FIRST_SUCCESS, _REDIRECTIONS, _NOT_MODIFIED = 200, 300, 304
PROBLEMS = ("", "timeout", "connection refused", "connection dropped", "not HTTP", "not answered at the end")


@dataclass(frozen=True, kw_only=True)
class Record:
    """Every request in the order in which it was due; times are in seconds from the beginning of the measured time.

    Attributes
    ----------
    due_s, sent_s, done_s
        In a closed loop a request is due when it is sent. Below 0: the warm-up.
    status
        Of the answer, 0 where there was none.
    name, target, problem
        Numbers of `names`, of the services, and of `problems`, whose first is none.
    failed
        Got no answer, or one that is no success: of the generator's requests any status but 2xx and 304 (it follows no
        redirection), of Locust's what its users say.
    size
        Bytes of the answer.
    facts
        Of the run: `duration_s`, `cpu_share`, ...
    """

    due_s: Floats
    sent_s: Floats
    done_s: Floats
    status: Whole
    name: Whole
    target: Whole
    problem: Whole
    failed: Bools
    size: Whole
    names: Sequence[str]
    problems: Sequence[str]
    facts: Mapping[str, Any]

    def __len__(self) -> int:
        """Return the number of requests."""
        return len(self.due_s)

    @cached_property
    def latency_ms(self) -> Floats:
        """From when each request was due to when it was done."""
        return np.asarray((self.done_s - self.due_s) * 1000)

    @cached_property
    def lateness_ms(self) -> Floats:
        """How much later than it was due each request was sent."""
        return np.asarray((self.sent_s - self.due_s) * 1000)

    def kinds(self) -> dict[str, int]:
        """Return how many requests failed in which way, the most frequent first."""
        found: dict[str, int] = {}
        for problem, status in zip(self.problem[self.failed], self.status[self.failed], strict=True):
            kind = self.problems[problem] or f"status {status}"
            found[kind] = found.get(kind, 0) + 1
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def only(self, kept: Bools) -> Record:
        """Return some of the requests."""
        columns = ("due_s", "sent_s", "done_s", "status", "name", "target", "problem", "failed", "size")
        return replace(self, **{column: getattr(self, column)[kept] for column in columns})

    def measured(self) -> Record:
        """Return the requests that were due in the measured time."""
        return self.only((self.due_s >= 0) & (self.due_s < self.facts["duration_s"]))


def complete_until_s(path: Path) -> float:
    """Return the time up to which the open-loop generator has written down all that was due; it may still run."""
    with path.open("rb") as file:
        return float(np.frombuffer(file.read(8), dtype="<f8")[0]) if path.stat().st_size >= _LAYOUT.itemsize else 0.0


def read_records(path: Path, facts: Mapping[str, Any]) -> Record:
    """Return what the open-loop generator wrote; the last record may not be whole while it still runs."""
    data = path.read_bytes()
    table = np.frombuffer(data[: len(data) // _LAYOUT.itemsize * _LAYOUT.itemsize], dtype=_LAYOUT)[1:]
    table = table[np.argsort(table["due"], kind="stable")]
    status = table["status"]
    is_success = ((status >= _FIRST_SUCCESS) & (status < _REDIRECTIONS)) | (status == _NOT_MODIFIED)
    is_success &= table["problem"] == 0
    whole = {field: table[field].astype(np.int64) for field in ("status", "name", "target", "problem", "bytes")}
    return Record(
        due_s=table["due"].copy(), sent_s=table["sent"].copy(), done_s=table["done"].copy(),
        status=whole["status"], name=whole["name"], target=whole["target"], problem=whole["problem"],
        failed=~is_success, size=whole["bytes"], names=facts["names"], problems=PROBLEMS, facts=facts,
    )  # fmt: skip


def read_lines(path: Path, facts: Mapping[str, Any], more: Sequence[Row] = ()) -> Record:
    """Return what Locust's runner wrote, and `more` requests: in a closed loop a request is due when it is sent."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows: list[Row] = [*more, *((sent, sent + took, *rest) for sent, took, *rest in lines)]
    return record_of(sorted(rows, key=lambda row: row[0]), facts)


def record_of(rows: Sequence[Row], facts: Mapping[str, Any]) -> Record:
    """Return requests of a closed loop: when each was sent and done, its status, name, and what went wrong."""
    sent, done = (np.array([row[at] for row in rows], dtype=np.float64) for at in (0, 1))
    names, name = _numbered([row[3] for row in rows], [])
    problems, problem = _numbered([row[4] for row in rows], [""])
    status, none = np.array([row[2] for row in rows], dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    return Record(
        due_s=sent, sent_s=sent, done_s=done, status=status, name=name, target=none,
        problem=np.where(status >= _FIRST_FAILURE, 0, problem), failed=problem > 0, size=none, names=names,
        problems=problems, facts=facts,
    )  # fmt: skip


def _numbered(words: Sequence[str], first: Sequence[str]) -> tuple[Sequence[str], Whole]:
    """Return the different words, `first` before them, and the number of each."""
    known = {word: number for number, word in enumerate(first)}
    numbers = [known.setdefault(word, len(known)) for word in words]
    return [*known], np.array(numbers, dtype=np.int64)
