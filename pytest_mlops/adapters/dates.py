"""python-dateutil: dates as people write them; it comes with pandas and with Great Expectations."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import DeclarationError, MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable


def parse_date(text: str) -> dt.datetime:
    """Return the moment that a text names; ISO 8601 needs no library.

    Raises
    ------
    DeclarationError
        When it names none.
    """
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        return _parser()(text)
    except (ValueError, OverflowError) as exc:
        raise DeclarationError(f"a date was expected, got {text!r}. Hint: write it as 2013-01-31") from exc


def is_date(text: str) -> bool:
    """Say whether dateutil can read a text as a date."""
    try:
        _parser()(text)
    except (ValueError, OverflowError):
        return False
    return True


def _parser() -> Callable[[str], dt.datetime]:
    try:
        from dateutil.parser import parse
    except ImportError as exc:
        raise MissingExtra(needs="reading a date", library="python-dateutil", extra="data") from exc
    reader: Callable[[str], dt.datetime] = parse
    return reader
