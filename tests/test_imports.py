"""Who may import whom, and that being installed costs nothing: over the source, and in fresh processes."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_mlops

if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGE = Path(pytest_mlops.__file__).parent
# room -> the rooms of ours that it may import
ALLOWED = {
    "core": set(),
    "stats": set(),
    "adapters": {"core"},
    "report": {"core"},
    "stages": {"adapters", "stats", "core"},
    "runners": set(),
    "plugin": {"stages", "report", "core", "adapters"},
    "cli": {"stages", "report", "core", "adapters"},
}
# room -> the third-party libraries that it may import
LIBRARIES = {
    "core": set(),
    "stats": {"numpy"},
    "report": {"jinja2"},
    "stages": {"numpy", "narwhals"},
    "plugin": {"pytest"},
    "cli": set(),
    "runners": {
        "numpy",
        "pandas",
        "sklearn",
        "deepchecks",
        "locust",
        "gevent",
        "google",
        "schemathesis",
        "zmq",
        "allowed",
        "arrivals",
        "connection",
        "generator",
        "http_answer",
        "refusal",
        "traffic",
    },  # files beside
}
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE)


def imported(tree: ast.AST, *, at_runtime: bool = True) -> Iterable[str]:
    """Yield the modules that a file imports, without those for type checking alone."""
    skipped = {
        node
        for block in ast.walk(tree)
        if at_runtime and isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_one_way(path: Path) -> None:
    """A room imports only the rooms below it, and only the libraries that are its own."""
    room, modules = room_of(path), list(imported(ast.parse(path.read_text(encoding="utf-8"))))
    ours = {name.split(".")[1] for name in modules if name.startswith("pytest_mlops.")}
    assert ours <= ALLOWED[room] | {room}
    others = {name.partition(".")[0] for name in modules} - {"pytest_mlops"} - sys.stdlib_module_names
    if room == "adapters":
        assert len(others) <= 3, "one library a file, with what it brings along"
    else:
        assert others <= LIBRARIES[room]


# `hypothesis_schema.py` is the second half of `hypothesis.py`, which imports it inside a function.
ADAPTERS = [path for path in SOURCES if room_of(path) == "adapters" and path.name != "hypothesis_schema.py"]


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.name)
def test_an_adapter_imports_its_library_inside_a_function(path: Path) -> None:
    """Importing an adapter costs nothing but NumPy."""
    top = [
        node
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    names = {name.partition(".")[0] for node in top for name in imported(node)}
    assert names - {"pytest_mlops", "numpy"} <= sys.stdlib_module_names


@pytest.mark.parametrize("path", sorted(PACKAGE.parent.glob("examples/**/*.py")), ids=lambda path: path.name)
def test_the_reference_system_stands_alone(path: Path) -> None:
    """It imports nothing of the plugin that checks it."""
    assert not [n for n in imported(ast.parse(path.read_text(encoding="utf-8"))) if n.startswith("pytest_mlops")]


@pytest.mark.parametrize("module", ["pytest_mlops", "pytest_mlops.plugin", "pytest_mlops.core.result"])
def test_importing_it_loads_the_standard_library_alone(module: str) -> None:
    """And pytest, which is there already."""
    load = f"before = set(sys.modules); import {module}; print(json.dumps([*set(sys.modules) - before]))"
    code = f"import json, sys, pytest; {load}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert loaded <= {"pytest_mlops", *sys.stdlib_module_names}


def test_all_is_sorted_and_every_name_is_there() -> None:
    """The public surface, each name from its home."""
    assert pytest_mlops.__all__ == sorted(pytest_mlops.__all__)
    assert all(getattr(pytest_mlops, name) is not None for name in pytest_mlops.__all__)
