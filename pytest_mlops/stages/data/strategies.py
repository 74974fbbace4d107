"""Suites as Hypothesis strategies, for users as `pytest_mlops.strategies`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_mlops.adapters.arrow import table_of
from pytest_mlops.adapters.hypothesis_rows import lists, records, strategies, values_of
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.data.measure import measure_entries
from pytest_mlops.stages.data.specs import Spec, Specs, candidates, near, specs_of, violations
from pytest_mlops.stages.data.suite import Suite, read_suite

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from hypothesis.strategies import SearchStrategy

Row = dict[str, Any]
_OF_ROWS = ("expect_column_values", "expect_column_value_", "expect_column_pair", "expect_multi", "expect_select")
# Also a valid row breaks these when it is alone.
_OF_WHOLE_COLUMNS = ("expect_column_distinct_values_to_equal_set", "expect_column_distinct_values_to_contain_set")


class _Breaks(NamedTuple):
    """A value that, in its column, breaks the expectation with this label and no other."""

    label: str
    column: str
    value: Any


def rows(suite: str | Path | Suite, *, without: Collection[str] = ()) -> SearchStrategy[Row]:
    """Return the strategy of rows that keep to what a suite says of values, pairs and records.

    Values are made within bounds, from sets and by patterns, and not sifted out. What a suite says of whole columns
    or tables, and its shares (`mostly`), does not concern a row: each row keeps to the expectation.

    Parameters
    ----------
    without
        Types of expectations that are left out: those that rows can't be made to keep to.

    Raises
    ------
    DeclarationError
        When an expectation about rows can't be kept to and is not in `without`; when a column's expectations leave
        no value, or two patterns can't be met at once.
    """
    specs = specs_of(_read(suite).entries)
    _refuse("rows", [kind for kind in specs.beyond if kind.startswith(_OF_ROWS)], without)
    return rows_of(specs)


def rows_of(specs: Specs, others: Mapping[str, SearchStrategy[Any]] | None = None) -> SearchStrategy[Row]:
    """Return the strategy of rows of these columns, and of others that have strategies of their own."""
    columns = {name: values_of(spec) for name, spec in specs.columns.items()}
    return records({**columns, **(others or {})}, _finisher(specs))


def frames(
    suite: str | Path | Suite, *, size: tuple[int, int] = (1, 30), without: Collection[str] = ()
) -> SearchStrategy[Any]:
    """Return the strategy of pandas frames that meet a suite.

    Parameters
    ----------
    size
        Fewest and most rows; the suite's own row count, made for whole files, is left out.
    without
        Types of expectations that are left out: those about means, medians and the like can't be made by rows.

    Raises
    ------
    DeclarationError
        As `rows`; also for an expectation that can't be kept to and is not in `without`.
    """
    specs = specs_of(_read(suite).entries)
    _refuse("frames", specs.beyond, without)
    return _lists(specs, size).map(lambda drawn: _frame(specs, _with_all(specs, drawn)))


def broken_rows(suite: str | Path | Suite) -> SearchStrategy[tuple[str, Row]]:
    """Return the strategy of an expectation's label and a row that breaks that expectation alone."""
    read = _read(suite)
    specs = specs_of(read.entries)
    found = [breaks for breaks in _breaking(read, specs, _table) if not breaks.label.startswith(_OF_WHOLE_COLUMNS)]
    drawn = strategies().tuples(_one_of(found, read), rows_of(specs))
    return drawn.map(lambda pair: (pair[0].label, {**pair[1], pair[0].column: pair[0].value}))  # type: ignore[no-any-return]


def broken_frames(suite: str | Path | Suite, *, size: tuple[int, int] = (1, 30)) -> SearchStrategy[tuple[str, Any]]:
    """Return the strategy of an expectation's label and a pandas frame that breaks that expectation alone.

    Every row of the frame breaks it, so that it is broken whatever share it asks for.
    """
    read = _read(suite)
    specs = specs_of(read.entries)
    found = [breaks for breaks in _breaking(read, specs, _frame) if not specs.columns[breaks.column].unique]
    drawn = strategies().tuples(_one_of(found, read), _lists(specs, size))

    def spoil(pair: tuple[_Breaks, list[Row]]) -> tuple[str, Any]:
        breaks, listed = pair
        spoiled = [{**row, breaks.column: breaks.value} for row in _with_all(specs, listed)]
        return breaks.label, _frame(specs, spoiled)

    return drawn.map(spoil)  # type: ignore[no-any-return]


def _one_of(found: Sequence[_Breaks], suite: Suite) -> SearchStrategy[_Breaks]:
    """Return the strategy of the ways to break one expectation: each expectation as often as every other."""
    if not found:
        raise DeclarationError(f"no single expectation of {suite.path} can be broken by one value")
    st = strategies()
    labels = list(dict.fromkeys(breaks.label for breaks in found))
    ways = {label: st.sampled_from([breaks for breaks in found if breaks.label == label]) for label in labels}
    return st.sampled_from(labels).flatmap(ways.__getitem__)  # type: ignore[no-any-return]


def _refuse(made: str, beyond: Sequence[str], without: Collection[str]) -> None:
    left = sorted(set(beyond) - set(without))
    if left:
        raise DeclarationError(f"{made} can't be made to keep to {', '.join(left)}. Hint: without={left!r}")


def _read(suite: str | Path | Suite) -> Suite:
    return suite if isinstance(suite, Suite) else read_suite(Path(suite))


def _finisher(specs: Specs) -> Callable[[Row], Row]:
    """Return what makes the columns of one row keep to each other."""
    for upper, lower, _ in specs.ordered:
        bottom, top = specs.columns[lower].low, specs.columns[upper].high
        if bottom is not None and top is not None and bottom[0] > top[0]:
            raise DeclarationError(
                f"no two values keep their order: {lower} is at least {bottom[0]}, {upper} at most {top[0]}"
            )

    def finish(row: Row) -> Row:
        for left, right in specs.equal:
            row[right] = row[left]
        for upper, lower, or_equal in specs.ordered:
            if row[upper] is None or row[lower] is None:
                row[upper] = row[lower] = None
            elif row[upper] < row[lower] or (row[upper] == row[lower] and not or_equal):
                pair = (row[lower], row[upper])
                columns = (specs.columns[lower], specs.columns[upper])
                row[lower], row[upper] = _in_order(*columns, pair, or_equal=or_equal)
        for names in specs.distinct_within:
            _tell_apart(specs, names, row)
        return row

    return finish


def _in_order(lower: Spec, upper: Spec, values: tuple[Any, Any], *, or_equal: bool) -> tuple[Any, Any]:
    """Return two values in their order, each allowed in its own column: the drawn ones where one swap will do."""
    found = (
        (low, high)
        for low, high in candidates(lower, upper, values)
        if (low < high or (or_equal and low == high)) and lower.allows(low) and upper.allows(high)
    )
    pair = next(found, None)
    if pair is None:
        raise DeclarationError(f"no two values keep their order: at least {lower.low}, at most {upper.high}")
    return pair


def _tell_apart(specs: Specs, names: Sequence[str], row: Row) -> None:
    """Give each of some columns of a row a value that the ones before it have not."""
    for place, name in enumerate(names):
        taken = [row[before] for before in names[:place]]
        if row[name] in taken:
            spec = specs.columns[name]
            others = (one for one in near(spec, row[name]) if one not in taken and spec.allows(one))
            row[name] = next(others, None)
            if row[name] is None:
                raise DeclarationError(f"{', '.join(names)} can't all differ: {name} has no other value left")


def _lists(specs: Specs, size: tuple[int, int]) -> SearchStrategy[list[Row]]:
    keys = [(name,) for name, spec in specs.columns.items() if spec.unique]
    fewest = max(size[0], *(len(wanted) for wanted in specs.all_of.values()), 0)
    return lists(rows_of(specs), fewest, max(size[1], fewest), [*keys, *map(tuple, specs.unique_together)])


def _with_all(specs: Specs, drawn: list[Row]) -> list[Row]:
    """Return rows in which every value of a set that must occur does, in the first of them."""
    for column, wanted in specs.all_of.items():
        for row, value in zip(drawn, wanted, strict=False):
            row[column] = value
    return drawn


def _table(specs: Specs, drawn: Sequence[Mapping[str, Any]]) -> Any:
    columns = {name: [row.get(name) for row in drawn] for name in specs.columns}
    kinds = {name: _kind(spec, columns[name]) for name, spec in specs.columns.items()}
    return table_of(columns, kinds)


def _frame(specs: Specs, drawn: Sequence[Mapping[str, Any]]) -> Any:
    return _table(specs, drawn).to_pandas()


def _kind(spec: Spec, values: Sequence[Any]) -> str:
    """Return the kind of a column, where its values do not tell another one."""
    texts = [isinstance(value, str) for value in (*values, *(spec.among or ())) if value is not None]
    if not any(texts):
        return spec.kind if spec.among is None and (spec.kind != "text" or not texts) else ""
    return "text" if all(texts) else ""


def _breaking(suite: Suite, specs: Specs, make: Callable[[Specs, Sequence[Mapping[str, Any]]], Any]) -> list[_Breaks]:
    """Return each value that breaks one expectation and no other, in a frame as `make` makes it."""
    found = []
    for column, spec in specs.columns.items():
        if any(column in names for names in (*specs.equal, *specs.ordered, *specs.distinct_within)):
            continue
        own = [
            expectation for expectation in suite.expectations
            if expectation.kwargs.get("column") == column and "row_condition" not in expectation.kwargs
            and expectation.type not in specs.beyond
        ]  # fmt: skip
        entries = [{"type": one.type, "kwargs": dict(one.kwargs)} for one in own]
        alone = specs.only({column: spec})
        for value in violations(spec):
            outcomes = measure_entries(make(alone, [{column: value}]), entries)
            unmet = [bool(outcome.error) or not outcome.success for outcome in outcomes]
            if sum(unmet) == 1:
                found.append(_Breaks(own[unmet.index(True)].label, column, value))
    return found
