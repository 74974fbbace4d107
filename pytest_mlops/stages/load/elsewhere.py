"""Load runs that another tool made: JMeter's JTL, Gatling's simulation.log, k6's summary; judged by the same limits."""

from __future__ import annotations

import csv
import json
import math
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.digest import digest_file
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.result import Result
from pytest_mlops.stages.load.numbers import measurements_of
from pytest_mlops.stages.load.record import Record, record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    Row = tuple[float, float, int, str, str]  # sent at, done at, status, name, what went wrong

_FEWEST = 20  # requests
_QUANTILES = {"p50": ("med", "p(50)"), "p90": ("p(90)",), "p95": ("p(95)",), "p99": ("p(99)",), "p999": ("p(99.9)",)}


def measure_results(path: Path, *, name: str) -> Result:
    """Measure what a file of another tool says of a load run.

    JMeter's CSV and XML and Gatling's text log hold every request, k6's summary (`--summary-export`, or what
    `handleSummary` was given) only numbers: its quantiles have no interval, and are judged by the point.

    Raises
    ------
    DeclarationError
        When the file is none of these, or broken; with the line.
    """
    try:
        text = path.read_bytes()
    except OSError as exc:
        raise DeclarationError(f"{path} must be results of a load run: {exc.strerror}") from exc
    if text[:1] == b"{":
        measured, why = _of_summary(path, text)
    else:
        record = _record(path, text)
        measured, why = measurements_of(record, is_open=False), _why(record)
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


def _why(record: Record) -> str:
    if not len(record):
        return "the results hold no request"
    if record.failed.all():
        return f"all {len(record):,} requests failed"
    return f"{len(record)} requests are too few to judge a service by" if len(record) < _FEWEST else ""


def _record(path: Path, text: bytes) -> Record:
    decoded = text.decode("utf-8", errors="replace")
    reader: Callable[[str], Iterable[Row]]
    if decoded.lstrip().startswith("<?xml") or decoded.lstrip().startswith("<testResults"):
        tool, reader = "JMeter's XML", _of_jtl_xml
    elif decoded.startswith(("RUN\t", "USER\t", "REQUEST\t", "GROUP\t", "ASSERTION\t")):
        tool, reader = "Gatling's log", _of_gatling
    elif "timeStamp" in decoded.partition("\n")[0] and "elapsed" in decoded.partition("\n")[0]:
        tool, reader = "JMeter's CSV", _of_jtl_csv
    else:
        raise DeclarationError(
            f"{path} must be JMeter's JTL (CSV with a header, or XML), Gatling's simulation.log in text (3.10 and "
            f"before), or k6's summary in JSON, got {decoded[:40]!r}"
        )
    try:
        rows = sorted(reader(decoded))
    except (ValueError, KeyError, IndexError, ET.ParseError) as exc:
        raise DeclarationError(f"{path} can't be read as {tool}: {exc}") from exc
    first = rows[0][0] if rows else 0.0
    length = max((row[1] for row in rows), default=0.0) - first
    facts = {"duration_s": length or 1e-9, "asked_s": length or 1e-9, "cpu_share": 0.0}
    return record_of([(sent - first, done - first, *rest) for sent, done, *rest in rows], facts)  # type: ignore[misc]


def _of_jtl_csv(text: str) -> Iterable[Row]:
    """Yield the samples of JMeter's CSV; `timeStamp` is when each began, or ended where JMeter was told so."""
    lines = text.splitlines()
    delimiter = next((mark for mark in ",;\t|" if f"timeStamp{mark}" in lines[0]), ",")
    for number, row in enumerate(csv.DictReader(lines, delimiter=delimiter), start=2):
        try:
            sent, took = float(row["timeStamp"]) / 1000, float(row["elapsed"]) / 1000
        except (TypeError, ValueError) as exc:
            raise ValueError(f"line {number}: timeStamp and elapsed must be milliseconds ({exc})") from exc
        is_success = str(row.get("success", "true")).lower() == "true"
        yield _row(
            sent, took, row.get("responseCode"), row.get("label"), "" if is_success else row.get("failureMessage")
        )


def _of_jtl_xml(text: str) -> Iterable[Row]:
    """Yield the samples of JMeter's XML, those of the outermost level."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("a document type, which results have none of")
    for sample in ET.fromstring(text):  # noqa: S314 - entities were refused
        said = sample.attrib
        yield _row(
            float(said["ts"]) / 1000, float(said["t"]) / 1000, said.get("rc"), said.get("lb"),
            "" if said.get("s", "true") == "true" else said.get("rm") or "failed",
        )  # fmt: skip


def _row(sent: float, took: float, status: str | None, name: str | None, failure: str | None) -> Row:
    code = int(status) if status and status.isdigit() else 0
    return sent, sent + took, code, name or "", "" if failure == "" else (failure or f"status {status}")


def _of_gatling(text: str) -> Iterable[Row]:
    """Yield the requests of Gatling's text log: columns moved between versions, the times stand before OK or KO."""
    for number, line in enumerate(text.splitlines(), start=1):
        parts = line.split("\t")
        if parts[0] != "REQUEST":
            continue
        at = next((place for place, part in enumerate(parts) if part in {"OK", "KO"}), -1)
        if at < 4:  # noqa: PLR2004 - a name and two times stand before
            raise ValueError(f"line {number}: a REQUEST must say OK or KO after its times")
        sent, done = float(parts[at - 2]) / 1000, float(parts[at - 1]) / 1000
        message = parts[at + 1].strip() if len(parts) > at + 1 else ""
        yield sent, done, 0, parts[at - 3], (message or "KO") if parts[at] == "KO" else ""


def _of_summary(path: Path, text: bytes) -> tuple[list[Measurement], str]:
    """Return the measurements of k6's summary, their subject still open; and why it proves nothing, if it does not."""
    try:
        metrics = json.loads(text)["metrics"]
        took, failed, sent = (_values(metrics, key) for key in ("http_req_duration", "http_req_failed", "http_reqs"))
        n, rate = int(sent["count"]), float(sent["rate"])
        share = float(failed.get("rate", failed.get("value", math.nan)))
    except (ValueError, KeyError, TypeError) as exc:
        raise DeclarationError(
            f"{path} must be k6's summary with http_reqs, http_req_duration and http_req_failed: "
            f"{type(exc).__name__}: {exc}"
        ) from exc
    found = []
    for short, keys in _QUANTILES.items():
        value = next((float(took[key]) for key in keys if key in took), None)
        note = "" if value is not None else f"the summary has no {keys[-1]}. Hint: summaryTrendStats in k6's options"
        found.append(
            _said(
                f"load.{short}", value, n, unit="ms", method="http_req_duration, as k6 says it; no interval", note=note
            )
        )
    found += [
        _said("load.failures", share, n, method="http_req_failed, as k6 says it"),
        _said("load.throughput", rate * (1 - share), n, unit="1/s", method="answered requests a second"),
        _said("load.requests", float(n), n),
    ]
    few = f"{n} requests are too few to judge a service by" if n < _FEWEST else ""
    return found, few or (f"all {n:,} requests failed" if share >= 1 else "")


def _said(name: str, value: float | None, n: int, *, unit: str = "", method: str = "", note: str = "") -> Measurement:
    return Measurement(
        name=name, subject="", value=value, n=n if value is not None else 0, unit=unit, method=method, note=note
    )


def _values(metrics: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the values of a metric: beside it in `--summary-export`, within it in what `handleSummary` is given."""
    metric: Mapping[str, Any] = metrics[name]
    values: Mapping[str, Any] = metric.get("values", metric)
    return values
