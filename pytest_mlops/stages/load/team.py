"""The workers of a distributed run of Locust: how many, and how one joins that is started by hand."""

from __future__ import annotations

import ipaddress
import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.service_endpoint import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path


LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Team:
    """The processes that share the users of a run; without any, one process makes them all.

    Attributes
    ----------
    processes
        Started here.
    expect_workers
        That are started by hand, here or on other machines, by the command that the run prints.
    expect_s
        How long they are waited for.
    bind
        The address of this machine that they join at.
    """

    processes: int = 0
    expect_workers: int = 0
    expect_s: float = 60.0
    bind: str = LOOPBACK

    @property
    def size(self) -> int:
        """Return how many workers there are."""
        return self.processes + self.expect_workers

    def parameters(self) -> dict[str, Any]:
        """Return what a measurement says of it; nothing where one process makes all users."""
        said = {"processes": self.processes, "expect_workers": self.expect_workers}
        return {name: number for name, number in said.items() if number}

    def check(self, users: int, allowed_hosts: Collection[str]) -> None:
        """Refuse what is no team, one with more workers than users, and an address that is not allowed.

        Raises
        ------
        DeclarationError
            With what is wrong.
        """
        for name in ("processes", "expect_workers"):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int) or number < 0:
                raise DeclarationError(f"{name} must be a whole number from 0 on, got {number!r}")
        if self.size > users:
            raise DeclarationError(f"users must be at least one for each of {self.size} workers, got {users}")
        if self.bind != LOOPBACK and not self.expect_workers:
            raise DeclarationError(f"bind is where workers elsewhere join, got {self.bind!r} and no expect_workers")
        if not _is_one_address(self.bind):
            raise DeclarationError(f"bind must be one IPv4 address of this machine, got {self.bind!r}")
        if not (is_loopback(self.bind) or self.bind in allowed_hosts):
            raise DeclarationError(
                f"bind must be loopback or an allowed host, got {self.bind!r}. "
                f"Hint: add {self.bind!r} to allowed_hosts if others may reach this machine there"
            )


def _is_one_address(text: str) -> bool:
    try:
        return not ipaddress.IPv4Address(text).is_unspecified
    except ValueError:
        return False


def join_command(
    where: str, token: str, locustfile: str, allowed_hosts: Sequence[str] = (), *, user_classes: Sequence[str] = ()
) -> str:
    """Return the command by which a worker joins."""
    words = ["--join", where, "--token", token, "--locustfile", locustfile]
    users = [word for name in user_classes for word in ("--user-class", name)]
    allowed = [word for host in allowed_hosts for word in ("--allow", host)]
    return f"python -m pytest_mlops.runners.locust_run {shlex.join([*words, *users, *allowed])}"


@dataclass(kw_only=True)
class Announcement:
    """Tells once how a worker joins, as soon as the master has written down where it is."""

    path: Path
    tell: Callable[[str], None]
    name: str
    team: Team
    locustfile: str
    allowed_hosts: Sequence[str]
    user_classes: Sequence[str]
    is_said: bool = False

    def look(self) -> None:
        """Look whether the master listens."""
        if self.is_said or not self.path.exists():
            return
        self.is_said = True
        host, port, token = json.loads(self.path.read_text(encoding="utf-8"))
        command = join_command(
            f"{host}:{port}", token, self.locustfile, self.allowed_hosts, user_classes=self.user_classes
        )
        self.path.unlink()  # the token is for those who read what is said
        count = self.team.expect_workers
        workers = "a worker. It" if count == 1 else f"{count} workers. Each"
        self.tell(f"the load on {self.name} waits up to {self.team.expect_s:g} s for {workers} joins by: {command}")
