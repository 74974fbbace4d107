"""Showing that a long step is alive, also from an xdist worker, whose own output nobody sees."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from pytest_mlops.core.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pytest_mlops.plugin.state import State

_FIRST_S, _EVERY_S = 5.0, 10.0


def start_watching(config: pytest.Config, state: State) -> None:
    """Let every process tell its step, and the controller show those that take long (with `-q` none)."""
    state.say = lambda text: _tell(state.run_dir, state.worker, text)
    state.tell = lambda text: _call(state.run_dir, state.worker, text)
    if not state.worker:
        watcher = _Watcher(config, state.run_dir)
        config.add_cleanup(watcher.stop)
        watcher.thread.start()


def _tell(run_dir: Path, worker: str, text: str) -> None:
    """Write the step of this process; an empty text ends it."""
    path = run_dir / f"step-{worker or 'main'}.json"
    if not text:
        path.unlink(missing_ok=True)
        return
    write_whole(path, json.dumps({"text": text, "since": time.time()}))


def _call(run_dir: Path, worker: str, text: str) -> None:
    """Write what someone has to do while this process waits."""
    write_whole(run_dir / f"word-{worker or 'main'}-{time.time_ns()}", text)


class _Watcher:
    """A thread of the controller that prints what someone has to do, and steps that last longer than some seconds."""

    def __init__(self, config: pytest.Config, run_dir: Path) -> None:
        self._config = config
        self._run_dir = run_dir
        self._shown: dict[str, float] = {}
        # While a test runs, pytest's capture holds file descriptor 1; this one goes to the terminal all the same.
        self._out = os.fdopen(os.dup(sys.__stdout__.fileno()), "w", encoding="utf-8") if sys.__stdout__ else None
        self._over = threading.Event()
        self.thread = threading.Thread(target=self._watch, name="mlops-alive", daemon=True)

    def stop(self) -> None:
        self._over.set()
        self.thread.join(timeout=2)
        if self._out is not None:
            self._out.close()

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            for path in sorted(self._run_dir.glob("word-*")):
                self._write(f"mlops: {path.read_text(encoding='utf-8')}")
                path.unlink()
            if self._config.get_verbosity() >= 0:
                for path in sorted(self._run_dir.glob("step-*.json")):
                    self._show(path)

    def _show(self, path: Path) -> None:
        try:
            step = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return  # it ended between the listing and the reading
        age, now = time.time() - step["since"], time.monotonic()
        if age < _FIRST_S or now - self._shown.get(path.name, -_EVERY_S) < _EVERY_S:
            return
        self._shown[path.name] = now
        self._write(f"mlops: {step['text']} ({age:.0f} s)")

    def _write(self, line: str) -> None:
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        if reporter is None or self._out is None:
            return
        print(f"\n{line}", file=self._out, flush=True)
        reporter.currentfspath = None  # the next progress letter begins a line of its own
