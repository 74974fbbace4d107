"""Bounds: how much load a run may make, unless the user says otherwise."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import DeclarationError

if TYPE_CHECKING:
    from pytest_mlops.stages.load.scenario import Scenario


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The most that one run may send.

    Attributes
    ----------
    rate
        Requests a second.
    users
        At once.
    duration_s
        With all that it is made longer by.
    requests
        In all.
    """

    rate: float = 5_000.0
    users: float = 500.0
    duration_s: float = 900.0
    requests: float = 2_000_000.0

    def check_scenario(self, scenario: Scenario, length_s: float) -> None:
        """Refuse a scenario that takes some time, warm-up and all, and is beyond a bound; see `check`."""
        requests = scenario.requests_in(length_s)
        self.check(rate=scenario.rate, users=scenario.users, duration_s=length_s, requests=requests)

    def check(self, **asked: float) -> None:
        """Refuse what is beyond a bound.

        Raises
        ------
        DeclarationError
            With the bound and where it is raised.
        """
        for field in fields(self):
            most = getattr(self, field.name)
            if asked.get(field.name, 0.0) > most:
                raise DeclarationError(
                    f"a load must have at most {most:,.15g} {_WORDS[field.name]}, got {asked[field.name]:,.15g}. "
                    f"Hint: bounds=Bounds({field.name}=...) where that is meant, in mlops.toml "
                    f"bounds = {{ {field.name.removesuffix('_s')} = ... }}"
                )


_WORDS = {"rate": "requests a second", "users": "users", "duration_s": "seconds", "requests": "requests"}
