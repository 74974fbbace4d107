"""One column of the reference and of the current data, as counts by unit, and the distances between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.stats.clusters import Distance, measure_distance, unit_counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    Series = nw.Series[Any]
    Codes = NDArray[np.intp]
    Floats = NDArray[np.float64]

_INNER_EDGES = 255
_SHOWN = 24


@dataclass(frozen=True, kw_only=True)
class Column:
    """What a distance is about: its column, kind, rows, and the two histograms to draw."""

    name: str
    kind: str
    n: int
    note: str = ""
    labels: Sequence[str] = ()
    reference: Floats
    current: Floats


def is_comparable(old: Series, new: Series) -> bool:
    """Say whether both are numbers, or both are categories."""
    return old.dtype.is_numeric() == new.dtype.is_numeric()


def compare_columns(
    name: str,
    *,
    old: Series,
    new: Series,
    units: tuple[Codes, Codes],
    counts: tuple[int, int],
    weights: tuple[Floats, Floats],
    public: bool,
) -> Iterable[tuple[Column, Distance]]:
    """Yield the distances of one column: of its distribution, its missing share, its new categories.

    The categories of a column that is not public are numbered, and not named.
    """
    ordered = bool(old.dtype.is_numeric())
    codes, labels, known = _numeric_codes(old, new) if ordered else _category_codes(old, new)
    n_codes = max(len(labels), 1)
    tables = [unit_counts(c, u, n_codes, n) for c, u, n in zip(codes, units, counts, strict=True)]
    n = int(tables[1].sum()) if tables[0].sum() else 0
    kind = "ks" if ordered else "total_variation"
    named = labels if ordered or public else [_masked(number, label) for number, label in enumerate(labels, start=1)]
    shown, drawn = _shown(named, tables, ordered=ordered)
    column = Column(name=name, kind=kind, n=n, labels=shown, reference=drawn[0], current=drawn[1])
    yield column, measure_distance(tables[0], tables[1], weights, ordered=ordered)
    yield _missing(name, codes, units, counts, weights)
    if not ordered:
        yield _new_categories(name, labels, known, tables, weights)


def _missing(
    name: str,
    codes: tuple[Codes, Codes],
    units: tuple[Codes, Codes],
    counts: tuple[int, int],
    weights: tuple[Floats, Floats],
) -> tuple[Column, Distance]:
    tables = [unit_counts((c < 0).astype(np.intp), u, 2, n) for c, u, n in zip(codes, units, counts, strict=True)]
    shares = [float(table[:, 1].sum() / max(table.sum(), 1)) for table in tables]
    column = Column(
        name=name,
        kind="missing_share_change",
        n=int(tables[1].sum()),
        note=f"missing {shares[0]:.2%} in the reference, {shares[1]:.2%} now",
        reference=tables[0].sum(axis=0),
        current=tables[1].sum(axis=0),
    )
    return column, measure_distance(tables[0], tables[1], weights, ordered=False)


def _new_categories(
    name: str, labels: Sequence[str], known: int, tables: Sequence[Floats], weights: tuple[Floats, Floats]
) -> tuple[Column, Distance]:
    """Measure the share of rows in categories that come after the `known` ones of the reference."""
    now = np.stack([tables[1][:, :known].sum(axis=1), tables[1][:, known:].sum(axis=1)], axis=1)
    none = np.stack([tables[0].sum(axis=1), np.zeros(len(tables[0]))], axis=1)
    n_new = len(labels) - known
    column = Column(
        name=name,
        kind="new_category_share",
        n=int(now.sum()),
        note=f"{n_new} new categories" if n_new else "",
        reference=none.sum(axis=0),
        current=now.sum(axis=0),
    )
    return column, measure_distance(none, now, weights, ordered=False)


def _numeric_codes(old: Series, new: Series) -> tuple[tuple[Codes, Codes], list[str], int]:
    """Bin both by the reference's quantiles; the last bins take what lies outside."""
    values = [_floats(series) for series in (old, new)]
    finite = values[0][np.isfinite(values[0])]
    if not len(finite):
        finite = np.zeros(1)
    edges = np.unique(np.quantile(finite, np.linspace(0, 1, _INNER_EDGES), method="inverted_cdf"))
    first, second = (np.where(np.isnan(v), -1, np.searchsorted(edges, v, side="left")) for v in values)
    labels = [f"≤ {edge:.6g}" for edge in edges] + [f"> {edges[-1]:.6g}"]
    return (first, second), labels, len(labels)


def _floats(series: Series) -> Floats:
    return np.asarray(series.to_numpy(), dtype=np.float64)


def _category_codes(old: Series, new: Series) -> tuple[tuple[Codes, Codes], list[str], int]:
    values = [_words(series) for series in (old, new)]
    present = [sorted({value for value in side if value is not None}) for side in values]
    known = set(present[0])
    labels = present[0] + [value for value in present[1] if value not in known]
    code = {label: number for number, label in enumerate(labels)}
    first, second = (np.array([-1 if v is None else code[v] for v in side], dtype=np.intp) for side in values)
    return (first, second), labels, len(known)


def _words(series: Series) -> list[str | None]:
    return [None if value is None or value != value else str(value) for value in series.to_list()]  # noqa: PLR0124 - NaN


def _masked(number: int, label: str) -> str:
    return f"category {number} ({len(label)} characters)"


def _shown(labels: Sequence[str], tables: Sequence[Floats], *, ordered: bool) -> tuple[list[str], list[Floats]]:
    """Return at most 24 bins to draw: neighbours together, or the largest categories and the others."""
    totals = [table.sum(axis=0) for table in tables]
    if len(labels) <= _SHOWN:
        return list(labels), totals
    if ordered:
        groups = np.array_split(np.arange(len(labels)), _SHOWN)
    else:
        order = np.argsort(-(totals[0] + totals[1]), kind="stable")
        groups = [np.array([i]) for i in order[: _SHOWN - 1]] + [order[_SHOWN - 1 :]]
    names = [labels[group[-1]] if ordered or len(group) == 1 else f"{len(group)} others" for group in groups]
    return names, [np.array([total[group].sum() for group in groups]) for total in totals]
