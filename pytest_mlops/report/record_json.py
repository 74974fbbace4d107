"""The run record as the text of `report.json`, and its digest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_mlops.core.digest import digest_bytes

if TYPE_CHECKING:
    from pytest_mlops.report.standing import Record


def render_json(record: Record) -> str:
    """Return the text of `report.json`: keys sorted, the same text for the same record.

    Raises
    ------
    ValueError
        For NaN and infinities, which are not JSON.
    """
    return json.dumps(record, sort_keys=True, indent=1, allow_nan=False) + "\n"


def record_digest(record: Record) -> str:
    """Return the digest of the file `report.json`, as `sha256sum` shows it: what a signature is about."""
    return digest_bytes(render_json(record).encode())
