"""Personal data: precision and recall on a labelled set, what may be required, and what never leaves a scan."""

from __future__ import annotations

import datetime as dt
import json
import random
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest

from pytest_mlops import (
    DeclarationError,
    RequirementNotMet,
    k_anonymous,
    l_diverse,
    no_forbidden_features,
    no_personal_data,
    retained_at_most,
)
from pytest_mlops.stages.privacy import scan_data, scan_texts
from pytest_mlops.stages.privacy.finders import finders, kind_of_name
from tests.parity.frames import ENGINES
from tests.stages.privacy.labelled import HARMLESS, PERSONAL, sentence, values

if TYPE_CHECKING:
    from pathlib import Path

# ruff: noqa: E501 - messages
PEOPLE = pa.table({
    "age": [30, 30, 30, 41, 41], "town": ["A", "A", "A", "B", "B"], "illness": ["x", "y", "x", "z", "z"],
    "day": [dt.date(2013, 1, day) for day in (1, 2, 3, 4, 5)],
})  # fmt: skip


def found(table: Any) -> dict[str, set[str]]:
    kinds: dict[str, set[str]] = {}
    for one in scan_data(table, name="t").measurements[1:]:
        kinds.setdefault(one.subject.removeprefix("t."), set()).add(one.name.removeprefix("privacy."))
    return kinds


def test_columns_of_the_labelled_set() -> None:
    """Precision and recall by column are 1: every personal one is found as what it is, no harmless one is."""
    columns = {f"a{at}": values(make, at) for at, (make, _) in enumerate(PERSONAL.values())}
    labels = {f"a{at}": {kind} for at, (_, kind) in enumerate(PERSONAL.values())}
    harmless = {f"b{at}": values(make, at) for at, make in enumerate(HARMLESS.values())}
    assert found(pa.table({**columns, **harmless})) == labels


def test_lines_of_the_labelled_set() -> None:
    """Recall of lines with personal data at least 0.97; of harmless lines at most 3 in 100 alarm, as check digits do."""
    draw = random.Random(1)  # noqa: S311 - a labelled set
    known = finders(())
    for make, kind in PERSONAL.values():
        finder = next(one for one in known if one.kind == kind)
        lines = [sentence(draw, value) for value in values(make, 5)]
        assert sum(any(True for _ in finder.found_in(line)) for line in lines) / len(lines) >= 0.97, kind
    lines = [sentence(draw, value) for make in HARMLESS.values() for value in values(make, 6)]
    alarms = sum(any(True for one in known for _ in one.found_in(line)) for line in lines)
    assert alarms / len(lines) <= 0.03


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_finds_the_same(engine: str, tmp_path: Path) -> None:
    table = pa.table({"mail": ["a@example.com", None, "none", "b@example.com"], "n": [1, 2, 3, 4]})
    scan = scan_data(ENGINES[engine](table, tmp_path), name="t")
    assert {(one.name, one.subject, one.value) for one in scan.measurements} == {
        ("privacy.kinds_found", "t", 1.0), ("privacy.email", "t.mail", 2.0),
    }  # fmt: skip


def test_national_phone_numbers_need_their_region() -> None:
    table = pa.table({"a": ["(212) 555-2368", "212-736-5000"]})
    assert found(table) == {}
    assert {one.name for one in scan_data(table, name="t", regions=["US"]).measurements[1:]} == {"privacy.phone"}


@pytest.mark.parametrize(
    ("column", "kind"),
    [("email", "email"), ("E-Mail", "email"), ("customerPhoneNumber", "phone"), ("DOB", "birth"), ("zip_code", "address"),
     ("first name", "name"), ("carrier", ""), ("dest", ""), ("late", ""), ("wind_dir", ""), ("filename", ""), ("shipment", "")],
)  # fmt: skip
def test_a_column_says_what_is_in_it(column: str, kind: str) -> None:
    assert kind_of_name(column) == kind


def test_values_never_leave_a_scan() -> None:
    """Neither the result nor the message; the rows that hold them are told."""
    frame = pd.DataFrame({"note": ["fine", "write to canary@example.com", "fine"]})
    scan = scan_data(frame, name="tickets")
    with pytest.raises(RequirementNotMet) as story:
        scan.require(no_personal_data())
    assert "canary" not in str(story.value) + json.dumps(scan.to_json())
    assert "tickets.note: privacy.email must be at most 0, got 1 (n = 3" in str(story.value)
    assert "rows 1" in str(story.value)


def test_a_kind_may_be_allowed_in_its_column() -> None:
    frame = pd.DataFrame({"mail": ["a@example.com"], "ssn": ["001-01-0001"]})
    scan = scan_data(frame, name="people")
    scan.require(no_personal_data(but={"mail": ["email"], "ssn": ["column_name", "national_id[us.ssn]"]}))
    with pytest.raises(RequirementNotMet, match=r"people.ssn: column_name\[national_id\]"):
        scan.require(no_personal_data(but={"mail": ["email"]}))


def test_files_of_text_are_scanned_by_line(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    log.write_text("ok\nok\nmail from canary@example.com\n4111 1111 1111 1111\n")
    scan = scan_texts([("service.log", log)], name="logs")
    with pytest.raises(RequirementNotMet, match=r"logs.service.log: privacy.email .* First in line 3") as story:
        scan.require(no_personal_data())
    assert "canary" not in str(story.value)
    assert "privacy.payment_card" in str(story.value)
    log.write_text("all is well\n")
    scan_texts([("service.log", log)], name="logs").require(no_personal_data())


@pytest.mark.parametrize("engine", ENGINES)
def test_groups_of_quasi_identifiers(engine: str, tmp_path: Path) -> None:
    scan = scan_data(ENGINES[engine](PEOPLE, tmp_path), name="people")
    scan.require(k_anonymous(2, by=["age", "town"]), l_diverse(1, by="town", sensitive="illness"))
    with pytest.raises(
        RequirementNotMet, match=r"k_anonymity must be at least 3 rows, got 2 rows .* 1 groups are smaller"
    ):
        scan.require(k_anonymous(3, by=["age", "town"]))
    with pytest.raises(RequirementNotMet, match=r"l_diversity must be at least 2 different values, got 1"):
        scan.require(l_diverse(2, by=["age", "town"], sensitive="illness"))


def test_forbidden_features_and_retention() -> None:
    scan = scan_data(PEOPLE, name="people")
    scan.require(no_forbidden_features(["gender", "race"]))
    scan.require(retained_at_most(dt.timedelta(days=30), time="day", now="2013-01-20"))
    with pytest.raises(
        RequirementNotMet, match=r"forbidden_features must be at most 0 columns, got 1 column .* There is illness"
    ):
        scan.require(no_forbidden_features(["Illness "]))
    with pytest.raises(RequirementNotMet, match="oldest_row must be at most 10 days, got 19 days"):
        scan.require(retained_at_most(dt.timedelta(days=10), time="day", now="2013-01-20"))


def test_no_rows_and_empty_files_are_no_evidence(tmp_path: Path) -> None:
    empty = scan_data(PEOPLE.slice(0, 0), name="people")
    for requirement in (no_personal_data(), k_anonymous(2, by="age"), retained_at_most(dt.timedelta(1), time="day")):
        with pytest.raises(RequirementNotMet, match="not run"):
            empty.require(requirement)
    (tmp_path / "empty.log").write_text("")
    with pytest.raises(RequirementNotMet, match="not run"):
        scan_texts([("empty.log", tmp_path / "empty.log")], name="logs").require(no_personal_data())


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    scan = scan_data(PEOPLE, name="people")
    with pytest.raises(DeclarationError, match=r"there is no column 'agee'\. Did you mean 'age'"):
        scan.require(k_anonymous(2, by="agee"))
    with pytest.raises(DeclarationError, match="must be a column of dates or times"):
        scan.require(retained_at_most(dt.timedelta(1), time="age"))
    (tmp_path / "a.log").write_text("x")
    with pytest.raises(DeclarationError, match="is files of text, which have no columns"):
        scan_texts([("a.log", tmp_path / "a.log")], name="logs").require(k_anonymous(2, by="age"))
