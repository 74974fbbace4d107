"""Finding and building the interpreter of deepchecks: one clear error, and never a half-built one."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from pytest_mlops.adapters import deepchecks_python as module
from pytest_mlops.adapters.deepchecks_python import cache_folder, environment, find_python
from pytest_mlops.core.errors import DeclarationError, SubprocessError, ToolError

OWN = (f"{sys.version_info.major}.{sys.version_info.minor}",)


def built(cache: Path) -> Path:
    """Return the folder that an interpreter of this Python would be built in."""
    return module._folder(cache, OWN[0])


def test_one_that_is_given_is_taken(tmp_path: Path) -> None:
    assert find_python(sys.executable, cache=tmp_path) == Path(sys.executable)
    for wrong in (tmp_path, tmp_path / "none"):
        with pytest.raises(DeclarationError, match=f"deepchecks_python must be an interpreter, got '{wrong}'"):
            find_python(wrong)


def test_one_that_was_built_is_taken_without_looking_further(tmp_path: Path) -> None:
    python = built(tmp_path) / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    assert find_python(None, cache=tmp_path, versions=OWN) == python


def test_no_python_to_build_with_is_said(tmp_path: Path) -> None:
    with pytest.raises(
        ToolError, match=r"needs a Python 3.99 to be built with.*Hint: install one, or give deepchecks_p"
    ):
        find_python(None, cache=tmp_path, versions=("3.99",))
    assert list(tmp_path.iterdir()) == []


def test_an_interpreter_that_only_pretends_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pyenv's shims of versions that are not selected."""
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.99: command not found' >&2; exit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert next(iter(module._candidates("3.99"))) == shim
    with pytest.raises(ToolError, match=r"needs a Python 3\.99"):
        find_python(None, cache=tmp_path / "cache", versions=("3.99",))


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_without_a_network_nothing_half_built_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    """A real build, with an index that refuses connections; a broken one of earlier is put aside."""
    if tool == "uv" and not module._uv():
        pytest.skip("uv is not installed here")
    monkeypatch.setattr(module, "_uv", module._uv if tool == "uv" else list)
    for name in ("PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    dead = built(tmp_path) / "bin" / "python"
    dead.parent.mkdir(parents=True)
    dead.symlink_to(tmp_path / "gone")
    said: list[str] = []
    with pytest.raises(
        SubprocessError, match=r"(?s)could not be built: .* ended with \d\. Hint: is there a network"
    ) as got:
        find_python(None, cache=tmp_path, versions=OWN, progress=said.append)
    assert re.search("give deepchecks_python = 'PATH'.*last lines of its log", str(got.value), flags=re.DOTALL)
    assert not built(tmp_path).exists()
    assert said == [f"building deepchecks' interpreter in {built(tmp_path)}: once, some minutes, about 1 GB"]


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "pytest-mlops"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "pytest-mlops"


def test_nothing_that_steers_python_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/mine")
    monkeypatch.setenv("DISABLE_LATEST_VERSION_CHECK", "")
    told = environment()
    assert "PYTHONPATH" not in told
    assert told["DISABLE_LATEST_VERSION_CHECK"] == told["DISABLE_DEEPCHECKS_ANONYMOUS_TELEMETRY"] == "1"
