"""JUnit properties of a check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from pytest_mlops.core.plain import plain
from pytest_mlops.report.junit import properties

if TYPE_CHECKING:
    from pytest_mlops.core.record import CheckRecord


def test_properties_of_a_check(red_record: dict[str, Any]) -> None:
    assert properties(red_record["checks"][0]) == [
        ("mlops.stage", "data"),
        ("mlops.verdict", "pass"),
        ("mlops.gate", "block"),
        ("mlops.rubric", "data-1"),
        ("mlops.data.unexpected_share[january.dep_time]", "0.01 (at most 0.05, n=27,004)"),
    ]


def test_a_value_has_its_unit_and_a_nan_its_word(red_record: dict[str, Any]) -> None:
    assert properties(red_record["checks"][2])[-1] == ("mlops.load.p95[delay_api]", "14.2 ms (at most 50 ms, n=1,200)")
    assert properties(red_record["checks"][4])[-1] == (
        "mlops.serving.violations[delay_api]",
        "not a number (at most 0, n=12)",
    )


def test_a_measurement_without_a_limit(red_record: dict[str, Any]) -> None:
    check = red_record["checks"][0]
    check["evidence"][0]["limit"] = None
    assert properties(check)[-1][1] == "0.01 (n=27,004)"


def test_hostile_text_is_valid_xml(hostile_record: dict[str, Any]) -> None:
    for check in hostile_record["checks"]:
        for name, value in properties(check):
            element = ET.Element("property", name=name, value=value)
            assert ET.fromstring(ET.tostring(element)).attrib == {"name": name, "value": value}  # noqa: S314 - our own


def test_all_are_plain_strings(warned_check: CheckRecord) -> None:
    check: Any = plain(vars(warned_check))
    assert {type(text) for pair in properties(check) for text in pair} == {str}
