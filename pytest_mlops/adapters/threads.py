"""threadpoolctl: linear algebra in one thread."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_thread() -> Iterator[None]:
    """Let the products of matrices run in one thread.

    The workers of pytest-xdist share the cores, and threads that wait for each other there cost ten times what they
    save; and the last bits of a sum depend on how many share it.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError as exc:
        raise MissingExtra(needs="drift, and a model of the rows,", library="threadpoolctl", extra="drift") from exc
    with threadpool_limits(1):
        yield
