"""What being installed costs a session that does not use the plugin: CPU seconds, with and without, in one run.

python benchmarks/cost_when_off.py [rounds]
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

_ALONE = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def cpu_seconds(words: list[str], folder: str) -> float:
    """Return the CPU seconds of one pytest session in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    subprocess.run(command, cwd=folder, env=_ALONE, check=True, capture_output=True, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(rounds: int) -> None:
    """Run both in turn, and print medians, their difference and ratio."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_one.py").write_text("def test_one(): pass\n", encoding="utf-8")
        pairs = [(cpu_seconds([], folder), cpu_seconds(["-p", "pytest_mlops.plugin"], folder)) for _ in range(rounds)]
    bare = statistics.median(pair[0] for pair in pairs)
    installed = statistics.median(pair[1] for pair in pairs)
    added = statistics.median(pair[1] - pair[0] for pair in pairs)
    print(f"CPU of a one-test session, median of {rounds} pairs")
    print(f"bare {bare * 1000:.0f} ms, with the plugin {installed * 1000:.0f} ms")
    print(f"added {added * 1000:.1f} ms, ratio {installed / bare:.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 25)
