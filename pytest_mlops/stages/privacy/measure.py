"""Measures personal data: one measurement for each place and kind that was found, and how much was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlops.adapters.frames import Data, digest_data, open_lazily
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.result import Result
from pytest_mlops.stages.data.table import Table, read_table
from pytest_mlops.stages.privacy.finders import BARE_SHARE, finders
from pytest_mlops.stages.privacy.scan import Find, scan_table, scan_texts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class PrivacyScan(Result):
    """What was found, and the table that was looked at, if it was one."""

    table: Table | None = None

    @property
    def data(self) -> Table:
        """The table.

        Raises
        ------
        DeclarationError
            When files of text were scanned.
        """
        if self.table is None:
            raise DeclarationError(f"{self.subject} is files of text, which have no columns")
        return self.table


def scan_data(data: Data, *, name: str, regions: Sequence[str] = ()) -> PrivacyScan:
    """Scan a frame, or a file of Parquet or CSV.

    Parameters
    ----------
    regions
        Two-letter codes of the regions whose phone numbers are found without an international prefix, too.
    """
    frame, ordered = open_lazily(data)
    table = read_table(frame, ordered=ordered)
    rows = table.count_rows()
    found = list(scan_table(table, finders(regions))) if rows else []
    looked_at = rows * len(table.columns)
    return PrivacyScan(
        stage="privacy",
        subject=name,
        measurements=tuple(_measurements(found, name, looked_at, "cells")),
        digests={f"data:{name}": digest_data(data)},
        table=table,
    )


def scan_texts(files: Sequence[tuple[str, Path]], *, name: str, regions: Sequence[str] = ()) -> PrivacyScan:
    """Scan files of text: logs, reports, whatever a job writes."""
    size = sum(path.stat().st_size for _, path in files)
    found = list(scan_texts_of(_opened(files), finders(regions)))
    return PrivacyScan(stage="privacy", subject=name, measurements=tuple(_measurements(found, name, size, "bytes")))


def _opened(files: Iterable[tuple[str, Path]]) -> Iterator[tuple[str, Iterable[str]]]:
    for name, path in files:
        with path.open(encoding="utf-8", errors="replace") as file:
            yield name, file


def scan_lines(texts: Iterable[tuple[str, Iterable[str]]]) -> Iterator[Find]:
    """Yield what is found in named texts, but for numbers that a check digit alone tells from any other."""
    return scan_texts_of(texts, [finder for finder in finders(()) if finder.least_share < BARE_SHARE])


def _measurements(found: Sequence[Find], name: str, looked_at: int, unit: str) -> Iterable[Measurement]:
    yield Measurement(
        name="privacy.kinds_found",
        subject=name,
        value=len(found) if looked_at else None,
        n=looked_at,
        method=f"{looked_at:,} {unit} looked at",
    )
    for find in found:
        yield Measurement(
            name=f"privacy.{find.kind}",
            subject=f"{name}.{find.place}",
            value=find.count,
            n=find.n,
            method="pattern, then python-stdnum, phonenumbers or email-validator",
            note=find.where,
        )
