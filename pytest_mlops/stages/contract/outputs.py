"""The values of a prediction: where each stands, what the document says of it, and what was declared."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.limit import Limit, between

PROBABILITIES = "probabilities"
_PAIR = 2
_PROBABILITY = re.compile(r"probabilit(y|ies)|(?<![a-z])prob(a|as|s)?(?![a-z])", re.IGNORECASE)
_OTHER_SCALE = re.compile(r"log|percent|pct|odds", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Node:
    """A value in a prediction: its place (`classes.late`, `[0]`), its own name, and its schema (`{}`: not said)."""

    place: str
    name: str
    value: Any
    schema: Mapping[str, Any]

    @property
    def is_number(self) -> bool:
        """Whether it is a number; true and false are none."""
        return isinstance(self.value, int | float) and not isinstance(self.value, bool)

    @property
    def is_finite(self) -> bool:
        """Whether it is a number that a float can hold."""
        try:
            return self.is_number and math.isfinite(self.value)
        except OverflowError:  # an integer of more than 308 digits
            return False

    @property
    def parts(self) -> Iterator[Node]:
        """Yield what stands directly in it."""
        if isinstance(self.value, Mapping):
            known = self.schema.get("properties", {})
            others = self.schema.get("additionalProperties")
            for name, value in self.value.items():
                place = f"{self.place}.{name}" if self.place else name
                schema = known.get(name, others if isinstance(others, Mapping) else {})
                yield Node(place=place, name=name, value=value, schema=schema)
        elif isinstance(self.value, list):
            for number, value in enumerate(self.value):
                schema = self.schema.get("items", {})
                yield Node(place=f"{self.place}[{number}]", name=self.name, value=value, schema=schema)

    @property
    def within(self) -> Iterator[Node]:
        """Yield it and all that stands in it."""
        yield self
        for part in self.parts:
            yield from part.within


@dataclass(frozen=True)
class Allowed:
    """What a number of a prediction must be, and whether those of a list or an object are shares of one."""

    limit: Limit
    sum_to_one: bool = False


_SHARES = Allowed(Limit(low=0.0, high=1.0), sum_to_one=True)


def read_outputs(outputs: Mapping[str, object]) -> dict[str, Allowed]:
    """Return what was declared of the values of predictions: a limit, `(low, high)`, or `"probabilities"`.

    Raises
    ------
    DeclarationError
        When it is none of these.
    """
    return {name: _allowed(name, said) for name, said in outputs.items()}


def _allowed(name: str, said: object) -> Allowed:
    if isinstance(said, Limit):
        return Allowed(said)
    if said == PROBABILITIES:
        return _SHARES
    if isinstance(said, Sequence) and not isinstance(said, str) and len(said) == _PAIR:
        return Allowed(between(*said))
    raise DeclarationError(
        f"outputs[{name!r}] must be between(low, high), (low, high) or {PROBABILITIES!r}, got {said!r}"
    )


def guessed(node: Node) -> Allowed | None:
    """Return what a value must be that is called a probability, unless the document gives it an end of its own."""
    if not _PROBABILITY.search(node.name) or _OTHER_SCALE.search(node.name) or "maximum" in node.schema:
        return None
    return _SHARES
