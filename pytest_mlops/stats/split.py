r"""Change points of a sequence of windows: every split is a two-sample test, and their maximum is one too.

For a split :math:`t` the windows from :math:`t` on are called current. A statistic :math:`S_k(t)` is compared with
itself when the windows stand in other orders, and brought to a normal deviate there; the maximum over splits and
statistics is compared with that of each order (max-T). Where windows are exchangeable, so that their order says
nothing, the chance of a p-value of at most :math:`a` is at most :math:`a`, whatever the number of splits and
statistics and their correlation.

References
----------
Antoch and Hušková, Permutation tests in change point analysis, Statistics and Probability Letters 53, 2001; Westfall
and Young, Resampling-Based Multiple Testing, 1993.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stats.permutation import scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

_SURE = 3.0  # standard errors


def splits_of(n: int, fewest: int, most: int) -> list[int]:
    """Return where a sequence is split, at least `fewest` windows on each side, at most `most` places, evenly spread.

    >>> splits_of(10, 3, 100), splits_of(100, 3, 4)
    ([3, 4, 5, 6, 7], [3, 34, 66, 97])
    """
    first, last = fewest, n - fewest
    if last < first:
        return []
    if last - first + 1 <= most:
        return list(range(first, last + 1))
    return sorted({round(place) for place in np.linspace(first, last, most)})


def orders(rng: np.random.Generator, n: int, draws: int) -> Codes:
    """Return the place of each window in some orders, of shape (1 + draws, n); the first is as seen."""
    shuffled = np.argsort(rng.random((draws, n)), axis=1)
    return np.concatenate([np.arange(n)[None, :], shuffled]).astype(np.intp)


def split_labels(places: Codes, splits: Sequence[int]) -> Floats:
    """Return which windows are called current, of shape (orders * splits, n), the splits of an order together."""
    after = places[:, None, :] >= np.asarray(splits)[None, :, None]
    return after.reshape(-1, places.shape[1]).astype(np.float64)


def split_scores(statistic: Floats, n_splits: int) -> Floats:
    """Return the normal deviates of a statistic in each split among the orders, of shape (splits, orders).

    Parameters
    ----------
    statistic
        Of shape (orders * splits,), as `split_labels` has them.
    """
    return scores(statistic.reshape(-1, n_splits).T)


def likeness_beside_a_change(means: Floats, fewest: int) -> float:
    """Return the correlation of neighbouring windows, once the one change that explains most is taken out.

    0 where it is not three standard errors above zero (Box and Jenkins, Time Series Analysis, 1970, section 2.1.6): a
    step alone makes neighbours alike, and is what is looked for.

    >>> step = np.repeat([0.0, 5.0], 20) + np.random.default_rng(1).normal(0, 1, 40)
    >>> likeness_beside_a_change(step, 3)
    0.0
    >>> walk = np.cumsum(np.random.default_rng(1).normal(0, 1, 40))
    >>> likeness_beside_a_change(walk, 3) > 0.5
    True
    """
    n = len(means)
    rests = [
        np.concatenate([means[:t] - means[:t].mean(), means[t:] - means[t:].mean()]) for t in splits_of(n, fewest, n)
    ]
    if not rests:
        return 0.0
    rest = min(rests, key=lambda one: float((one**2).sum()))
    total = float((rest**2).sum())
    found = float((rest[1:] * rest[:-1]).sum()) / total if total > 0 else 0.0
    return found if found > _SURE / math.sqrt(n) else 0.0
