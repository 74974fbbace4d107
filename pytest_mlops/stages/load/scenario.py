"""Scenarios of load, named as MLPerf Inference names them: what is sent when."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlops.core.plain import Json

Arrivals = Literal["poisson", "constant", "replay"]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is sent when.

    Attributes
    ----------
    arrivals
        How the times of requests are made; `closed` where each user waits for its answer before it sends again.
    rate
        Requests a second, of an open loop.
    offsets_s
        When each request is due, of a replay.
    users
        Of a closed loop.
    batch
        Rows in a request.
    """

    name: str
    arrivals: str
    rate: float = 0.0
    offsets_s: Sequence[float] = ()
    users: int = 0
    batch: int = 1

    @property
    def is_open(self) -> bool:
        """Say whether requests are sent when they are due, whatever became of those before."""
        return self.arrivals != "closed"

    def requests_in(self, length_s: float) -> int:
        """Return how many requests are expected in a time, where that is known before: of an open loop."""
        return len(self.offsets_s) or math.ceil(self.rate * length_s)

    def words(self) -> str:
        """Return it in words."""
        if self.arrivals == "replay":
            return f"{len(self.offsets_s):,} requests replayed"
        if self.is_open:
            return f"{self.rate:g} requests a second, {self.arrivals}"
        rows = f", {self.batch:,} rows a request" if self.batch > 1 else ""
        return f"{self.users} {'user' if self.users == 1 else 'users'} in a closed loop{rows}"

    def to_json(self) -> dict[str, Json]:
        """Return what the generator is told of the arrivals."""
        said: Mapping[str, dict[str, Json]] = {
            "closed": {"users": self.users},
            "replay": {"offsets_s": [*self.offsets_s]},
        }
        return {"kind": self.arrivals, **said.get(self.arrivals, {"rate": self.rate})}


def server(rate: float = 0.0, *, arrivals: Arrivals = "poisson", offsets_s: Sequence[float] = ()) -> Scenario:
    """Return an open loop: requests come at a rate, whatever became of those before.

    Parameters
    ----------
    rate
        Requests a second.
    arrivals
        `poisson`: independent of each other, as those of many users; `constant`: evenly; `replay`: at `offsets_s`.
    offsets_s
        When each request is due, in seconds from the first; for a replay of what was recorded.

    Raises
    ------
    DeclarationError
        For a rate that is not above 0, offsets that are not sorted, or one without the other.
    """
    if not isinstance(arrivals, str) or arrivals not in get_args(Arrivals):
        raise DeclarationError(f"arrivals must be one of {', '.join(get_args(Arrivals))}, got {arrivals!r}. "
                               f"{did_you_mean(str(arrivals), get_args(Arrivals))}")  # fmt: skip
    if arrivals == "replay":
        _check_offsets(offsets_s)
        start = offsets_s[0]
        length = max(offsets_s[-1] - start, 1e-9)
        return Scenario(
            name="server", arrivals=arrivals, offsets_s=[at - start for at in offsets_s], rate=len(offsets_s) / length
        )
    if offsets_s:
        raise DeclarationError("offsets_s are of a replay. Hint: arrivals='replay'")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not (math.isfinite(rate) and rate > 0):
        raise DeclarationError(f"rate must be above 0 requests a second, got {rate!r}")
    return Scenario(name="server", arrivals=arrivals, rate=float(rate))


def _check_offsets(offsets_s: Sequence[float]) -> None:
    if not offsets_s:
        raise DeclarationError("a replay needs offsets_s, when each request is due, got none")
    for before, after in itertools.pairwise(offsets_s):
        if not before <= after:
            raise DeclarationError(f"offsets_s must not fall, got {after!r} after {before!r}")


def single_stream() -> Scenario:
    """Return one user who sends the next request as soon as the last one is answered."""
    return Scenario(name="single_stream", arrivals="closed", users=1)


def offline(batch: int) -> Scenario:
    """Return one user who sends many rows in each request, for the throughput of rows."""
    return Scenario(name="offline", arrivals="closed", users=1, batch=_whole("batch", batch))


def closed(users: int) -> Scenario:
    """Return users who each send the next request as soon as their last one is answered.

    A service that stands still is not sent anything meanwhile: what waited in a real queue is not seen.
    """
    return Scenario(name="closed", arrivals="closed", users=_whole("users", users))


def _whole(name: str, number: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise DeclarationError(f"{name} must be a whole number from 1 on, got {number!r}")
    return number
