"""Causes of a change of categories: renamed, swapped, merged, split, spelt otherwise, filled, stuck."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stages.drift.causes import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_FEW = 0.02  # of what a category had: it has vanished
_LEAST = 0.005  # the share of a category that is worth a name
_ALIKE = 0.25  # how far two shares may differ, as a part of them, to be those of one category
_ALL = 0.98
_NAMED = 3
_SWAPPED = 12  # the largest categories, of which any two may be swapped


@dataclass(frozen=True)
class Labels:
    """The categories of both sides.

    Attributes
    ----------
    names
        As a report may show them: `'UA'`, or `category 3` of a column that is not public.
    old, new
        Their shares of the rows that have a value.
    missing
        The shares of the rows without one.
    words
        What stands in the data, of a public column; else nothing.
    """

    names: Sequence[str]
    old: Floats
    new: Floats
    missing: tuple[float, float] = (0.0, 0.0)
    words: Sequence[str] = ()

    @cached_property
    def before(self) -> float:
        """Return the total variation distance as it is."""
        return self.left(self.new)

    def left(self, undone: Floats) -> float:
        """Return the total variation distance of shares to the old ones."""
        return float(np.abs(undone - self.old).sum() / 2)

    @cached_property
    def gone(self) -> list[int]:
        """Return the categories that have vanished, the largest first."""
        found = np.flatnonzero((self.old >= _LEAST) & (self.new <= _FEW * self.old))
        return sorted(found.tolist(), key=lambda i: -self.old[i])

    @cached_property
    def fresh(self) -> list[int]:
        """Return the categories that the reference hardly has, the largest first."""
        found = np.flatnonzero((self.new >= _LEAST) & (self.old <= _FEW * self.new))
        return sorted(found.tolist(), key=lambda i: -self.new[i])


def category_causes(labels: Labels) -> Iterable[Cause]:
    """Yield what may have been done to categories."""
    for causes in (_spelt, _renamed, _swapped, _merged, _split, _filled, _emptied, _stuck):
        yield from causes(labels)


def _moved(labels: Labels, pairs: Sequence[tuple[int, int]]) -> Floats:
    """Return the new shares with those of the second of each pair given back to the first."""
    undone = labels.new.copy()
    for first, second in pairs:
        undone[first] += labels.new[second]
        undone[second] -= labels.new[second]
    return undone


def _told(labels: Labels, pairs: Sequence[tuple[int, int]]) -> str:
    named = [f"{labels.names[first]} is now {labels.names[second]}" for first, second in pairs[:_NAMED]]
    more = len(pairs) - len(named)
    return ", ".join([*named, *([f"{more} more"] if more else [])])


def _renamed(labels: Labels) -> Iterable[Cause]:
    left, pairs = list(labels.fresh), []
    for first in labels.gone:
        near = [second for second in left if _are_alike(labels.old[first], labels.new[second])]
        if near:
            second = min(near, key=lambda i: abs(float(labels.new[i] - labels.old[first])))
            left.remove(second)
            pairs.append((first, second))
    if pairs:
        after = labels.left(_moved(labels, pairs))
        yield Cause(words=f"renamed: {_told(labels, pairs)}", before=labels.before, after=after, rank=1)


def _are_alike(first: float, second: float) -> bool:
    return abs(first - second) <= _ALIKE * max(first, second)


def _spelt(labels: Labels) -> Iterable[Cause]:
    """Yield the same words in another case, or with other white space, of a public column."""
    plain = [" ".join(word.split()).casefold() for word in labels.words]
    homes = {plain[first]: first for first in reversed(range(len(plain))) if labels.old[first] > 0}
    pairs = [
        (homes[plain[second]], second)
        for second in sorted(range(len(plain)), key=lambda i: -labels.new[i])
        if labels.old[second] == 0 and labels.new[second] > 0 and plain[second] in homes
    ]
    if not pairs:
        return
    is_case = all(labels.words[a].casefold() == labels.words[b].casefold() for a, b in pairs)
    kind = "upper and lower case" if is_case else "white space"
    after = labels.left(_moved(labels, pairs))
    yield Cause(words=f"spelt otherwise ({kind}): {_told(labels, pairs)}", before=labels.before, after=after)


def _swapped(labels: Labels) -> Iterable[Cause]:
    both = np.flatnonzero((labels.old >= _LEAST) & (labels.new > 0))
    largest = sorted(both.tolist(), key=lambda i: -abs(float(labels.new[i] - labels.old[i])))[:_SWAPPED]
    for first, second in combinations(largest, 2):
        undone = labels.new.copy()
        undone[[first, second]] = undone[[second, first]]
        told = f"swapped: {labels.names[first]} and {labels.names[second]}"
        yield Cause(words=told, before=labels.before, after=labels.left(undone), rank=2)


def _merged(labels: Labels) -> Iterable[Cause]:
    if not labels.gone:
        return
    lost = float(labels.old[labels.gone].sum())
    into = int(np.argmax(labels.new - labels.old))
    undone = labels.new.copy()
    undone[labels.gone] += labels.old[labels.gone]
    undone[into] -= lost
    if len(labels.gone) > 1 or labels.old[into] > 0:
        named = _listed([labels.names[i] for i in labels.gone])
        verb = "is" if len(labels.gone) == 1 else "are"
        told = f"merged: {named} {verb} now part of {labels.names[into]}"
        yield Cause(words=told, before=labels.before, after=labels.left(undone), rank=2)


def _split(labels: Labels) -> Iterable[Cause]:
    if not labels.fresh:
        return
    come = float(labels.new[labels.fresh].sum())
    of = int(np.argmin(labels.new - labels.old))
    undone = labels.new.copy()
    undone[labels.fresh] = labels.old[labels.fresh]
    undone[of] += come
    if len(labels.fresh) > 1 or labels.new[of] > _FEW * labels.old[of]:
        named = _listed([labels.names[i] for i in labels.fresh])
        told = f"split: a part of {labels.names[of]} is now {named}"
        yield Cause(words=told, before=labels.before, after=labels.left(undone), rank=3)


def _listed(names: Sequence[str]) -> str:
    if len(names) > _NAMED:
        names = [*names[:_NAMED], f"{len(names) - _NAMED} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _filled(labels: Labels) -> Iterable[Cause]:
    was, now = labels.missing
    gains = labels.new * (1 - now) - labels.old * (1 - was)
    most = int(np.argmax(gains)) if len(gains) else -1
    if most >= 0 and was - now >= _LEAST:
        told = f"missing values are now {labels.names[most]}: {100 * (was - now):.2g} % of the rows"
        yield Cause(words=told, before=was - now, after=abs(float(gains[most]) - (was - now)), rank=0)


def _emptied(labels: Labels) -> Iterable[Cause]:
    was, now = labels.missing
    gains = labels.new * (1 - now) - labels.old * (1 - was)
    least = int(np.argmin(gains)) if len(gains) else -1
    if least >= 0 and now - was >= _LEAST and least in labels.gone:
        told = f"{labels.names[least]} is a missing value now: {100 * (now - was):.2g} % of the rows"
        yield Cause(words=told, before=now - was, after=abs(float(gains[least]) + (now - was)), rank=0)


def _stuck(labels: Labels) -> Iterable[Cause]:
    most = int(np.argmax(labels.new)) if len(labels.new) else -1
    if most >= 0 and labels.new[most] >= _ALL > labels.old[most] + _ALIKE:
        told = f"stuck: {100 * labels.new[most]:.4g} % of the rows are {labels.names[most]}"
        yield Cause(words=told, before=labels.before, after=0.0, rank=0)
