"""Load runs that another tool made (JMeter, Gatling, k6, NeoLoad), from its files, judged by the same limits."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_mlops.core.digest import digest_file
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.result import Result
from pytest_mlops.stages.load.from_gatling import rows_of_gatling
from pytest_mlops.stages.load.from_jmeter import rows_of_jtl_csv, rows_of_jtl_xml
from pytest_mlops.stages.load.from_k6 import summary_of_k6
from pytest_mlops.stages.load.from_neoload import RAW_COLUMNS, is_neoload, rows_of_neoload, summary_of_neoload
from pytest_mlops.stages.load.numbers import is_latency, measurements_of
from pytest_mlops.stages.load.record import Record, record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pytest_mlops.core.measurement import Measurement
    from pytest_mlops.stages.load.summary import Summary

    Row = tuple[float, float, int, str, str]  # sent at, done at, status, name, what went wrong
    Reader = Callable[[str], Iterable[Row]]

_FEWEST = 20  # requests
_RESOLUTION_MS = 1.0  # of all that write down single requests


def measure_results(path: Path, *, name: str) -> Result:
    """Measure what a file of another tool says of a load run.

    JMeter's CSV and XML, Gatling's text log and NeoLoad's raw data hold every request. k6's summary (of
    `--summary-export`, or what `handleSummary` was given) and NeoLoad's values of elements hold numbers only: their
    quantiles have no interval, and are judged by the point.

    Raises
    ------
    DeclarationError
        When the file is none of these, or broken; with the line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as exc:
        raise DeclarationError(f"{path} must be results of a load run: {exc.strerror}") from exc
    measured, why = _of_numbers(path, text) if text[:1] in {"{", "["} else _of_requests(path, text)
    found = [replace(one, subject=name) for one in measured]
    if why:
        found = [replace(one, value=None, n=0, interval=None, note=why, artefacts=()) for one in found]
    return Result(
        stage="load",
        subject=name,
        measurements=tuple(found),
        details={"proved": not why, "why": why},
        digests={f"results:{name}": digest_file(path)},
    )


def _why(requests: int, *, all_failed: bool) -> str:
    """Return why results prove nothing; empty where they do."""
    if not requests:
        return "the results hold no request"
    if all_failed:
        return f"all {requests:,} requests failed"
    return f"{requests} requests are too few to judge a service by" if requests < _FEWEST else ""


def _of_requests(path: Path, text: str) -> tuple[list[Measurement], str]:
    """Return the measurements of a file that holds requests, and why it proves nothing, if it does not."""
    tool, reader = _reader(path, text)
    try:
        rows = sorted(reader(text))
    except (ValueError, KeyError, IndexError, ET.ParseError) as exc:
        raise DeclarationError(f"{path} can't be read as {tool}: {exc}") from exc
    record = _record(rows)
    measured = [
        replace(one, resolution=_RESOLUTION_MS) if is_latency(one) else one
        for one in measurements_of(record, is_open=False)
    ]
    return measured, _why(len(record), all_failed=bool(record.failed.all()))


def _reader(path: Path, text: str) -> tuple[str, Reader]:
    head = text.partition("\n")[0]
    if text.lstrip().startswith(("<?xml", "<testResults")):
        return "JMeter's XML", rows_of_jtl_xml
    if text.startswith(("RUN\t", "USER\t", "REQUEST\t", "GROUP\t", "ASSERTION\t")):
        return "Gatling's log", rows_of_gatling
    if "timeStamp" in head and "elapsed" in head:
        return "JMeter's CSV", rows_of_jtl_csv
    if set(RAW_COLUMNS) <= set(head.strip().split(";")):
        return "NeoLoad's raw data", rows_of_neoload
    raise _unknown(path, text)


def _record(rows: list[Row]) -> Record:
    first = rows[0][0] if rows else 0.0
    length = max((row[1] for row in rows), default=0.0) - first
    facts = {"duration_s": length or 1e-9, "asked_s": length or 1e-9, "cpu_share": 0.0}
    return record_of([(sent - first, done - first, *rest) for sent, done, *rest in rows], facts)  # type: ignore[misc]


def _of_numbers(path: Path, text: str) -> tuple[list[Measurement], str]:
    """Return the measurements of a file that holds numbers of the whole run, and why it proves nothing."""
    try:
        said = json.loads(text)
    except ValueError as exc:
        raise DeclarationError(f"{path} can't be read as JSON: {exc}") from exc
    tool, read = _summary_reader(path, text, said)
    try:
        summary = read(said)
    except ValueError as exc:
        raise DeclarationError(f"{path} can't be read as {tool}: {exc}") from exc
    return summary.measurements(), _why(summary.requests, all_failed=summary.failures >= 1)


def _summary_reader(path: Path, text: str, said: object) -> tuple[str, Callable[..., Summary]]:
    if isinstance(said, dict) and "metrics" in said:
        return "k6's summary", summary_of_k6
    if is_neoload(said):
        return "NeoLoad's values of elements", summary_of_neoload
    raise _unknown(path, text)


def _unknown(path: Path, text: str) -> DeclarationError:
    return DeclarationError(
        f"{path} must be JMeter's JTL (CSV with a header, or XML), Gatling's simulation.log in text (3.10 and before), "
        f"k6's summary in JSON, or NeoLoad's raw data in CSV or values of elements in JSON, got {text[:40]!r}"
    )
