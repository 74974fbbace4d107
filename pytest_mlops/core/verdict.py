"""The five verdicts, and how several become one."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Verdict(StrEnum):
    """What judging a measurement comes to. Only `PASS` is green."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    NOT_RUN = "not_run"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"
    ERROR = "error"

    @property
    def words(self) -> str:
        """The verdict as a reader sees it: `not run`, not `not_run`."""
        return self.value.replace("_", " ")

    @property
    def severity(self) -> int:
        """How bad it is: 0 for a pass, more for what is worse."""
        return _WORST_LAST.index(self)


_WORST_LAST = (Verdict.PASS, Verdict.NOT_RUN, Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.ERROR)


def combine(verdicts: Iterable[Verdict | str]) -> Verdict:
    """Return the worst of several verdicts; of none it is `not_run`, never a pass.

    >>> combine([]), combine(["pass", "fail", "inconclusive"])
    (<Verdict.NOT_RUN: 'not_run'>, <Verdict.FAIL: 'fail'>)
    """
    found = (Verdict(verdict) for verdict in verdicts)
    return max(found, key=lambda verdict: verdict.severity, default=Verdict.NOT_RUN)
