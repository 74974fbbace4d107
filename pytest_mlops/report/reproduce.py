"""The next command: what reproduces the first red check, or what to run after a green one."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from pytest_mlops.core.verdict import Verdict
from pytest_mlops.report.standing import Check, Record, name_of, red_checks

# What an identifier of pytest's -k may hold, without the backslash, which a shell would eat.
_HOST = re.compile(r"--mlops-allow-host[= ](\S+)")
_KEYWORD = re.compile(r"[:+\-./\[\]]*\w[\w:+\-./\[\]]*")


@dataclass(frozen=True)
class NextCommand:
    """A command, and what it does."""

    command: str
    purpose: str


def next_command(record: Record) -> NextCommand | None:
    """Return what a user would run next; None after a release, or where a gate says what to do."""
    red = red_checks(record)
    if red and "pytest --mlops --mlops-update" in red[0]["reason"]:
        return NextCommand("pytest --mlops --mlops-update", "writes the missing baselines, for you to commit")
    if red:
        purpose = f"reproduces {red[0]['stage']}::{name_of(red[0])}"
        return NextCommand(reproduce(red[0], record), purpose)
    if not record["checks"]:
        return NextCommand("pytest --mlops --collect-only", "shows which checks are found")
    if record["partial"] and record["profile"] != "commit":
        return NextCommand(" ".join(["pytest --mlops", *_settings(record)]), "runs all that is declared")
    return _next_profile(record)


def _next_profile(record: Record) -> NextCommand | None:
    if record["profile"] == "commit":
        return NextCommand("pytest --mlops --mlops-profile=ci", "runs what the commit profile leaves out")
    if record["profile"] == "release" or record["verdict"] != Verdict.PASS:
        return None
    return NextCommand("pytest --mlops --mlops-profile=release", "for a verdict to sign")


def reproduce(check: Check, record: Record) -> str:
    """Return the command that runs one check again, with the profile and the seed that the run was given."""
    expression = keyword_expression(check["id"])
    which = f'-k "{expression}"' if expression else shlex.quote(check["id"])
    return " ".join(["pytest --mlops", *_settings(record), which])


def keyword_expression(node_id: str) -> str:
    """Return an expression for `-k` that selects a node id.

    >>> keyword_expression("checks/test_load.py::test_p95"), keyword_expression("a.py::test[no delay > 5]")
    ('test_p95', 'test[no and delay and 5]')
    """
    names = node_id.split("::", 1)[-1].replace("::", " ")
    words = dict.fromkeys(_KEYWORD.findall(names))
    return " and ".join(word for word in words if word.lower() not in {"and", "or", "not"})


def _settings(record: Record) -> list[str]:
    """Return the profile, the seed and the allowed hosts as options, where the command line gave them."""
    command = record["command"]
    said = [f"--mlops-{name}={record[name]}" for name in ("profile", "seed") if f"--mlops-{name}" in command]
    return said + [f"--mlops-allow-host={host}" for host in _HOST.findall(command)]
