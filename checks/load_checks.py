"""Checks of the live API by its URL: a test may call them once, load calls them again and again."""

from __future__ import annotations

import json
from pathlib import Path

import requests

_ROWS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "fixtures/requests/flights.jsonl").read_text("utf-8").splitlines()
]


def answers_do_not_change(url: str) -> None:
    """All rows at once and one of them alone get the same probability, whoever else asks meanwhile."""
    rows = _ROWS[:20]
    together, alone = (_ask(url, asked) for asked in (rows, rows[7:8]))
    assert len(together) == len(rows)
    assert all(0 <= probability <= 1 for probability in together)
    assert together[7] == alone[0]


def _ask(url: str, rows: list[object]) -> list[float]:
    answer = requests.post(f"{url}/invocations", json={"rows": rows}, timeout=10)
    assert answer.status_code == requests.codes.ok, answer.text[:80]
    return [prediction["probability"] for prediction in answer.json()["predictions"]]
