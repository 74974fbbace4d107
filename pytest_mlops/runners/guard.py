"""A guard for one command: whatever happens to us, nothing of the command is left behind.

    python -I -S guard.py STATUS_FD COMMAND...

It starts the command in a session of its own and watches its standard input, which is a pipe held by the
process that asked for the command. `stop SECONDS` on it ends the command politely, then by force; the end of
the pipe means that the asking process is gone (even by kill -9), and ends it by force at once. Where the
system has subreapers (Linux), processes that left the command's group are found and ended too.

Two lines of JSON go to STATUS_FD: `{"pid": 123}` or `{"error": "..."}`, and `{"returncode": 0}` at the end.
The standard library alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LOOK_S = 0.5  # how long a death that sends no signal may go unseen
_STEP_S = 0.01
_AFTER_KILL_S = 5.0


def main(arguments: list[str]) -> int:
    """Guard the command, and return its exit code as a shell would."""
    status, command, parent = int(arguments[0]), arguments[1:], os.getppid()
    os.set_inheritable(status, False)  # noqa: FBT003 - the interpreter's own signature
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    woken = _wake_at_child_death()
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_guard,  # noqa: PLW1509 - the guard has one thread
        )
    except OSError as exc:
        _report(status, {"error": f"{type(exc).__name__}: {exc}"})
        return 127
    _report(status, {"pid": child.pid})
    grace_s = _watch(child, woken, parent)
    _end(child, grace_s)
    code = child.returncode
    _report(status, {"returncode": code})
    return code if code >= 0 else 128 - code


def _report(status: int, message: dict[str, object]) -> None:
    with contextlib.suppress(OSError):  # nobody may be reading any more
        os.write(status, json.dumps(message).encode() + b"\n")


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _die_with_guard() -> None:
    """Ask the kernel to kill the command should the guard be killed. Runs between fork and exec."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _wake_at_child_death() -> int:
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader


def _watch(child: subprocess.Popen[bytes], woken: int, parent: int) -> float:
    """Wait for the command's end, an order to stop, or our parent's death; return how much grace is left to give."""
    while child.poll() is None:
        ready, _, _ = select.select([0, woken], [], [], _LOOK_S)
        if woken in ready:
            os.read(woken, 4096)
        if 0 in ready:
            words = os.read(0, 4096).decode().split()
            return float(words[1]) if words[:1] == ["stop"] else 0.0
        if os.getppid() != parent:
            return 0.0
    return 0.0


def _end(child: subprocess.Popen[bytes], grace_s: float) -> None:
    deadline = time.monotonic() + grace_s
    if grace_s > 0:
        _signal_all(child.pid, signal.SIGTERM)
    while time.monotonic() < deadline and _anything_left(child):
        time.sleep(_STEP_S)
    deadline = time.monotonic() + _AFTER_KILL_S
    while time.monotonic() < deadline and _anything_left(child):
        _signal_all(child.pid, signal.SIGKILL)
        time.sleep(_STEP_S)
    child.wait()


def _anything_left(child: subprocess.Popen[bytes]) -> bool:
    if child.poll() is not None:
        _reap()
    return child.returncode is None or _group_exists(child.pid) or bool(_descendants())


def _reap() -> None:
    """Collect orphans that became ours; only once the command's own code is known, or it would be lost."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _group_exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so of a group of zombies
        return False
    return True


def _signal_all(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
    for pid in _descendants():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _descendants() -> list[int]:
    """Return all living processes below the guard, also those that left the group (Linux; elsewhere none)."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            state, parent = stat.read_text(errors="replace").rpartition(")")[2].split()[:2]
            if state not in "ZX":
                children.setdefault(int(parent), []).append(int(stat.parent.name))
    found, todo = [], [os.getpid()]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
