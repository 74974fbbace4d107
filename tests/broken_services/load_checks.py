"""Checks of a service by its URL, as a test calls them and as load does: good ones, and broken ones."""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
import urllib.request

import pytest

FLIGHT = {"carrier": "AA", "origin": "JFK", "dep_delay": 12.5, "distance": 2000, "hour": 9}
NUMBERS = itertools.count(1)


def ask(url: str) -> dict[str, object]:
    """Ask for one flight."""
    body = json.dumps({"rows": [FLIGHT]}).encode()
    request = urllib.request.Request(f"{url}/invocations", body, {"Content-Type": "application/json"})  # noqa: S310 - http
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - http
        said: dict[str, object] = json.load(answer)
    return said


def answers_are_probabilities(url: str) -> None:
    """Find a probability in each answer."""
    for row in ask(url)["predictions"]:  # type: ignore[attr-defined]
        assert 0 <= row["probability"] <= 1


def fails_at_times(url: str) -> None:
    """Find every tenth answer wanting."""
    ask(url)
    number = next(NUMBERS)
    assert number % 10, "every tenth is wrong"


def fails_without_words(url: str) -> None:
    """Fail without a message."""
    answer = ask(url)
    assert "model_digest" not in answer


def fails_by_pytest(url: str) -> None:
    """Fail every tenth answer as tests do."""
    ask(url)
    if not next(NUMBERS) % 10:
        pytest.fail("every tenth is wrong")


def raises_at_times(url: str) -> None:
    """Read every tenth answer wrongly."""
    answer = ask(url)
    if not next(NUMBERS) % 10:
        answer["late"]


def raises_always(url: str) -> None:
    """Read every answer wrongly."""
    ask(url)["late"]


def sends_nothing(url: str) -> None:
    """Look at the URL alone."""
    assert url.startswith("http")


def asks_elsewhere(url: str) -> None:
    """Ask someone else too (RFC 5737)."""
    ask(url)
    urllib.request.urlopen("http://192.0.2.1/", timeout=1)


def refuses_in_words(url: str) -> bool:
    """Say what it should assert."""
    return "predictions" not in ask(url)


def exits(url: str) -> None:
    """End its user."""
    ask(url)
    sys.exit(0)


def ends_everything(url: str) -> None:
    """End the process with success."""
    ask(url)
    os._exit(0)


def hangs(url: str) -> None:
    """Wait for what never comes."""
    ask(url)
    threading.Event().wait()


def is_slow(url: str) -> None:
    """Take a while."""
    ask(url)
    time.sleep(0.1)


def needs_rows(url: str, rows: list[object]) -> None:
    """Need more than a URL."""


def test_with_a_fixture(delay_api: object) -> None:
    """Be a test of pytest's."""


async def is_never_awaited(url: str) -> None:
    """Fail, if it ever ran: calling a coroutine does nothing."""
    raise AssertionError(url)


NO_FUNCTION = 3
