"""Evidence: a judged measurement of one check, in plain JSON types from its first moment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_mlops.core.messages import explain
from pytest_mlops.core.plain import Json, plain

if TYPE_CHECKING:
    from pytest_mlops.core.judge import Judgement
    from pytest_mlops.core.limit import Limit


def evidence_of(judgement: Judgement) -> dict[str, Json]:
    """Return a judgement as it stands in the run record."""
    return {
        "measurement": judgement.measurement.to_json(),
        "limit": None if judgement.limit is None else _limit(judgement.limit),
        "verdict": judgement.verdict.value,
        "margin": plain(judgement.margin),
        "reason": judgement.reason,
        "text": explain(judgement),
        "artefacts": [artefact.to_json() for artefact in judgement.measurement.artefacts],
    }


def _limit(limit: Limit) -> dict[str, Json]:
    return {
        "words": limit.words(),
        "low": None if math.isinf(limit.low) else limit.low,
        "high": None if math.isinf(limit.high) else limit.high,
        "strict": limit.strict,
        "by": limit.by or "interval",
        "unit": limit.unit,
        "source": limit.source,
    }
