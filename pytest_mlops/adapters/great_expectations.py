"""Great Expectations: runs the expectations of a suite on a pandas frame; its raw values stop here."""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError, MissingExtra, ToolError
from pytest_mlops.core.messages import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What Great Expectations says of one expectation, without any value of the data.

    `observed` is its number for an expectation about a whole column or table, None where it has none.
    """

    success: bool
    elements: int | None
    missing: int
    unexpected: int | None
    observed: float | None
    error: str
    version: str


def run_suite(frame: Any, suite: Mapping[str, Any]) -> Sequence[Outcome]:
    """Run every expectation of a saved suite, in its order.

    Raises
    ------
    DeclarationError
        When the suite can't be loaded (an unknown expectation, a wrong key).
    MissingExtra
        When Great Expectations is not installed.
    """
    with warnings.catch_warnings():  # its own deprecations are not the user's, who may have made warnings errors
        warnings.simplefilter("ignore")
        return _run(frame, suite)


def _run(frame: Any, suite: Mapping[str, Any]) -> Sequence[Outcome]:
    gx = _great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = _no_progress_bars()
    expectations = [_load(entry, number) for number, entry in enumerate(suite["expectations"])]
    batch = (
        context.data_sources.add_pandas("frames")
        .add_dataframe_asset("frame")
        .add_batch_definition_whole_dataframe("whole")
    )
    loaded = gx.ExpectationSuite(name="suite", expectations=expectations)
    try:
        results = batch.get_batch(batch_parameters={"dataframe": frame}).validate(loaded, result_format=_COUNTS_ALONE)
    except Exception as exc:
        raise ToolError(f"Great Expectations stopped: {type(exc).__name__}: {exc}") from exc
    ordered = sorted(results.results, key=lambda result: int(result.expectation_config.meta[_NUMBER]))
    if len(ordered) != len(expectations):
        raise ToolError(f"Great Expectations answered {len(ordered)} of {len(expectations)} expectations")
    return [_outcome(result, gx.__version__) for result in ordered]


def registered_types() -> Sequence[str]:
    """Return the types of expectations that are known, those of the user's own among them."""
    _great_expectations()
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    return list(list_registered_expectation_implementations())


def _great_expectations() -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    try:
        with _main_of_a_file(), warnings.catch_warnings():  # pyspark, where it is there, has its own to say
            warnings.simplefilter("ignore")
            import great_expectations
    except ImportError as exc:
        raise MissingExtra(needs="an expectation suite", library="great-expectations", extra="data") from exc
    return great_expectations


@contextmanager
def _main_of_a_file() -> Iterator[None]:
    """Let `__main__` look like a file: in a worker of xdist pyspark takes it for a doctest, and exits with 0."""
    main = sys.modules["__main__"]
    if hasattr(main, "__file__") or main.__spec__ is not None:
        yield
        return
    main.__file__ = "worker"
    try:
        yield
    finally:
        del main.__file__


def _no_progress_bars() -> Any:
    from great_expectations.data_context.types.base import ProgressBarsConfig

    return ProgressBarsConfig(globally=False)


def _load(entry: Mapping[str, Any], number: int) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

    try:
        get_expectation_impl(entry["type"])
        known = {key: value for key, value in entry.items() if key in _KEYS}
        return ExpectationConfiguration(**(known | {"meta": {_NUMBER: number}})).to_domain_obj()
    except Exception as exc:
        known_types = list_registered_expectation_implementations()
        why = "; ".join(line.strip() for line in str(exc).strip().splitlines())
        if entry["type"] not in known_types:
            why = f"there is no such expectation. {did_you_mean(entry['type'], known_types)}"
        raise DeclarationError(f"expectations[{number}]: {entry['type']} can't be loaded: {why}") from exc


_NUMBER = "pytest_mlops_number"  # results come back in another order than the suite's
_COUNTS_ALONE = {"result_format": "BASIC", "partial_unexpected_count": 0}  # no value of the data
_KEYS = ("type", "kwargs", "meta", "notes", "severity")


def _outcome(result: Any, version: str) -> Outcome:
    values = result.result or {}
    observed = values.get("observed_value")
    return Outcome(
        success=bool(result.success),
        elements=values.get("element_count"),
        missing=int(values.get("missing_count") or 0),
        unexpected=values.get("unexpected_count"),
        observed=_number(observed),
        error=_error(result.exception_info or {}),
        version=version,
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _error(info: Mapping[str, Any]) -> str:
    """Return the message of a failed metric: the information is flat, or keyed by metric when a metric fails."""
    entries = [info] if "raised_exception" in info else list(info.values())
    raised = [str(entry.get("exception_message")) for entry in entries if entry.get("raised_exception")]
    return raised[0].splitlines()[0] if raised else ""
