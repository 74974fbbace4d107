"""The command `pytest-mlops`: what is done once, beside the tests. The tests themselves run with `pytest --mlops`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import MlopsError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; what is wrong is said in one line, with exit code 2."""
    parser = argparse.ArgumentParser(prog="pytest-mlops", description="What is done once, beside `pytest --mlops`.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    profile = commands.add_parser("profile", help="write a starter suite of expectations from data")
    profile.add_argument("data", help="a file of Parquet or CSV, or a pattern with * in it")
    profile.add_argument("--output", type=Path, help="file to write; it must not exist (default: the terminal)")
    profile.add_argument("--name", default="", help="name of the suite (default: that of the file)")
    profile.set_defaults(run=_profile)
    given = parser.parse_args(arguments)
    try:
        given.run(given)
    except MlopsError as exc:
        print(f"pytest-mlops: {exc}", file=sys.stderr)
        return 2
    return 0


def _profile(given: argparse.Namespace) -> None:
    from pytest_mlops.core.errors import DeclarationError
    from pytest_mlops.stages.data.starter import write_suite

    if given.output is not None and given.output.exists():
        raise DeclarationError(f"{given.output} is there already. Hint: --output with another name, and compare")
    suite = write_suite(given.data, name=given.name or Path(given.data).stem.replace("*", "all"))
    text = json.dumps(suite, indent=1, ensure_ascii=False, default=str) + "\n"
    if given.output is None:
        sys.stdout.write(text)
        return
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(text, encoding="utf-8")
    print(f"{given.output}: {len(suite['expectations'])} expectations, for a person to read before they are committed")
