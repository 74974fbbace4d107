"""One run of a batch job: Parquet in, Parquet out, with its time and memory; and a run that is killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlops.adapters import parquet
from pytest_mlops.core import process
from pytest_mlops.core.digest import digest_tree
from pytest_mlops.core.errors import DeclarationError, SubprocessError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OUTPUT = "predictions.parquet"
_LOOK_S = 0.01
_LOOK_AT_FILES_S = 0.001
_MEMORY_EVERY_S = 0.05
_AFTER_TERM_S = 30.0  # what a job may take to end once it was told to


@dataclass(frozen=True, kw_only=True)
class Job:
    """A batch program, its input (a copy: a job that writes to it harms nobody) and where its runs have folders.

    `command` holds `{input}` and `{output}`, and may hold `{python}`, this interpreter.
    """

    command: Sequence[str]
    name: str
    input: Path
    workdir: Path
    project_root: Path
    timeout_s: float
    env: Mapping[str, str]

    def check(self) -> None:
        """Refuse a command that is not told what to read and where to write.

        Raises
        ------
        DeclarationError
            When a placeholder is missing.
        """
        for placeholder in ("{input}", "{output}"):
            if isinstance(self.command, str) or not any(placeholder in word for word in self.command):
                raise DeclarationError(
                    f"the command of batch job {self.name!r} must be a list with {placeholder}, got {self.command!r}"
                )


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A run that ended by itself.

    `peak_mib` is the sum over its processes of each one's largest resident memory; None where the system
    does not tell.
    """

    output: Path
    duration_s: float
    peak_mib: float | None
    input_changed: bool


@dataclass(frozen=True, kw_only=True)
class Killed:
    """A run that was killed; `left` are the files that it should not have left, each with why.

    `in_time` says whether the kill came before its end.
    """

    kind: signal.Signals
    how: str
    in_time: bool
    left: Sequence[str] = ()


def run(job: Job, number: int) -> Ran:
    """Run the job to its end, with another hash seed in each run.

    Raises
    ------
    ToolError
        When it fails, does not end in time, or leaves nothing under the name that it was given.
    """
    source, output = _prepare(job, f"run-{number + 1}")
    before = digest_tree(source)
    begun, peak = time.monotonic(), _Peak()
    with _start(job, source, output, hash_seed=number + 1) as child:
        while child.wait(_LOOK_S) is None:
            peak.look(child.pid)
            if time.monotonic() - begun > job.timeout_s:
                child.stop(grace_s=0)
                raise _failed(job, f"end within {job.timeout_s:g} s, got still running", child)
        took_s = time.monotonic() - begun
        if child.returncode != 0:
            raise _failed(job, f"end with exit code 0, got {child.returncode}", child)
        if not output.exists():
            raise _failed(job, "write to {output}, got nothing there and exit code 0", child)
    changed = digest_tree(source) != before
    shutil.rmtree(source.parent)
    return Ran(output=output, duration_s=took_s, peak_mib=peak.mib, input_changed=changed)


def run_killed(job: Job, kind: signal.Signals, after_s: float | None, *, rows: int) -> Killed:
    """Start the job and kill it after `after_s` seconds; None: as soon as there is a file in its output folder.

    After SIGTERM nothing must be left but a whole file under the final name. SIGKILL leaves no time to tidy
    up, so there only the file under the final name must be whole, or not there.
    """
    source, output = _prepare(job, f"killed-{kind.name.lower()}-{'at-file' if after_s is None else 'midway'}")
    with _start(job, source, output, hash_seed=1) as child:
        _wait_for_moment(child, output.parent, after_s, job.timeout_s)
        landed = _kill_group(child, kind)
        stubborn = child.wait(min(_AFTER_TERM_S, job.timeout_s)) is None
    shutil.rmtree(source.parent)
    left = _left(output, rows, everything=kind is signal.SIGTERM)
    left += [f"the job itself, still running {_AFTER_TERM_S:g} s"] if stubborn else []
    when = "at its first file" if after_s is None else f"at {after_s:.2f} s"
    return Killed(
        kind=kind, how=f"{kind.name} {when}", in_time=landed and (bool(left) or not output.exists()), left=left
    )


def _kill_group(child: process.Child, kind: signal.Signals) -> bool:
    """Send a signal to all processes of a job; say whether it was still there."""
    with contextlib.suppress(ProcessLookupError):
        if child.alive:
            os.killpg(child.pid, kind)
            return True
    return False


def _wait_for_moment(child: process.Child, folder: Path, after_s: float | None, timeout_s: float) -> None:
    end = time.monotonic() + (timeout_s if after_s is None else after_s)
    look_s = _LOOK_AT_FILES_S if after_s is None else _LOOK_S
    while child.wait(look_s) is None and time.monotonic() < end:
        if after_s is None and any(folder.iterdir()):
            return


def _left(output: Path, rows: int, *, everything: bool) -> list[str]:
    found = []
    for path in sorted(output.parent.iterdir()):
        if path == output:
            problem = _incomplete(output, rows)
            found += [f"{path.name} ({problem})"] if problem else []
        elif everything:
            found.append(path.name)
    return found


def _incomplete(output: Path, rows: int) -> str:
    if not parquet.is_readable(output):
        return "half-written under the final name"
    have = parquet.count_rows(output)
    return "" if have == rows else f"{have} of {rows} rows under the final name"


def _prepare(job: Job, label: str) -> tuple[Path, Path]:
    """Return the run's own copy of the input, and the place of its output in an empty folder."""
    folder = job.workdir / label
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "out").mkdir(parents=True)
    (folder / "in").mkdir()
    source = folder / "in" / job.input.name
    copy = shutil.copytree if job.input.is_dir() else shutil.copyfile
    copy(job.input, source)
    return source, folder / "out" / _OUTPUT


def _start(job: Job, source: Path, output: Path, *, hash_seed: int) -> process.Child:
    values = {"{input}": str(source), "{output}": str(output), "{python}": sys.executable}
    paths = [str(job.project_root), os.environ.get("PYTHONPATH", "")]
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONHASHSEED": str(hash_seed)}
    return process.start(
        [_filled(word, values) for word in job.command],
        log=output.parent.parent / "log.txt", env={**os.environ, **environment, **job.env}, cwd=job.project_root,
    )  # fmt: skip


def _filled(word: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        word = word.replace(placeholder, value)
    return word


def _failed(job: Job, must: str, child: process.Child) -> SubprocessError:
    return SubprocessError(f"batch job {job.name!r} must {must}", log=child.log_tail())


class _Peak:
    """The largest resident memory of a process and its children, read from /proc while they live."""

    def __init__(self) -> None:
        self._highs: dict[int, int] = {}
        self._next = 0.0

    @property
    def mib(self) -> float | None:
        return sum(self._highs.values()) / 1024 if self._highs else None

    def look(self, pid: int) -> None:
        """Read the memory now, unless that was done a moment ago."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _MEMORY_EVERY_S
            self._look(pid)

    def _look(self, pid: int) -> None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
            self._highs[pid] = int(status.partition("VmHWM:")[2].split()[0])
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split():
                self._look(int(child))
