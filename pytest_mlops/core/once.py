"""Measuring once a run what several checks share, also where several processes run them."""

from __future__ import annotations

import fcntl
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import DeclarationError, MissingExtra, MlopsError, ToolError
from pytest_mlops.core.files import write_whole
from pytest_mlops.core.plain import plain
from pytest_mlops.core.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_mlops.core.plain import Json

_ERRORS = {kind.__name__: kind for kind in (DeclarationError, ToolError)}


def measure_once(folder: Path, key: Json, measure: Callable[[], Result]) -> Result:
    """Return the result for `key`: the first process measures behind a file lock, the others read its JSON.

    An error is kept too, so that a time-out of a minute is not waited for again by every check that shares it.

    Parameters
    ----------
    key
        All that the result depends on: digests, parameters, seed.
    """
    return _read(_kept(folder, key, lambda: _measured(measure)))  # type: ignore[arg-type]


def do_once(folder: Path, key: Json, step: Callable[[], Json]) -> Json:
    """Return what `step` answered: the first process does it behind a file lock, the others read its JSON."""
    return _kept(folder, key, step)


def _kept(folder: Path, key: Json, step: Callable[[], Json]) -> Json:
    path = folder / f"{digest_json(key).partition(':')[2][:32]}.json"
    with _locked(path.with_suffix(".lock")):
        if not path.exists():
            write_whole(path, json.dumps(plain(step()), allow_nan=False))
    kept: Json = json.loads(path.read_text(encoding="utf-8"))
    return kept


def _measured(measure: Callable[[], Result]) -> dict[str, Json]:
    try:
        return {"result": measure().to_json()}
    except MissingExtra:
        raise
    except MlopsError as exc:
        kind = "DeclarationError" if isinstance(exc, DeclarationError) else "ToolError"
        return {"error": kind, "message": str(exc)}


def _read(kept: dict[str, Json]) -> Result:
    if "error" in kept:
        raise _ERRORS[str(kept["error"])](str(kept["message"]))
    return Result.from_json(kept["result"])  # type: ignore[arg-type]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock; the system frees it when the process dies, however it dies."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
