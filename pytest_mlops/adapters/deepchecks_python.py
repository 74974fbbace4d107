"""The interpreter that deepchecks needs: one that is given, or one that is built once into the user's cache."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlops.core.digest import digest_bytes
from pytest_mlops.core.errors import DeclarationError, SubprocessError, ToolError
from pytest_mlops.core.process import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

RUNNER = Path(__file__).parents[1] / "runners" / "deepchecks_run.py"
REQUIREMENTS = RUNNER.with_name("deepchecks_requirements.txt")
VERSIONS = ("3.11", "3.12", "3.13")
_BUILD_LIMIT_S = 1200.0
_PROBE_LIMIT_S = 30.0
_GIVE_ONE = "give deepchecks_python = 'PATH', an interpreter in which deepchecks==0.19.1 is installed"


def find_python(
    given: str | Path | None,
    *,
    progress: Callable[[str], None] = lambda _: None,
    cache: Path | None = None,
    versions: Sequence[str] = VERSIONS,
) -> Path:
    """Return the interpreter that is given, else the built one; it is built where there is none.

    Parameters
    ----------
    given
        A path; whether deepchecks is in it shows when it runs.
    cache
        The folder for what is built; None for `pytest-mlops` in the user's cache.
    versions
        Of Python, the first that is found is taken.

    Raises
    ------
    DeclarationError
        When what is given is no program.
    ToolError
        When there is no Python to build with, or building fails.
    """
    if given is not None:
        if not os.access(given, os.X_OK) or Path(given).is_dir():
            raise DeclarationError(f"deepchecks_python must be an interpreter, got {str(given)!r}")
        return Path(given)
    home = cache_folder() if cache is None else cache
    for version in versions:
        if (python := _python_in(_folder(home, version))).exists():
            return python
    base, version = _find_base(versions)
    folder = _folder(home, version)
    home.mkdir(parents=True, exist_ok=True)
    progress(f"building deepchecks' interpreter in {folder}: once, some minutes, about 1 GB")
    with _locked(folder.with_name(f"{folder.name}.lock")):
        if not _python_in(folder).exists():
            _build(base, folder)
    return _python_in(folder)


def cache_folder() -> Path:
    """Return the folder of the user's cache that is ours."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pytest-mlops"


def environment(home: Path | None = None) -> dict[str, str]:
    """Return our environment without what steers Python, and with what keeps deepchecks quiet.

    One thread: the workers of pytest-xdist share the cores, and threads that wait for each other cost more than time.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    quiet = {"DISABLE_DEEPCHECKS_ANONYMOUS_TELEMETRY": "1", "DISABLE_LATEST_VERSION_CHECK": "1", "MPLBACKEND": "Agg"}
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {**threads, **kept, **quiet, "MPLCONFIGDIR": str((home or cache_folder()) / "matplotlib")}


def _folder(home: Path, version: str) -> Path:
    digest = digest_bytes(REQUIREMENTS.read_bytes() + version.encode()).partition(":")[2]
    return home / f"deepchecks-{digest[:16]}"


def _python_in(folder: Path) -> Path:
    return folder / "bin" / "python"


def _find_base(versions: Sequence[str]) -> tuple[Path, str]:
    """Return the first interpreter of one of the versions, and which it is."""
    for version in versions:
        for candidate in _candidates(version):
            if _version_of(candidate) == version:
                return candidate, version
    raise ToolError(
        f"deepchecks needs a Python {' or '.join(versions)} to be built with, found none on PATH, in pyenv or by uv. "
        f"Hint: install one, or {_GIVE_ONE}"
    )


def _candidates(version: str) -> Iterator[Path]:
    own = getattr(sys, "_base_executable", "") or sys.executable
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        yield Path(own)
    if on_path := shutil.which(f"python{version}"):
        yield Path(on_path)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    yield from sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)
    if uv := _uv():
        found = _said([*uv, "python", "find", "--no-project", "--system", version])
        if found:
            yield Path(found)


def _version_of(python: Path) -> str:
    return _said([str(python), "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])


def _said(command: Sequence[str]) -> str:
    """Return what a command prints; nothing where it fails, as pyenv's shims of versions that are not selected do."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PROBE_LIMIT_S, check=False, env=_no_downloads()
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _uv() -> Sequence[str]:
    if on_path := shutil.which("uv"):
        return [on_path]
    return [sys.executable, "-m", "uv"] if importlib.util.find_spec("uv") else []


def _no_downloads() -> dict[str, str]:
    return {**environment(), "UV_PYTHON_DOWNLOADS": "never", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _build(base: Path, folder: Path) -> None:
    """Build beside, look whether deepchecks can be imported, and rename: what is half built is never found."""
    part = folder.with_name(f".{folder.name}.part")
    for old in (part, folder):  # of a build that was killed, or of an interpreter that is gone
        shutil.rmtree(old, ignore_errors=True)
    log = folder.with_name(f"{folder.name}.log")
    for command in _steps(base, part):
        _do(command, log)
    part.rename(folder)
    log.unlink(missing_ok=True)


def _steps(base: Path, part: Path) -> Sequence[Sequence[str]]:
    python = str(_python_in(part))
    look = [python, "-I", str(RUNNER), "--list"]
    if uv := _uv():
        make = [*uv, "venv", "--quiet", "--no-project", "--python", str(base), str(part)]
        fill = [*uv, "pip", "install", "--python", python, "--compile-bytecode", "-r", str(REQUIREMENTS)]
        return make, fill, look
    fill = [python, "-I", "-m", "pip", "install", "--no-input", "-r", str(REQUIREMENTS)]
    return [str(base), "-I", "-m", "venv", str(part)], fill, look


def _do(command: Sequence[str], log: Path) -> None:
    try:
        done = run(command, log=log, timeout_s=_BUILD_LIMIT_S, env=_no_downloads())
    except SubprocessError as exc:
        raise SubprocessError(f"deepchecks' interpreter could not be built: {exc}. Hint: {_GIVE_ONE}") from exc
    if done.returncode != 0:
        raise SubprocessError(
            f"deepchecks' interpreter could not be built: {Path(command[0]).name} ended with {done.returncode}. "
            f"Hint: is there a network, and room for 1 GB? Else {_GIVE_ONE}",
            log=done.log_text,
        )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock; the system frees it when the process dies, however it dies."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
