"""Which checks of deepchecks are asked for, from the names of suites and checks that a user gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.stages.deepchecks.catalogue import read_catalogue
from pytest_mlops.stages.deepchecks.checks import Deepcheck, deepcheck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.deepchecks.checks import Warn


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The suites and the named checks of one run.

    Attributes
    ----------
    checks
        All of them in order; a named check stands in place of a suite's.
    named
        Those of `checks` that were named, or have parameters of their own.
    """

    suites: Sequence[str]
    checks: Sequence[Deepcheck]
    named: Sequence[Deepcheck]
    without: Sequence[str]

    @property
    def stage(self) -> str:
        """The stage of all checks, drift where they belong to several."""
        stages = {check.stage for check in self.checks}
        return stages.pop() if len(stages) == 1 else "drift"

    def to_json(self) -> dict[str, Json]:
        """Return what the runner is told."""
        named = [check.to_job() for check in self.named]
        return {"suites": list(self.suites), "checks": named, "without": list(self.without)}


def plan_of(
    asked: str | Deepcheck | Sequence[str | Deepcheck], *, without: Sequence[str] = (), warn: Warn = "fail"
) -> Plan:
    """Return what is to be run.

    Parameters
    ----------
    asked
        Suites (`data_integrity`), checks by name (`FeatureDrift`) or with parameters (`deepcheck(...)`).
    without
        Checks of the suites that are left out.

    Raises
    ------
    DeclarationError
        For an unknown name, a check that is named twice, and for nothing at all.
    """
    known = read_catalogue()
    listed = [asked] if isinstance(asked, str | Deepcheck) else list(asked)
    suites = [one for one in listed if isinstance(one, str) and one in known.suites]

    def standard(name: str) -> Deepcheck:
        return replace(deepcheck(name, warn=warn), source=f"deepchecks {known.version}")

    named = [standard(one) if isinstance(one, str) else one for one in listed if one not in suites]
    found = {name: standard(name) for suite in suites for name in known.suites[suite]}
    for name in without:
        if name not in found:
            raise DeclarationError(f"without={name!r} is in no suite that is asked for. {did_you_mean(name, found)}")
    for number, check in enumerate(named):
        if check.name in {*without, *(other.name for other in named[:number])}:
            raise DeclarationError(f"{check.name} is asked for twice, or left out as well")
        found[check.name] = check
    checks = [check for name, check in found.items() if name not in without]
    if not checks:
        raise DeclarationError("deepchecks must be asked for a check, got none. Hint: checks='data_integrity'")
    return Plan(suites=suites, checks=checks, named=named, without=list(without))
