"""Committed drift references in a run: which are read, and with `--mlops-update` what the controller will write."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.baseline import MissingBaseline
from pytest_mlops.core.digest import digest_file, digest_json
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.files import write_whole
from pytest_mlops.core.once import do_once
from pytest_mlops.core.plain import Json, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlops.plugin.recorder import ItemRecorder
    from pytest_mlops.plugin.state import State
    from pytest_mlops.stages.drift.reference import Reference


@dataclass(frozen=True)
class KeptReference:
    """A reference that is kept in a file: the key of all that it depends on, and how it is read."""

    key: Json
    read: Callable[[], Reference]


def kept_reference(
    state: State,
    recorder: ItemRecorder,
    path: Path,
    data: Any,
    *,
    unit: str | None,
    columns: Sequence[str] | None,
    public: Sequence[str],
) -> KeptReference:
    """Return what a file keeps of `data`, which may be absent; with `--mlops-update` made anew of them.

    Raises
    ------
    MissingBaseline
        When there is no such file.
    DeclarationError
        When it must be made and there are no data to make it of, or two checks make it of other columns or units.
    """
    name = path.relative_to(state.root).as_posix() if path.is_relative_to(state.root) else str(path)
    is_there = data is not None and not (isinstance(data, Path) and not data.exists())
    if state.update:
        if not is_there:
            raise DeclarationError(f"--mlops-update makes {name} of data: reference= must name some that are there")
        staged = _staged(state, name, data, unit=unit, columns=columns, public=public)
        recorder.references.append((name, str(staged)))
        return KeptReference(digest_file(staged), lambda: _read(staged, columns))
    recorder.references.append((name, ""))
    if not path.exists():
        raise MissingBaseline(
            f"there is no drift reference {name}. Hint: pytest --mlops --mlops-update makes it of reference=; commit it"
        )
    digest = _digest(data) if is_there else ""
    return KeptReference([digest_file(path), digest], lambda: _matching(_read(path, columns), name, digest, unit))


def _digest(data: Any) -> str:
    from pytest_mlops.adapters.frames import digest_data

    return digest_data(data)


def _read(path: Path, columns: Sequence[str] | None) -> Reference:
    from pytest_mlops.stages.drift import read_reference

    return read_reference(path).of_family(columns)


def _matching(reference: Reference, name: str, digest: str, unit: str | None) -> Reference:
    """Return a reference that is what the check says of it."""
    if digest and digest != reference.digest:
        raise DeclarationError(
            f"{name} was made of other data than reference= names: {reference.digest[:19]}… there, {digest[:19]}… now. "
            "Hint: pytest --mlops --mlops-update makes it anew; or leave reference= out"
        )
    if unit is not None and unit != reference.unit:
        raise DeclarationError(
            f"{name} was made with unit={reference.unit!r}, the check says {unit!r}. "
            "Hint: pytest --mlops --mlops-update makes it anew"
        )
    return reference


def _staged(
    state: State, name: str, data: Any, *, unit: str | None, columns: Sequence[str] | None, public: Sequence[str]
) -> Path:
    """Return the text that the controller will write, made once a run."""
    said: Json = {"data": _digest(data), "unit": unit, "columns": plain(columns), "public": plain(public)}
    path = state.run_dir / f"reference-{digest_json(name).partition(':')[2][:16]}.json"

    def make() -> Json:
        from pytest_mlops.stages.drift import reference_of, reference_text

        state.say(f"making the reference {name}")
        made = reference_of(data, unit=unit, columns=columns, public=public, seed=state.seed)
        write_whole(path, reference_text(made))
        return said

    first: Any = do_once(state.run_dir, ["reference", name], make)
    if first != said:
        other = {key: value for key, value in first.items() if value != said[key]}  # type: ignore[index]
        mine = {key: said[key] for key in other}  # type: ignore[index]
        raise DeclarationError(f"two checks make {name}: of {other} and of {mine}. Hint: give each a file of its own")
    return path


def write_reference(path: Path, name: str, text: str) -> str:
    """Write a reference, whole or not at all; return what changed in words, nothing where nothing did."""
    try:
        before = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        before = ""  # there is none, or none that can be read: it is written anew
    if before == text:
        return ""
    write_whole(path, text)
    return f"{name}: {_words(before) or 'new'} → {_words(text)}"


def _words(text: str) -> str:
    try:
        read = json.loads(text)
        return f"{len(read['types'])} columns of {read['of']['rows']:,} rows"
    except (ValueError, TypeError, KeyError):
        return ""
