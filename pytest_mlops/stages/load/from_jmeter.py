"""JMeter's JTL, in CSV with a header or in XML: every sample that it took."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_mlops.stages.load.elsewhere import Row


def rows_of_jtl_csv(text: str) -> Iterable[Row]:
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


def rows_of_jtl_xml(text: str) -> Iterable[Row]:
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
