"""Reports never show values of the data: a planted canary is in none of the things that a run writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from tests.broken_services import model_service

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

CANARY = "canaryq7x"
# ruff: noqa: E501 - code of checks
CHECKS = """
import sys
import pytest
from pytest_mlops import (
    law, disjoint, no_drift, no_personal_data, expectations, k_anonymous, pure_features, references, unique_key,
)

@pytest.fixture
def now():
    import pandas as pd
    return pd.read_parquet("now.parquet")

def test_suite(mlops_data): mlops_data("now.parquet", suite="suite.json").require(expectations())
def test_frame(mlops_data, now): helped(mlops_data, now)
def helped(tool, frame): tool(frame, suite="suite.json", name="now").require(expectations())
def test_drift(mlops_drift): mlops_drift("now.parquet", reference="then.parquet").require(no_drift())
def test_privacy(mlops_privacy): mlops_privacy("now.parquet").require(no_personal_data(), k_anonymous(9, by="word"))
def test_log(mlops_privacy): mlops_privacy(files="*.log").require(no_personal_data())
def test_tables(mlops_tables):
    mlops_tables(now="now.parquet", then="then.parquet").require(
        unique_key("now", "word"), disjoint("now", "then", by="mail"), references("now", "word", "then"))
def test_features(mlops_features):
    import pandas as pd
    mlops_features(lambda rows: rows.iloc[::-1].reset_index(drop=True), pd.read_parquet("now.parquet")).require(pure_features())
def test_contract(mlops_service, mlops_contract):
    serve = [sys.executable, SERVICE, "--port", "{port}", "--fault", "crash_on_bad_row"]
    rows = [{"carrier": CANARY, "origin": "JFK", "dep_delay": None, "distance": 400, "hour": 6}]
    mlops_contract(mlops_service(serve, name="api"), rows=rows, laws=["valid_requests_answer"]).require(
        law("valid_requests_answer"))
def test_crash(mlops_data): mlops_data("broken.csv", suite="suite.json").require(expectations())
"""
SUITE = [
    ("column_values_to_be_in_set", {"column": "word", "value_set": ["a"]}),
    ("column_values_to_match_regex", {"column": "mail", "regex": "^x"}),
    ("column_values_to_be_json_parseable", {"column": "word"}),
    ("column_values_to_be_between", {"column": "word", "min_value": 1}),
    ("column_distinct_values_to_equal_set", {"column": "word", "value_set": ["a"]}),
    ("column_most_common_value_to_be_in_set", {"column": "word", "value_set": ["a"]}),
    ("column_values_to_be_unique", {"column": "word"}),
    ("column_pair_values_to_be_equal", {"column_A": "word", "column_B": "mail"}),
    ("column_max_to_be_between", {"column": "word", "max_value": "2013-01-01"}),
    ("column_values_to_be_of_type", {"column": "mixed", "type_": "int"}),
    ("column_kl_divergence_to_be_less_than",
     {"column": "word", "partition_object": {"values": ["a"], "weights": [1.0]}, "threshold": 0.1}),
]  # fmt: skip


REPORTS = ("report.json", "report.md", "report.html")


def test_the_canary_is_nowhere(project: Project) -> None:
    """All checks are red, and say so with counts: in the terminal, in JUnit and in every report."""
    folder = project.pytester.path
    now = {
        "word": [CANARY, CANARY, "b"] * 200,
        "mail": [f"{CANARY}@example.com", None, "x"] * 200,
        "n": [1.5, 2.0, 3.0] * 200,
    }
    then = {
        "word": ["a", "b", "c"] * 200,
        "mail": [f"{CANARY}@example.com", "y", "x"] * 200,
        "n": [1.0, 2.0, 3.0] * 200,
    }
    pq.write_table(pa.table(now), folder / "now.parquet")
    pq.write_table(pa.table(then), folder / "then.parquet")
    (folder / "broken.csv").write_text(f"word,mail\n{CANARY},1\n{CANARY}\n", encoding="utf-8")
    (folder / "service.log").write_text(f"mail from {CANARY}@example.com\n", encoding="utf-8")
    entries = [{"type": f"expect_{kind}", "kwargs": kwargs} for kind, kwargs in SUITE]
    checks = f"SERVICE, CANARY = {model_service.__file__!r}, {CANARY[:-1]!r} + {CANARY[-1]!r}\n{CHECKS}"
    project.write({"test_it.py": checks, "suite.json": json.dumps({"expectations": entries})})
    result = project.run("--mlops", "--junitxml=junit.xml", "-rA", "--showlocals")
    assert {check["outcome"] for check in project.record()["checks"]} == {"failed"}
    assert len(project.record()["checks"]) == 9
    written = {name: (folder / ".mlops" / name).read_text(encoding="utf-8") for name in REPORTS}
    written |= {"junit.xml": (folder / "junit.xml").read_text(encoding="utf-8")}
    written |= {"terminal": result.stdout.str() + result.stderr.str()}
    assert [name for name, text in written.items() if CANARY in text] == []
