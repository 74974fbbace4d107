"""Each load of a project leaves a line, and the report draws those before it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.broken_services import queue_service

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugin.conftest import Project

TESTS = f"""
import pytest
from pytest_mlops import at_least, at_most, server, service_level


@pytest.fixture(scope="session")
def api(mlops_service):
    command = [{sys.executable!r}, {queue_service.__file__!r}, "--port", "{{port}}", "--service-ms", "1"]
    return mlops_service(command, name="api", ready="/ping")


@pytest.fixture(scope="session")
def asked():
    from pytest_mlops.adapters.http import Request

    return [Request(method="POST", path="/invocations", body=b"{{}}")]


def test_level(mlops_load, api, asked):
    level = service_level(p50=at_most(5000, "ms", by="point"), failures=at_most(0.5))
    mlops_load(api, server(rate=100), requests=asked, duration="1s", warmup=0.2, level=level).require(level)


def test_users(mlops_load, api, asked):
    with_two = mlops_load(api, users=2, requests=asked, duration="1s", warmup=0.2)
    with_two.require(throughput=at_least(1))
    mlops_load(api, users=1, requests=asked, duration="1s", warmup=0.2).require(throughput=at_least(1))
"""
LEVEL, USERS = "test_it.test_level--api.jsonl", "test_it.test_users--api.jsonl"


def kept(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def trends(project: Project) -> dict[str, list[dict[str, Any]]]:
    """Return the trends of the last run's report, by measurement."""
    found: dict[str, list[dict[str, Any]]] = {}
    for check in project.record()["checks"]:
        for evidence in check["evidence"]:
            drawn = [artefact["data"] for artefact in evidence["artefacts"] if artefact["kind"] == "trend"]
            found.setdefault(evidence["measurement"]["name"], []).extend(drawn)
    return found


def test_a_second_run_draws_the_first(project: Project) -> None:
    """Under xdist: each worker keeps and draws what it measured."""
    project.mode = "n2"
    project.write({"test_it.py": TESTS})
    folder = project.pytester.path / ".mlops" / "trends"
    project.run("--mlops")
    assert set(project.verdicts().values()) == {"pass"}
    assert trends(project) == {"load.p50": [], "load.failures": [], "load.throughput": []}
    assert (project.pytester.path / ".mlops" / ".gitignore").read_text(encoding="utf-8") == "*\n"
    project.run("--mlops")
    assert sorted(path.name for path in folder.iterdir()) == [LEVEL, USERS]
    assert [len(kept(folder, name)) for name in (LEVEL, USERS)] == [2, 4]
    first, second = kept(folder, LEVEL)
    assert (first["load"], first["sent"]) == (second["load"], second["sent"]), "in another port, but the same load"
    assert len({run["load"] for run in kept(folder, USERS)}) == 2
    drawn = trends(project)
    assert [len(found) for found in drawn.values()] == [1, 1, 2]
    assert [len(one["runs"]) for found in drawn.values() for one in found] == [2, 2, 2, 2]
    (p50,) = drawn["load.p50"]
    assert [point[1] for point in p50["series"][0]["points"]] == [
        run["values"]["p50"]["value"] for run in (first, second)
    ]
    assert "trend: p50 of this run and earlier ones" in (project.pytester.path / ".mlops/report.html").read_text(
        "utf-8"
    )


def test_a_run_that_proves_nothing_leaves_no_line(project: Project) -> None:
    dropped = TESTS.replace('"--service-ms", "1"', '"--drop", "1"')
    project.write({"test_it.py": dropped}).run("--mlops")
    assert set(project.verdicts().values()) == {"not_run"}
    assert not (project.pytester.path / ".mlops" / "trends").exists()


def test_the_folder_can_be_said(project: Project) -> None:
    project.write({"test_it.py": TESTS, "mlops.toml": 'trends = "cache/loads"\n'}).run("--mlops", "-k", "test_level")
    assert [path.name for path in (project.pytester.path / "cache" / "loads").iterdir()] == [LEVEL]
    assert not (project.pytester.path / ".mlops" / "trends").exists()


@pytest.mark.parametrize(("text", "words"), [
    ('trends = "test_it.py"\n', "trends of mlops.toml can't be written to"),
    ("trends = 3\n", "trends must be a folder; by default trends in that of the report, got 3"),
])  # fmt: skip
def test_a_folder_that_is_none_is_refused_before_anything_is_measured(text: str, words: str, project: Project) -> None:
    done = project.write({"test_it.py": TESTS, "mlops.toml": text}).run("--mlops")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert words in done.stderr.str()
