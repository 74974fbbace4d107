"""Hypothesis: draws values of a JSON schema, and looks for the smallest one that a probe does not like."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.strategies import SearchStrategy

    from pytest_mlops.core.plain import Json

_SHRINK_PROBES = 120  # what finding a smaller example may cost


class _Disliked(Exception):
    """The probe did not like the value."""


def explore(
    drawn: Mapping[str, Json] | SearchStrategy[Any],
    probe: Callable[[Any], bool],
    *,
    seed: int,
    max_examples: int,
    time_limit_s: float = 60.0,
) -> bool:
    """Give drawn values to `probe`; once it returns False, give it smaller ones to find the smallest.

    No deadline, no database, nothing printed, no global profile touched: the same seed draws the same values.
    A probe that changes its mind is no error here, since the prober keeps what it saw.

    Returns
    -------
    bool
        False when the time ran out before all examples were drawn.

    Raises
    ------
    DeclarationError
        When the schema has a part that values cannot be drawn for.
    """
    hypothesis = _hypothesis()
    strategy = strategy_of(drawn) if isinstance(drawn, Mapping) else drawn
    budget = _Budget(time_limit_s)

    def case(value: Any) -> None:
        if budget.left() and not probe(value):
            budget.disliked()
            raise _Disliked

    settings = hypothesis.settings(
        max_examples=max_examples, deadline=None, database=None, derandomize=False, print_blob=False,
        report_multiple_bugs=False, verbosity=hypothesis.Verbosity.quiet, backend="hypothesis",
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        # A service may be slow and a body large, and a user's own test may run us inside @given: no health problem.
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    run = settings(hypothesis.seed(seed)(hypothesis.given(value=strategy)(case)))
    with _own_storage(), _own_constants():
        try:
            run()
        except (_Disliked, hypothesis.errors.Flaky):
            return True
        except BaseExceptionGroup as exc:  # several _Disliked, or _Disliked among what Hypothesis calls flaky
            if exc.split((_Disliked, hypothesis.errors.Flaky))[1] is not None:
                raise
            return True
    return not budget.ran_out


def strategy_of(schema: Mapping[str, Json]) -> SearchStrategy[Any]:
    """Return the strategy of the values of a schema.

    Raises
    ------
    DeclarationError
        When the schema has a part that values cannot be drawn for.
    """
    _hypothesis()
    from pytest_mlops.adapters.hypothesis_schema import strategy_for

    return strategy_for(schema)


class _Budget:
    """Time for all, and a number of probes once something was found."""

    def __init__(self, time_limit_s: float) -> None:
        self._deadline, self._shrinking, self.ran_out = time.monotonic() + time_limit_s, 0, False

    def left(self) -> bool:
        self.ran_out = self.ran_out or time.monotonic() > self._deadline
        self._shrinking += bool(self._shrinking)
        return not self.ran_out and self._shrinking <= _SHRINK_PROBES

    def disliked(self) -> None:
        self._shrinking = max(self._shrinking, 1)


def draw(schema: Mapping[str, Json], *, seed: int, count: int) -> list[Any]:
    """Return `count` values of a schema (fewer where there are no more)."""
    drawn: list[Any] = []

    def keep(value: Any) -> bool:
        drawn.append(value)
        return True

    explore(schema, keep, seed=seed, max_examples=count)
    return drawn[:count]


@contextmanager
def _own_storage() -> Iterator[None]:
    """Keep Hypothesis's cache files out of the user's working directory."""
    from hypothesis import configuration

    attribute = "__hypothesis_home_directory"
    before = getattr(configuration, attribute, None)
    configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / f"pytest-mlops-hypothesis-{os.getuid()}")
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(before)


@contextmanager
def _own_constants() -> Iterator[None]:
    """Keep Hypothesis from drawing the numbers and words that stand in the source of imported modules.

    What a seed draws would else depend on what this process has imported: on the order of the tests, on the worker.
    """
    providers: Any = import_module("hypothesis.internal.conjecture.providers")
    name = "_get_local_constants"
    find, cache = getattr(providers, name, None), getattr(providers, "CONSTANTS_CACHE", None)
    if find is None or cache is None:  # an older Hypothesis, which does not look
        yield
        return
    nothing = providers.Constants()
    setattr(providers, name, lambda: nothing)
    cache.cache.clear()
    try:
        yield
    finally:
        setattr(providers, name, find)
        cache.cache.clear()


def _hypothesis() -> Any:
    try:
        import hypothesis
        import hypothesis.errors
    except ImportError as exc:
        raise MissingExtra(needs="a contract", library="hypothesis", extra="serving") from exc
    return hypothesis
