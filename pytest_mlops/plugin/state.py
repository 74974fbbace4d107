"""The state of a session with `--mlops`: one object, in `config.stash`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pytest

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.provenance import describe_git

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_mlops.core.configuration import Configuration
    from pytest_mlops.core.plain import Json


@dataclass(kw_only=True)
class State:
    """What hooks and fixtures share.

    Attributes
    ----------
    run_dir
        A temporary folder of this run, the same for all xdist workers; removed at the end.
    held
        Frames that are known by their identity, so that none takes the place of another.
    allowed_hosts
        What the command line lets be talked to, beside loopback.
    say
        Shows a step that takes long: `say("training 1 of 2")`.
    tell
        Shows at once what someone has to do meanwhile.
    """

    configuration: Configuration
    profile: str
    seed: int
    root: Path
    run_dir: Path
    report_dir: Path
    worker: str = ""
    update: bool = False
    stages: frozenset[str] = frozenset()
    allowed_hosts: frozenset[str] = frozenset()
    held: dict[int, object] = field(default_factory=dict)
    say: Callable[[str], None] = field(default=lambda _: None)
    tell: Callable[[str], None] = field(default=lambda _: None)

    @property
    def trends(self) -> Path:
        """The folder that keeps what loads measured, from run to run."""
        said = self.configuration.trends
        return self.root / said if said else self.report_dir / "trends"

    @cached_property
    def git(self) -> Mapping[str, Json]:
        """The code, as it was when it was first asked for."""
        return describe_git(self.root)

    def hosts(self, declared: Sequence[str]) -> tuple[str, ...]:
        """Return the hosts that a check allows; the command line must allow each of them too.

        Raises
        ------
        DeclarationError
            When it does not: traffic to a foreign host is never decided by the code of a test alone.
        """
        for host in declared:
            if host not in self.allowed_hosts:
                raise DeclarationError(
                    f"{host!r} is allowed by the check, and must be by the command line too. "
                    f"Hint: pytest --mlops --mlops-allow-host={host}"
                )
        return tuple(declared)


STATE = pytest.StashKey[State]()


def state_of(config: pytest.Config) -> State:
    """Return the session's state."""
    return config.stash[STATE]
