"""The run's verdict, the stages, and reading a record."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_mlops import ToolError
from pytest_mlops.core.record import CheckRecord, GateRecord, judge_run, read_record, short_id, summarise_stages

if TYPE_CHECKING:
    from pathlib import Path


def check(verdict: str, *, stage: str = "data", gate: str = "block", name: str = "test_it") -> CheckRecord:
    return CheckRecord(id=f"a.py::{name}", stage=stage, verdict=verdict, outcome="x", gate=gate, reason="because")


@pytest.mark.parametrize(
    ("checks", "gates", "partial", "verdict"),
    [
        ([check("pass")], [], "", "pass"),
        ([check("pass"), check("fail")], [], "", "fail"),
        ([check("pass"), check("fail", gate="warn")], [], "", "pass"),
        ([check("fail", gate="warn")], [], "", "not_run"),
        ([], [], "", "not_run"),
        ([check("pass")], [], "1 deselected", "not_run"),
        ([check("fail")], [], "1 deselected", "fail"),
        ([check("pass")], [GateRecord(name="tree", verdict="fail", reason="dirty")], "", "fail"),
        ([check("pass"), check("not_run")], [], "", "not_run"),
    ],
)
def test_the_verdict_of_a_run(checks: list[CheckRecord], gates: list[GateRecord], partial: str, verdict: str) -> None:
    got, reason = judge_run(checks, gates, partial)
    assert got == verdict
    assert bool(reason) is (verdict != "pass")


def test_a_warned_check_does_not_decide_its_stage() -> None:
    (data, *_) = summarise_stages([check("fail", gate="warn"), check("pass")])
    assert (data.stage, data.verdict, data.checks, data.counts) == ("data", "pass", 2, {"fail": 1, "pass": 1})


def test_a_red_stage_names_its_worst_check() -> None:
    (data, *_) = summarise_stages([check("pass"), check("inconclusive", name="test_x[a::b]")])
    assert data.measured == "test_x[a::b]: because"


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("january.dep_time", "january n = 7"),
        ("delays.train:train", "train n = 7"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000 n = 7"),
    ],
)
def test_a_green_stage_names_what_it_measured(subject: str, words: str) -> None:
    found = replace(check("pass"), evidence=[{"measurement": {"subject": subject, "n": 7}}])
    assert summarise_stages([found])[0].measured == words


def test_a_short_id_keeps_its_parameters() -> None:
    assert short_id("checks/a.py::TestIt::test_x[a::b]") == "test_x[a::b]"
    assert short_id("mlops.toml::drift::february::hour") == "hour"


def test_a_newer_major_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps({"schema_version": "2.0"}))
    with pytest.raises(ToolError, match=r"has schema version 2.0, this reader knows 1.\d. Hint: upgrade"):
        read_record(tmp_path / "r.json")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": '])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(ToolError, match="must be a run record of pytest-mlops"):
        read_record(tmp_path / "r.json")
