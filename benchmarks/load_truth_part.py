"""What each part of `load_truth.py` is: cells, a trial of a cell, and the page of all trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scipy.stats import beta

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Trials = list[dict[str, Any]]
Found = dict[str, Trials]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One question: which cells it has, how many trials each gets, and how they become a page."""

    cells: Sequence[str]
    trials: int
    trial: Callable[[str, int], dict[str, Any]]
    page: Callable[[Found], str]


def share(count: float, n: float, confidence: float = 0.99) -> str:
    """Return a share in words with its interval (Clopper and Pearson, Biometrika 26, 1934)."""
    if not n:
        return "-"
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, count, n - count + 1)) if count else 0.0
    high = float(beta.ppf(1 - tail, count + 1, n - count)) if count < n else 1.0
    return f"{count / n:.1%} ({low:.1%} to {high:.1%})"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of Markdown, its first column to the left."""
    lines = [heads, [":--", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
