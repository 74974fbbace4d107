"""`mlops.toml` as a test file: its declarations are items with node ids, and `-k`, `-n` and `--lf` work on them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

TOML = """
paths = ["mlops.toml"]
[data.january]
path = "january.parquet"
suite = "suite.json"
[data.february]
path = "february.parquet"
[drift.february]
data = "february"
reference = "january"
"""
SUITE = {
    "name": "s",
    "expectations": [
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "a", "min_value": -9},
            "severity": "critical",
        },
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "b", "max_value": 5},
            "severity": "warning",
        },
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "b"}, "severity": "info"},
    ],
}


@pytest.fixture
def declared(project_in_each_mode: Project) -> Project:
    project = project_in_each_mode.write({"mlops.toml": TOML, "suite.json": json.dumps(SUITE)})
    rng = np.random.default_rng(1)
    for name, shift in (("january", 0), ("february", 2)):
        table = pa.table({"a": rng.normal(0, 1, 4000), "b": rng.integers(0, 10, 4000) + shift})
        pq.write_table(table, project.pytester.path / f"{name}.parquet")
    return project


def test_declarations_are_items(declared: Project) -> None:
    """A critical expectation blocks, a warning warns, info is recorded, and a drifted column is red by its name."""
    declared.run("--mlops")
    got = {check["id"]: (check["verdict"], check["outcome"]) for check in declared.record()["checks"]}
    assert got == {
        "mlops.toml::data::january::expect_column_values_to_be_between[a]": ("pass", "passed"),
        "mlops.toml::data::january::expect_column_values_to_be_between[b]": ("fail", "xfailed"),
        "mlops.toml::data::january::expect_column_values_to_be_unique[b]": ("fail", "xfailed"),
        "mlops.toml::drift::february::a": ("pass", "passed"),
        "mlops.toml::drift::february::b": ("fail", "failed"),
        "mlops.toml::drift::february::(together)": ("pass", "passed"),
    }


def test_one_of_them_is_named_by_its_node_id(declared: Project) -> None:
    declared.run("--mlops", "mlops.toml::drift::february::a").stdout.fnmatch_lines(["*1 passed*"])
    assert declared.record()["partial"] == "paths were given on the command line"


def test_without_the_flag_nothing_is_collected(project: Project) -> None:
    """Not even a missing file is looked at."""
    result = project.write({"mlops.toml": TOML, "test_one.py": "def test_one(): pass"}).run()
    result.assert_outcomes(passed=1)


def test_a_declared_suite_that_is_missing_is_an_error(project: Project) -> None:
    result = project.write({"mlops.toml": TOML}).run("--mlops")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*mlops.toml::data::january: *suite.json must be a suite*No such file or directory*"])
