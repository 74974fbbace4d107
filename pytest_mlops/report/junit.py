"""JUnit properties of one check: strings, in characters that XML allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.report.facts import limit_words, value_words
from pytest_mlops.report.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping


def properties(check: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the properties of one check of a run record: its facts, then one for each evidence."""
    found = [(f"mlops.{key}", one_line(check[key])) for key in ("stage", "verdict", "gate")]
    if check["rubric"]:
        found.append(("mlops.rubric", one_line(" ".join(check["rubric"]))))
    return found + [_property(evidence) for evidence in check["evidence"]]


def _property(evidence: Mapping[str, Any]) -> tuple[str, str]:
    measurement = evidence["measurement"]
    facts = [limit_words(evidence), f"n={measurement['n']:,}"]
    words = f"{value_words(evidence)} ({', '.join(fact for fact in facts if fact)})"
    return one_line(f"mlops.{measurement['name']}[{measurement['subject']}]"), one_line(words)
