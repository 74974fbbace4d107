"""What a tool says of a whole load run where its file holds no request: numbers without intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlops.core.measurement import Measurement
from pytest_mlops.stages.load.numbers import QUANTILES

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The numbers of a run, as another tool counted them.

    Attributes
    ----------
    requests
        How many there were.
    failures
        The share of them that failed.
    rate
        Requests a second.
    quantiles
        Of the latency in milliseconds, by the short names of `QUANTILES`; what the tool does not say is not there.
    missing
        Why a quantile is not there, by its short name.
    said
        Whose numbers these are.
    """

    requests: int
    failures: float
    rate: float
    quantiles: Mapping[str, float]
    missing: Mapping[str, str]
    said: str

    def measurements(self) -> list[Measurement]:
        """Return the measurements, their subject still open."""
        method = f"{self.said}; no interval"
        return [
            *(
                self._one(f"load.{name}", self.quantiles.get(name), "ms", method, self.missing.get(name, ""))
                for name in QUANTILES
            ),
            self._one("load.failures", self.failures, method=self.said),
            self._one("load.throughput", self.rate * (1 - self.failures), "1/s", "answered requests a second"),
            self._one("load.requests", float(self.requests)),
        ]

    def _one(self, name: str, value: float | None, unit: str = "", method: str = "", note: str = "") -> Measurement:
        n = 0 if value is None else self.requests
        return Measurement(name=name, subject="", value=value, n=n, unit=unit, method=method, note=note)
