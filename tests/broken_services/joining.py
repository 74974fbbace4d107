"""Someone who starts workers of a distributed run, by the command that the run prints."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).parents[2]
_END_S = 20.0


def command_in(text: str) -> list[str]:
    """Return the words of the command in what a run says, for this interpreter."""
    program, *words = shlex.split(text.partition("joins by: ")[2].partition("\n")[0])
    assert program == "python"
    return [sys.executable, *words]


def with_option(words: Sequence[str], option: str, value: str) -> list[str]:
    """Return a command with another value of an option."""
    at = words.index(option) + 1
    return [*words[:at], value, *words[at + 1 :]]


def _start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )  # fmt: skip


@dataclass
class Joiner:
    """Starts a worker for each of `changes` of the command, as soon as a run says how."""

    changes: Sequence[Callable[[list[str]], list[str]]] = (list,)
    told: list[str] = field(default_factory=list)
    workers: list[subprocess.Popen[str]] = field(default_factory=list)

    def __call__(self, text: str) -> None:
        """Hear what the run says."""
        self.told.append(text)
        environment = {**os.environ, "LOCUST_HOST": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
        for change in self.changes:
            command = change(command_in(text))
            self.workers.append(_start(command, environment))

    def ended(self) -> list[tuple[int, str]]:
        """Wait for the ends of all workers; return what each returned and wrote."""
        return [(worker.wait(_END_S), worker.communicate(timeout=_END_S)[0]) for worker in self.workers]

    def kill(self) -> None:
        """Leave none behind."""
        for worker in self.workers:
            worker.kill()
            worker.communicate()
