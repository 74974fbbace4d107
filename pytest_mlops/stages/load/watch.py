"""What a service under load uses: CPU time and memory of its process and of all that it started (Linux)."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_EVERY_S = 0.5
_CUTIME = 13  # of the fields of /proc/PID/stat behind the name: that of children which are gone; stime is the next


@dataclass(frozen=True)
class Usage:
    """What processes used at some time: seconds of CPU since they began, bytes that they hold."""

    at_s: float
    cpu_s: float
    memory: float


@dataclass
class Watch:
    """Looks at services and the whole machine from time to time; nothing where there is no /proc, or no process.

    Attributes
    ----------
    pids
        The process of each service, 0 where it is not ours.
    seen
        Of each service, in the order of time; `at_s` is of the wall clock.
    machine
        The CPU time that all programs of the machine used.
    """

    pids: Sequence[int]
    seen: list[list[Usage]] = field(init=False)
    machine: list[tuple[float, float]] = field(default_factory=list)
    _next_s: float = 0.0

    def __post_init__(self) -> None:
        """Begin with nothing seen."""
        self.seen = [[] for _ in self.pids]

    def look(self) -> None:
        """Look, where the last time is long enough ago."""
        at_s = time.time()
        if at_s < self._next_s:
            return
        self._next_s = at_s + _EVERY_S
        for pid, seen in zip(self.pids, self.seen, strict=True):
            usage = usage_of(pid, at_s) if pid else None
            if usage is not None:
                seen.append(usage)
        if (busy_s := _busy_s()) is not None:
            self.machine.append((at_s, busy_s))

    def between(self, service: int, begin_s: float, end_s: float) -> tuple[Usage, Usage] | None:
        """Return what a service used at the first look in some time, and at the last; None without two of them."""
        found = [usage for usage in self.seen[service] if begin_s <= usage.at_s <= end_s]
        return (found[0], found[-1]) if len(found) > 1 else None

    def machine_cpu_s(self, begin_s: float, end_s: float) -> float | None:
        """Return the CPU time that the whole machine used in some time, None where that is not known."""
        found = [one for one in self.machine if begin_s <= one[0] <= end_s]
        if len(found) < 2:  # noqa: PLR2004 - a difference takes two
            return None
        (first_s, first), (last_s, last) = found[0], found[-1]
        return (last - first) / (last_s - first_s) * (end_s - begin_s)


def usage_of(pid: int, at_s: float) -> Usage | None:
    """Return what a process and those below it use; None where it is gone, or can't be seen."""
    cpu, memory, tick, page = 0.0, 0.0, os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    for one in _tree(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            held = Path(f"/proc/{one}/statm").read_text(encoding="ascii").split()
        except (OSError, IndexError):
            continue
        cpu += _cpu_of(one) + sum(int(ticks) for ticks in fields[_CUTIME : _CUTIME + 2]) / tick
        memory += int(held[1]) * page
    return Usage(at_s, cpu, memory) if memory else None


def _cpu_of(pid: int) -> float:
    """Return the CPU time of a process with all its threads, also those that ended, to the nanosecond.

    Its clock has a number that Linux makes of the process's (clock_getcpuclockid, POSIX.1-2017).
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _tree(pid: int) -> Iterable[int]:
    """Yield a process and all below it."""
    left = [pid]
    while left:
        one = left.pop()
        yield one
        try:
            for thread in Path(f"/proc/{one}/task").iterdir():
                left += map(int, (thread / "children").read_text(encoding="ascii").split())
        except OSError:
            continue


def _busy_s() -> float | None:
    """Return the CPU time that all programs used since the machine was started."""
    try:
        with Path("/proc/stat").open(encoding="ascii") as file:
            user, nice, system, _, _, irq, softirq = map(int, file.readline().split()[1:8])
    except (OSError, ValueError):
        return None
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
