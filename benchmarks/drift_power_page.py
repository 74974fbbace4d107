"""The tables of `drift_power.py`: what is found at the same false-alarm rate, and at each tool's defaults."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from drift_planted import CELLS, CHANGES, UNCHANGED
from scipy.stats import fisher_exact

RATE = 0.05
Scores = dict[str, dict[str, Any]]


def of_change(scores: Scores, change: str) -> list[dict[str, Any]]:
    """Return what was scored of one change."""
    return [found for key, found in scores.items() if key.partition(" ")[2] == change]


def largest(found: dict[str, Any]) -> float:
    """Return the score by which a suite decides: its largest part. A crash finds nothing."""
    return max(found.get("parts", {}).values(), default=0.0)


class Scale:
    """Each part as a multiple of what unchanged data show of it, from their median to their 95 % quantile."""

    def __init__(self, nulls: list[dict[str, Any]]) -> None:
        names = {name for found in nulls for name in found.get("parts", {})}
        self.middle, self.reach = {}, {}
        for name in names:
            values = np.array([found.get("parts", {}).get(name, 0.0) for found in nulls])
            self.middle[name] = float(np.median(values))
            self.reach[name] = float(np.quantile(values, 0.95)) - self.middle[name]

    def __call__(self, found: dict[str, Any]) -> float:
        """Return the largest part, each on its own scale."""
        parts = found.get("parts", {})
        scaled = [
            (value - self.middle.get(name, 0.0)) / (self.reach.get(name, 0.0) + 1e-3) for name, value in parts.items()
        ]
        return max(scaled, default=0.0)


def limit_of(scores: list[float]) -> float:
    """Return what at most 5 % of the scores of unchanged data are above."""
    return sorted(scores)[math.ceil((1 - RATE) * len(scores)) - 1]


def found_at_rate(scores: Scores, *, is_scaled: bool) -> dict[str, float]:
    """Return the share of trials in which each change is found, where 5 % of unchanged pairs alarm."""
    nulls = of_change(scores, UNCHANGED)
    if not nulls:
        return {}
    score = Scale(nulls) if is_scaled else largest
    limit = limit_of([score(found) for found in nulls])
    rates = {}
    for change in CHANGES:
        if found := of_change(scores, change):
            rates[change] = sum(score(one) > limit for one in found) / len(found)
    return rates


def table(cell: str, tools: dict[str, Scores]) -> list[str]:
    """Return the table of one cell."""
    columns = {tool: found_at_rate(scores, is_scaled=not tool.startswith("ours")) for tool, scores in tools.items()}
    columns = {tool: rates for tool, rates in columns.items() if rates}
    lines = [f"## {CELLS[cell].words}", "", f"| changed | {' | '.join(columns)} |", f"| :-- |{' --: |' * len(columns)}"]
    for change in CHANGES:
        shown = [f"{rates[change]:.0%}" if change in rates else "" for rates in columns.values()]
        lines.append(f"| {change} | {' | '.join(shown)} |")
    counts = [f"{len(of_change(tools[tool], UNCHANGED))}, {trials(tools[tool])}" for tool in columns]
    lost = losses(columns, {tool: trials(tools[tool]) for tool in columns})
    return [*lines, f"| trials: unchanged, of each change | {' | '.join(counts)} |", "", *lost, ""]


def losses(columns: dict[str, dict[str, float]], counts: dict[str, int]) -> list[str]:
    """Say where ours finds less than another one, and where that is more than chance makes of so few trials."""
    own, told, sure = columns.get("ours", {}), [], []
    others = {tool: rates for tool, rates in columns.items() if not tool.startswith("ours")}
    for change, rate in own.items():
        best, tool = max((rates.get(change, 0.0), tool) for tool, rates in others.items()) if others else (0.0, "")
        if best > rate + _ALIKE:
            words = f"{change} ({rate:.0%}; {tool} {best:.0%})"
            told.append(words)
            n, m = counts["ours"], counts[tool]
            met = round(rate * n), round(best * m)
            if fisher_exact([[met[0], n - met[0]], [met[1], m - met[1]]], alternative="less").pvalue <= _CHANCE:
                sure.append(words)
    if not others:
        return []
    lines = [f"Where ours finds less, by more than 15 points: {'; '.join(told) or 'nowhere'}."]
    return (
        [*lines, "", f"By more than chance (Fisher's exact test, 5 %): {'; '.join(sure) or 'nowhere'}."]
        if told
        else lines
    )


_ALIKE, _CHANCE = 0.15, 0.05


def trials(scores: Scores) -> int:
    """Return the most trials that a change got."""
    return max((len(of_change(scores, change)) for change in CHANGES), default=0)


def defaults(cell: str, tools: dict[str, Scores]) -> list[str]:
    """Return lines of what each tool says at its defaults, of unchanged data and of all changes."""
    lines = []
    for tool, scores in tools.items():
        nulls = of_change(scores, UNCHANGED)
        crashes = sum("crash" in found for found in scores.values())
        for alarm in next((found["alarms"] for found in nulls if "alarms" in found), {}):
            of_null = [found["alarms"].get(alarm, False) for found in nulls if "alarms" in found]
            of_changed = [
                found["alarms"][alarm]
                for change in CHANGES
                for found in of_change(scores, change)
                if alarm in found.get("alarms", {})
            ]
            shares = [f"{np.mean(each):.0%}" if each else "" for each in (of_null, of_changed)]
            lines.append(f"| {CELLS[cell].words} | {tool}: {alarm} | {' | '.join(shares)} | {crashes or ''} |")
    return lines


_HEAD = """# What is found of planted changes

`benchmarks/drift_power.py`: pairs of real data (12 columns of the flights from New York in 2013), drawn by rows or as
halves of days, with one thing changed on the current side. Each tool's limit is set where at most 5 % of its unchanged
pairs alarm, and the tables say in which share of the trials it then finds each change.

- **ours**: the smallest adjusted p-value of all measures, with `unit="row"` or the day; `ours, target=` also compares
  the relation of arr_delay to the other columns.
- **tests**: Kolmogorov and Smirnov's, Levene's, chi-square, Fisher's exact test and Welch's test of each rank
  correlation, for rows that are independent.
- **evidently**: the method that its preset chooses for each column. **nannyml**: Jensen-Shannon and Kolmogorov-Smirnov
  distances of one chunk, and the changes of missing and unseen shares, counted for it. **whylogs**: the drift scores
  of its profiles. **deepchecks**: its checks of drift of features and label, of new categories, of correlations with
  the label, and multivariate drift.

For the others than ours each column or check is put on the scale of its own unchanged pairs (median to 95 % quantile)
before the largest is taken, which is kinder than what they do: by their own limits one noisy column would set all, and
what is never seen on unchanged data (a new category) is sure at once, which one pair alone can't say.
With so few trials, rates of two tools differ by chance by up to 40 points where each has 10 trials.
""".splitlines()


def page(found: dict[str, dict[str, Scores]]) -> str:
    """Return the page."""
    parts: list[str] = [*_HEAD, ""]
    told = [line for cell in CELLS if cell in found for line in defaults(cell, found[cell])]
    for cell in CELLS:
        if cell in found:
            parts += table(cell, found[cell])
    heads = ["## At each tool's defaults", "", "| | tool | alarms on unchanged data | on changed data | crashes |"]
    return "\n".join([*parts, *heads, "| :-- | :-- | --: | --: | --: |", *told]) + "\n"
