"""One test item a slice, an expectation, a column, a law, a deepcheck: read at collection from a committed file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_mlops.core.errors import MlopsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_mlops.stages.deepchecks.checks import Deepcheck, Warn


def parametrize(metafunc: pytest.Metafunc, root: Path) -> None:
    """Apply the markers of one test function.

    Raises
    ------
    pytest.Collector.CollectError
        When the marker's arguments are wrong, its file can't be read, or the function does not take its argument.
    """
    for name, (argument, items_of) in _MARKERS.items():
        for marker in metafunc.definition.iter_markers(name):
            _apply(metafunc, marker, argument, items_of, root)


def _apply(
    metafunc: pytest.Metafunc,
    marker: pytest.Mark,
    argument: str,
    items_of: Callable[..., Iterable[tuple[object, str, str]]],
    root: Path,
) -> None:
    place = f"{metafunc.definition.nodeid}: the marker {marker.name}"
    if argument not in metafunc.fixturenames:
        raise pytest.Collector.CollectError(f"{place} needs a test that takes the argument {argument!r}")
    try:
        items = list(items_of(root, *marker.args, **marker.kwargs))
    except (MlopsError, TypeError) as exc:
        raise pytest.Collector.CollectError(f"{place}: {exc}") from None
    if not items:
        raise pytest.Collector.CollectError(
            f"{place} gives no test item: {', '.join(map(repr, marker.args))} holds nothing to check"
        )
    metafunc.parametrize(argument, [_param(*item) for item in items])


def _param(value: object, name: str, gate: str) -> object:
    marks = () if gate == "block" else (pytest.mark.mlops(gate=gate),)
    return pytest.param(value, id=name, marks=marks)


def _expectations(root: Path, suite: str) -> Iterable[tuple[object, str, str]]:
    from pytest_mlops.stages.data import read_suite

    for expectation in read_suite(root / suite).expectations:
        yield expectation, expectation.label, expectation.gate


def _slices(root: Path, column: str, *, of: str, min_n: int = 30) -> Iterable[tuple[object, str, str]]:
    from pytest_mlops.stages.model import slices_of

    for part in slices_of(root / of, column, min_n=min_n):
        yield part, str(part), "block"


def _columns(
    root: Path, of: str, *, columns: Sequence[str] | None = None, unit: str | None = None
) -> Iterable[tuple[object, str, str]]:
    from pytest_mlops.stages.drift import columns_of

    for column in columns_of(root / of, columns, unit):
        yield column, column, "block"


def _laws(
    root: Path,
    contract: str,
    *,
    protocol: str | None = None,
    laws: Sequence[str] | None = None,
    also: Sequence[str] = (),
    without: Sequence[str] = (),
    directions: Mapping[str, str] | None = None,
    score: str = "",  # noqa: ARG001 - the tool reads it
) -> Iterable[tuple[object, str, str]]:
    from pytest_mlops.stages.contract import laws_of

    declared = ["directions"] if directions else []
    found = laws_of(root / contract, protocol=protocol, laws=laws, also=also, without=without, declared=declared)
    for law in found:
        yield law, law.id, "block"


def _schemathesis(root: Path, contract: str, *, without: Sequence[str] = ()) -> Iterable[tuple[object, str, str]]:
    from pytest_mlops.stages.contract import read_contract
    from pytest_mlops.stages.schemathesis import schemathesis_checks_of

    for check in schemathesis_checks_of(read_contract(root / contract), without=without):
        yield check, check.id, "block"


def _deepchecks(
    _: Path, *asked: str | Deepcheck, without: Sequence[str] = (), warn: Warn = "fail"
) -> Iterable[tuple[object, str, str]]:
    from pytest_mlops.stages.deepchecks import plan_of

    for check in plan_of(asked, without=without, warn=warn).checks:
        yield check, check.name, "block"


_MARKERS: dict[str, tuple[str, Callable[..., Iterable[tuple[object, str, str]]]]] = {
    "mlops_expectations": ("mlops_expectation", _expectations),
    "mlops_slices": ("mlops_slice", _slices),
    "mlops_columns": ("mlops_column", _columns),
    "mlops_laws": ("mlops_law", _laws),
    "mlops_schemathesis_checks": ("mlops_schemathesis_check", _schemathesis),
    "mlops_deepchecks_checks": ("mlops_deepcheck", _deepchecks),
}
