"""The state of a session with `--mlops`: one object, in `config.stash`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_mlops.core.configuration import Configuration


@dataclass(kw_only=True)
class State:
    """What hooks and fixtures share.

    Attributes
    ----------
    run_dir
        A temporary folder of this run, the same for all xdist workers; removed at the end.
    held
        Frames that are known by their identity, so that none takes the place of another.
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
    held: dict[int, object] = field(default_factory=dict)
    say: Callable[[str], None] = field(default=lambda _: None)
    tell: Callable[[str], None] = field(default=lambda _: None)


STATE = pytest.StashKey[State]()


def state_of(config: pytest.Config) -> State:
    """Return the session's state."""
    return config.stash[STATE]
