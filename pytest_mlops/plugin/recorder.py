"""What one test item recorded: evidence in plain JSON types, kept until its report is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from pytest_mlops.core.evidence import evidence_of
from pytest_mlops.core.messages import indented
from pytest_mlops.core.verdict import Verdict, combine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlops.core.judge import Judgement
    from pytest_mlops.core.plain import Json


@dataclass
class ItemRecorder:
    """The recorder of one test item."""

    evidence: list[dict[str, Json]] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    judgements: list[Judgement] = field(default_factory=list)
    baselines: list[str] = field(default_factory=list)
    references: list[tuple[str, str]] = field(default_factory=list)
    updates: list[tuple[str, str, dict[str, float | int | str]]] = field(default_factory=list)

    def record(self, judgement: Judgement) -> None:
        """Keep one judgement; called by `require` and by a comparison."""
        self.judgements.append(judgement)
        self.evidence.append(evidence_of(judgement))

    def about(self, digests: Mapping[str, str]) -> None:
        """Keep the digests of what was measured."""
        self.digests.update(digests)

    def verdict(self) -> Verdict:
        """Return the worst verdict that was recorded."""
        return combine(str(evidence["verdict"]) for evidence in self.evidence)

    def red_story(self) -> str:
        """Return the texts of all red evidence, a line each."""
        red = [evidence for evidence in self.evidence if evidence["verdict"] != Verdict.PASS]
        return "\n".join(f"{Verdict(str(item['verdict'])).words}: {indented(str(item['text']), '  ')}" for item in red)


RECORDER = pytest.StashKey[ItemRecorder]()


def recorder_of(item: pytest.Item) -> ItemRecorder:
    """Return the recorder of an item, a new one on first use."""
    if RECORDER not in item.stash:
        item.stash[RECORDER] = ItemRecorder()
    return item.stash[RECORDER]
