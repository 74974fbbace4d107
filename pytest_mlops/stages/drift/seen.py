"""A batch of rows with what was made of its columns, so that texts are encoded once for all that count them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.arrow import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals as nw
    import numpy as np
    from numpy.typing import NDArray

    Encoded = tuple[NDArray[np.intp], Sequence[str]]


@dataclass
class Seen:
    """A batch."""

    frame: nw.DataFrame[Any]
    _encoded: dict[str, Encoded] = field(default_factory=dict)

    def __getitem__(self, column: str) -> nw.Series[Any]:
        """Return a column."""
        return self.frame[column]

    def encoded(self, column: str) -> Encoded:
        """Return the codes of a column, -1 where there is no value, and what they stand for."""
        if column not in self._encoded:
            self._encoded[column] = encode(self.frame[column])
        return self._encoded[column]
