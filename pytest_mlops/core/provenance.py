"""Provenance: the code, the environment and the host that a run is about."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlops.core.digest import digest_json

if TYPE_CHECKING:
    from pytest_mlops.core.plain import Json

_GIT_TIME_LIMIT_S = 20


def describe_git(root: Path) -> dict[str, Json]:
    """Return commit, tree, branch and cleanliness; None for each where there is no git repository."""
    status = _git(root, "status", "--porcelain")
    return {
        "commit": _git(root, "rev-parse", "HEAD"),
        "tree": _git(root, "rev-parse", "HEAD^{tree}"),
        "branch": _git(root, "rev-parse", "--abbrev-ref", "HEAD"),
        "clean": None if status is None else status == "",
    }


def _git(root: Path, *words: str) -> str | None:
    command = ["git", "-C", str(root), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_TIME_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def describe_environment() -> dict[str, Json]:
    """Return the interpreter and every installed distribution, with one digest over them."""
    packages: dict[str, Json] = {
        str(dist.metadata["Name"]).lower(): dist.version for dist in metadata.distributions() if dist.metadata["Name"]
    }
    packages = dict(sorted(packages.items()))
    python = platform.python_version()
    return {
        "python": python,
        "platform": sys.platform,
        "packages": packages,
        "packages_digest": digest_json([python, packages]),
    }


def describe_host() -> dict[str, Json]:
    """Return the processors and memory: a latency means little without them."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {
        "cpus": os.cpu_count(),
        "memory_mb": memory,
        "machine": platform.machine(),
        "processor": _processor() or platform.processor(),
    }


def host_words() -> str:
    """Return the host in words, the same for machines of one kind; its name is not told."""
    host = describe_host()
    memory_gb = round(int(str(host["memory_mb"])) / 1024)
    said = [host["processor"], f"{host['cpus']} cores", f"{memory_gb} GiB", f"{sys.platform} {host['machine']}"]
    return ", ".join(str(part) for part in said if part)


def _processor() -> str:
    """Return the model of the processor as Linux names it, empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(found, "")
