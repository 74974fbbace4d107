"""The tests that a textbook has for drift, one a column and question, as a contender."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from drift_planted import DAY, NUMBERS, WORDS
from scipy import stats

from pytest_mlops.stats.distances import chi_square


def p_values(reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, float]:
    """Return the p-value of each test, of rows that are taken as independent.

    Kolmogorov and Smirnov's and Levene's test of numbers, chi-square of categories, Fisher's exact test of missing
    values, new categories and copies, Welch's test of the influence of each row on a rank correlation (Devlin,
    Gnanadesikan and Kettenring, Biometrika 62, 1975).
    """
    old, new = (rows.drop(columns=DAY, errors="ignore") for rows in (reference, current))
    found: dict[str, float] = {}
    for column in NUMBERS:
        x, y = (rows[column].dropna().to_numpy(dtype=float) for rows in (old, new))
        found[f"{column} ks"] = float(stats.ks_2samp(x, y, method="asymp").pvalue)
        found[f"{column} spread"] = float(stats.levene(x, y).pvalue)
    for column in WORDS:
        counts = [rows[column].value_counts() for rows in (old, new)]
        names = sorted({*counts[0].index, *counts[1].index})
        tables = [count.reindex(names, fill_value=0).to_numpy() for count in counts]
        told = chi_square(*tables)
        found[f"{column} chi-square"] = float(stats.chi2.sf(told.statistic, told.freedom)) if told.freedom else 1.0
        fresh = int(tables[1][tables[0] == 0].sum())
        found[f"{column} new"] = _exact(0, len(old), fresh, len(new))
    for column in [*NUMBERS, *WORDS]:
        missing = [int(rows[column].isna().sum()) for rows in (old, new)]
        found[f"{column} missing"] = _exact(missing[0], len(old), missing[1], len(new))
    copies = [int(rows.duplicated().sum()) for rows in (reference, current)]
    found["copies"] = _exact(copies[0], len(old), copies[1], len(new))
    ranks = pd.concat([old, new])[NUMBERS].rank()
    places = ((ranks - ranks.mean()) / ranks.std()).to_numpy()
    for first, second in combinations(range(len(NUMBERS)), 2):
        x, y = places[:, first], places[:, second]
        influence = x * y - np.nanmean(x * y) * (x**2 + y**2) / 2
        sides = [part[~np.isnan(part)] for part in np.split(influence, [len(old)])]
        found[f"{NUMBERS[first]} and {NUMBERS[second]}"] = float(stats.ttest_ind(*sides, equal_var=False).pvalue)
    return {name: 1.0 if np.isnan(p) else p for name, p in found.items()}


def _exact(a: int, n: int, b: int, m: int) -> float:
    table: Any = [[a, n - a], [b, m - b]]
    return float(stats.fisher_exact(table)[1]) if a + b else 1.0
