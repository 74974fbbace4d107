"""The stages of a lifecycle, the rubric and the profiles: the words that are the same everywhere."""

from __future__ import annotations

STAGES = (
    "data",
    "features",
    "privacy",
    "model",
    "reproducibility",
    "serving",
    "batch",
    "edge",
    "load",
    "drift",
    "release",
)

# The 28 tests of the ML Test Score: Breck et al., "The ML Test Score", IEEE Big Data 2017.
RUBRIC = tuple(f"{area}-{i}" for area in ("data", "model", "infra", "monitor") for i in range(1, 8))

PROFILES = ("auto", "commit", "ci", "release")

GATES = ("block", "warn", "info")

# The commit profile runs in seconds: nothing that starts a process.
COMMIT_STAGES = frozenset({"data", "features", "privacy", "model", "drift"})
