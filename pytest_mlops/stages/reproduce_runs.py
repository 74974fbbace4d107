"""Trainings in fresh processes, each in another environment: what should not matter is what differs."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlops.core import process
from pytest_mlops.core.errors import DeclarationError, ToolError
from pytest_mlops.core.messages import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json

Leaf = Any  # a plain value, or ["array", type, shape, offset, size]

_RUNNER = Path(__file__).parent.parent / "runners" / "train_once.py"
_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "BLIS", "VECLIB")
_ZONES = ("UTC", "Pacific/Kiritimati", "America/St_Johns")
_LOCALES = ("C.UTF-8", "C")
_LAST_LINES = 15


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """What is trained: `function(seed=seed, **arguments)` of a module, found from the project's root."""

    name: str
    seed: int
    arguments: Mapping[str, Json]
    project_root: Path
    python: str
    timeout_s: float

    @property
    def place(self) -> tuple[str, str]:
        """The module and the function.

        Raises
        ------
        DeclarationError
            When the name is not `package.module:function`.
        """
        module, colon, function = self.name.partition(":")
        if not (module and colon and function.isidentifier()):
            raise DeclarationError(f'trainer must be "package.module:function", got {self.name!r}')
        return module, function


@dataclass(frozen=True, kw_only=True)
class Training:
    """What one process returned: for each aspect its leaves by path; the arrays stand apart, one a type."""

    aspects: Mapping[str, Mapping[str, Leaf]]
    arrays: Mapping[str, NDArray[Any]]
    problems: Mapping[str, str]
    opaque: Mapping[str, int]
    generators: Mapping[str, Mapping[str, Any]]
    environment: Mapping[str, str]
    duration_s: float


def environment_of(number: int) -> dict[str, str]:
    """Return what the environment of training `number` (0, 1, ...) sets anew: all that must not matter."""
    threads = str(1 + number % 2)
    return {
        "PYTHONHASHSEED": str(1 + number),
        "TZ": _ZONES[number % len(_ZONES)],
        "LC_ALL": _LOCALES[number % len(_LOCALES)],
    } | {f"{library}_NUM_THREADS": threads for library in _THREADS}


def train(trainer: Trainer, number: int, workdir: Path) -> Training:
    """Train once, in a fresh empty folder below `workdir`.

    Raises
    ------
    DeclarationError
        When the trainer does not exist, or does not take these arguments, or returns nothing of use.
    ToolError
        When it raises, dies, or does not end in time.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"training-{number + 1}-", dir=workdir)).resolve()
    home = folder / f"home-{number + 1}"
    home.mkdir()
    request = folder / "request.json"
    request.write_text(json.dumps(_request(trainer, home)), encoding="utf-8")
    environment = environment_of(number)
    done = process.run(
        [trainer.python, "-P", str(_RUNNER), str(request), str(folder)],
        log=folder / "log.txt", timeout_s=trainer.timeout_s, cwd=home,
        env={**os.environ, "PYTHONPATH": _python_path(trainer.project_root), **environment},
    )  # fmt: skip
    answer = _answer(folder, trainer, done)
    _refuse(answer, trainer)
    return _training(answer, folder, environment, done.duration_s)


def _request(trainer: Trainer, home: Path) -> dict[str, Json]:
    module, function = trainer.place
    arguments = {name: _filled(value, str(home)) for name, value in trainer.arguments.items()}
    return {"module": module, "function": function, "seed": trainer.seed, "arguments": arguments, "workdir": str(home)}


def _filled(value: Json, workdir: str) -> Json:
    if isinstance(value, str):
        return value.replace("{workdir}", workdir)
    if isinstance(value, list):
        return [_filled(item, workdir) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, workdir) for key, item in value.items()}
    return value


def _python_path(project_root: Path) -> str:
    return os.pathsep.join(filter(None, [str(project_root.resolve()), os.environ.get("PYTHONPATH", "")]))


def _answer(folder: Path, trainer: Trainer, done: process.Completed) -> dict[str, Any]:
    path = folder / "answer.json"
    if not path.is_file():
        tail = "\n".join(done.log_text.splitlines()[-_LAST_LINES:])
        raise ToolError(f"trainer {trainer.name!r} must end by itself, got exit code {done.returncode}\n{tail}")
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def _refuse(answer: Mapping[str, Any], trainer: Trainer) -> None:
    """Raise what the runner says went wrong."""
    module, function = trainer.place
    match answer["status"]:
        case "no module":
            raise DeclarationError(
                f"trainer {trainer.name!r} must be importable from {str(trainer.project_root)!r}, "
                f"got: {answer['message']}"
            )
        case "no function":
            hint = did_you_mean(function, answer["names"])
            raise DeclarationError(f"trainer {trainer.name!r}: module {module!r} has no function {function!r}. {hint}")
        case "signature":
            given = ", ".join(["seed", *trainer.arguments])
            raise DeclarationError(f"trainer {trainer.name!r} must take ({given}) by keyword, got: {answer['message']}")
        case "raised":
            raise ToolError(_raised(answer, trainer.name))
    if not any(answer["aspects"].values()) and not answer["problems"]:
        raise DeclarationError(
            f"trainer {trainer.name!r} must return a mapping or an object with at least one of data_digest, params, "
            f"model, predictions, metrics, got {answer['returned']}"
        )


def _raised(answer: Mapping[str, Any], name: str) -> str:
    lines = str(answer["message"]).rstrip().splitlines()[-_LAST_LINES:]
    hint = ""
    if answer["error"] == "FileNotFoundError":
        hint = "\nHint: each training has a fresh empty working folder; find data from __file__ or give absolute paths"
    return "\n".join([f"trainer {name!r} must return, got {answer['error']}", *lines]) + hint


def _training(answer: Mapping[str, Any], folder: Path, environment: Mapping[str, str], duration_s: float) -> Training:
    import numpy as np

    with np.load(folder / "arrays.npz", allow_pickle=False) as stored:
        arrays = {str(kind): stored[kind] for kind in stored}
    (folder / "arrays.npz").unlink()
    return Training(
        aspects={aspect: leaves for aspect, leaves in answer["aspects"].items() if leaves and not _is_empty(leaves)},
        arrays=arrays, problems=answer["problems"], opaque=answer["opaque"], generators=answer["generators"],
        environment=environment, duration_s=duration_s,
    )  # fmt: skip


def _is_empty(leaves: Mapping[str, Leaf]) -> bool:
    """Say whether an aspect holds nothing: `{}`, `[]`, an empty text or array."""
    root = leaves.get("")
    if len(leaves) > 1:
        return False
    return root == "" or (isinstance(root, str) and root.endswith(":0")) or (isinstance(root, list) and root[4] == 0)
