"""The names of deepchecks' checks, suites and conditions: a committed list, so that collecting needs no deepchecks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Written by: python -I -B pytest_mlops/runners/deepchecks_run.py --list > checks.json
_LIST = Path(__file__).with_name("checks.json")
_STAGES = {"single": "data", "pair": "drift", "model": "model"}


@dataclass(frozen=True, kw_only=True)
class Known:
    """One check: what it looks at, the conditions that it has, and those that deepchecks' suites set.

    `kind` is `single` (each side by itself), `pair` (both sides) or `model`.
    """

    name: str
    kind: str
    conditions: Sequence[str]
    default: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All checks by name, and the suites."""

    version: str
    suites: Mapping[str, Sequence[str]]
    checks: Mapping[str, Known]

    def check(self, name: str) -> Known:
        """Return a check; an unknown name is an error with the nearest one."""
        if name not in self.checks:
            hint = did_you_mean(name, {*self.checks, *self.suites})
            raise DeclarationError(f"deepchecks has no check {name!r}. {hint}")
        return self.checks[name]

    def stage(self, name: str) -> str:
        """Return the stage of a check: data for one data set, drift for two, model where a model is asked."""
        if name in self.suites["model_evaluation"]:
            return "model"
        return "data" if name in self.suites["data_integrity"] else _STAGES[self.check(name).kind]


def read_catalogue() -> Catalogue:
    """Return what the committed list holds."""
    listed = json.loads(_LIST.read_text(encoding="utf-8"))
    return Catalogue(
        version=listed["deepchecks"],
        suites=listed["suites"],
        checks={name: Known(name=name, **entry) for name, entry in listed["checks"].items()},
    )
