"""Child processes that always end: own session, output in a file, time limits, nothing left behind.

Every command runs under `runners/guard.py`, which ends the command and all that it started as soon as it is
told to, the command ends, or this process is gone, even by kill -9.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from pytest_mlops.core.errors import SubprocessError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

_GUARD = Path(__file__).parent.parent / "runners" / "guard.py"
_GUARD_S = 10.0  # what the guard itself may take beyond the grace
_TAIL_BYTES = 64 * 1024
_LOG_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Completed:
    """A command that ended by itself: its exit code (negative: the signal), its time and what it wrote."""

    returncode: int
    duration_s: float
    log_text: str


class Child:
    """A running command. A context manager: leaving it stops the command.

    Attributes
    ----------
    pid
        Of the command itself.
    log
        The file that holds what it writes.
    """

    def __init__(self, guard: subprocess.Popen[bytes], status: IO[bytes], *, pid: int, log: Path) -> None:
        self._guard, self._status = guard, status
        self._returncode: int | None = None
        self.pid, self.log = pid, log

    def __enter__(self) -> Self:
        """Return the running command."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the command."""
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether the command still runs."""
        return self.returncode is None

    @property
    def returncode(self) -> int | None:
        """The exit code; negative for a signal, None while it runs."""
        if self._returncode is None and self._guard.poll() is not None:
            self._returncode = self._read_returncode()
        return self._returncode

    def wait(self, timeout_s: float) -> int | None:
        """Wait for the end of the command; return its exit code, or None when it still runs after `timeout_s`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._guard.wait(timeout_s)
        return self.returncode

    def stop(self, grace_s: float = 5) -> None:
        """End the command and everything that it started: politely, after `grace_s` by force. Idempotent."""
        stdin = self._guard.stdin
        if self.alive and stdin is not None:
            with contextlib.suppress(OSError):
                stdin.write(f"stop {max(grace_s, 0):f}\n".encode())
                stdin.flush()
            self.wait(grace_s + _GUARD_S)
        if self.alive:
            self._guard.kill()  # the kernel then kills the command
            self._guard.wait()
        self._returncode = self.returncode
        self._close()

    def log_tail(self, lines: int = 20) -> str:
        """Return the last lines of its log."""
        return "\n".join(_tail(self.log, _TAIL_BYTES).splitlines()[-lines:])

    def log_from(self, position: int) -> str:
        """Return what it wrote from a position of its log on, at most 64 KiB."""
        with self.log.open("rb") as file:
            file.seek(position)
            return file.read(_TAIL_BYTES).decode("utf-8", errors="replace")

    def _read_returncode(self) -> int:
        last = self._status.read().splitlines()[-1:]
        return int(json.loads(last[0]).get("returncode", 127)) if last else int(self._guard.returncode)

    def _close(self) -> None:
        for pipe in (self._guard.stdin, self._status):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what it still held could not be written
                    pipe.close()


def start(command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Child:
    """Start a command, its output going to `log` (written anew).

    Parameters
    ----------
    env
        Its whole environment; None for this process's own.

    Raises
    ------
    SubprocessError
        When the command cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    reader, writer = os.pipe()
    try:
        with log.open("wb") as output:
            guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_GUARD), str(writer), *command],
                stdin=subprocess.PIPE, stdout=output, stderr=output, env=None if env is None else dict(env),
                cwd=cwd, start_new_session=True, pass_fds=(writer,),
            )  # fmt: skip
    except OSError as exc:
        os.close(reader)
        raise SubprocessError(f"{_words(command)} could not be started: {exc}") from exc
    finally:
        os.close(writer)
    return _started(guard, os.fdopen(reader, "rb"), command, log)


def _started(guard: subprocess.Popen[bytes], status: IO[bytes], command: Sequence[str], log: Path) -> Child:
    first = json.loads(status.readline() or b'{"error": "its guard died"}')
    child = Child(guard, status, pid=first.get("pid", 0), log=log)
    if "error" in first:
        child.stop()
        raise SubprocessError(f"{_words(command)} could not be started: {first['error']}", log=child.log_tail())
    return child


def environment_without(prefix: str) -> dict[str, str]:
    """Return our environment without what steers a tool, by how its variables begin, or leads through a proxy."""
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(prefix)}
    return {key: value for key, value in kept.items() if not key.lower().endswith("_proxy")} | {"NO_PROXY": "*"}


def run(
    command: Sequence[str],
    *,
    log: Path,
    timeout_s: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Completed:
    """Run a command to its end; see `start`.

    Raises
    ------
    SubprocessError
        When it cannot be started, or still runs after `timeout_s`; it is ended then. A non-zero exit code is
        no error here: it is in the answer.
    """
    begun = time.monotonic()
    with start(command, log=log, env=env, cwd=cwd) as child:
        code = child.wait(timeout_s)
        took_s = time.monotonic() - begun
        if code is None:
            child.stop(grace_s=0)
            raise SubprocessError(
                f"{_words(command)} must end within {timeout_s:g} s, got still running. "
                f"Hint: allow it more time, or read {log}",
                log=child.log_tail(),
            )
    return Completed(code, took_s, _tail(log, _LOG_BYTES))


def _words(command: Sequence[str]) -> str:
    text = " ".join(command)
    return text if len(text) <= 160 else f"{text[:157]}..."  # noqa: PLR2004 - a line of a message


def _tail(path: Path, size: int) -> str:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - size, 0))
        return file.read().decode("utf-8", errors="replace")
