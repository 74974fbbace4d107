"""What changes for a client when one OpenAPI document becomes another: pure functions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_mlops.stages.contract.document import METHODS, inline
from pytest_mlops.stages.contract.schema_change import Change, Eye, schema_changes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlops.core.plain import Json

Part = dict[str, Any]
_NAMED = re.compile(r"\{[^}]*\}")


def contract_changes(committed: Mapping[str, Json], served: Mapping[str, Json]) -> list[Change]:
    """Return what changed between two OpenAPI documents, the breaking changes first.

    Order, titles, descriptions and examples are no change; nor is how a schema is written: `$ref` or in place,
    `nullable` or a type beside, `anyOf` or a list of types.

    Raises
    ------
    DeclarationError
        When a document refers to what it does not hold, or to itself.
    """
    old, new = inline(committed), inline(served)
    changes = list(_path_changes(old, new))
    return sorted(changes, key=lambda change: not change.breaking)


def _path_changes(old: Part, new: Part) -> Iterator[Change]:
    """Compare paths; what a part of a path is called matters to nobody."""
    olds, news = ({_NAMED.sub("{}", path): path for path in side.get("paths", {})} for side in (old, new))
    for key in sorted({*olds, *news}):
        path = olds.get(key) or news[key]
        if key not in news:
            yield _removed(path, "path")
        elif key not in olds:
            yield _added(path, "path")
        else:
            yield from _method_changes(
                *((paths[key], side["paths"][paths[key]]) for side, paths in ((old, olds), (new, news)))
            )


def _removed(place: str, what: str) -> Change:
    return Change(place=place, what=f"{what} removed", committed="there", served="absent", breaking=True)


def _added(place: str, what: str) -> Change:
    return Change(place=place, what=f"new {what}", committed="absent", served="there", breaking=False)


def _method_changes(committed: tuple[str, Part], served: tuple[str, Part]) -> Iterator[Change]:
    """Compare the operations of a path, which each side may write with names of its own."""
    (path, old), (theirs, new) = committed, served
    for method in METHODS:
        place = f"{method.upper()} {path}"
        if method in old and method not in new:
            yield _removed(place, "method")
        elif method in new and method not in old:
            yield _added(place, "method")
        elif method in old:
            yield from _parameter_changes(place, _parameters(path, old, method), _parameters(theirs, new, method))
            yield from _body_changes(place, *(side[method].get("requestBody") for side in (old, new)))
            yield from _answer_changes(place, *(side[method].get("responses", {}) for side in (old, new)))


def _parameters(path: str, item: Part, method: str) -> dict[str, Part]:
    """Return the parameters of an operation by place and name; those of a path are told apart by their order."""
    names = [found[1:-1] for found in _NAMED.findall(path)]
    found = {}
    for one in [*item.get("parameters", ()), *item[method].get("parameters", ())]:
        is_of_path = one.get("in") == "path" and one.get("name") in names
        name = str(names.index(one["name"])) if is_of_path else one.get("name")
        found[f"{one.get('in')} {name}"] = one
    return found


def _parameter_changes(place: str, old: dict[str, Part], new: dict[str, Part]) -> Iterator[Change]:
    for key in sorted({*old, *new}):
        where = f"{place} parameter {key}"
        if key not in new:
            yield _removed(where, "parameter")
        elif key not in old:
            kind = "required parameter" if new[key].get("required") else "parameter"
            yield Change(place=where, what=f"new {kind}", committed="absent", served="there",
                         breaking=kind != "parameter")  # fmt: skip
        else:
            yield from _need_changes(where, old[key], new[key])
            yield from schema_changes(Eye("request", where), *(side[key].get("schema", {}) for side in (old, new)))


def _need_changes(place: str, old: Part, new: Part) -> Iterator[Change]:
    before, after = bool(old.get("required")), bool(new.get("required"))
    if before != after:
        words = "required" if after else "optional"
        yield Eye("request", place).change(
            f"{words} now", "required" if before else "optional", words, "narrower" if after else "wider"
        )


def _body_changes(place: str, old: Part | None, new: Part | None) -> Iterator[Change]:
    where = f"{place} request"
    if old is None or new is None:
        if old is not None:
            yield _removed(where, "body")
        elif new is not None:
            is_needed = bool(new.get("required"))
            yield Change(place=where, what=f"new {'required ' if is_needed else ''}body", committed="absent",
                         served="there", breaking=is_needed)  # fmt: skip
        return
    yield from _need_changes(where, old, new)
    yield from _content_changes(Eye("request", where), old, new)


def _content_changes(eye: Eye, old: Part, new: Part) -> Iterator[Change]:
    before, after = old.get("content", {}), new.get("content", {})
    for kind in sorted({*before, *after}):
        if kind not in after:
            yield _removed(f"{eye.place} {kind}", "content type")
        elif kind not in before:
            yield _added(f"{eye.place} {kind}", "content type")
        else:
            yield from schema_changes(eye, *(side[kind].get("schema", {}) for side in (before, after)))


def _answer_changes(place: str, old: Part, new: Part) -> Iterator[Change]:
    """Compare the answers of each status; one that is not described alone may be by its range, `4XX`, or `default`."""
    before, after = ({str(status).upper(): answer for status, answer in side.items()} for side in (old, new))
    for status in sorted({*before, *after}):
        where = f"{place} answer {status}"
        ours, theirs = _described(status, before), _described(status, after)
        if ours is not None and theirs is not None:
            yield from _content_changes(Eye("answer", where), ours, theirs)
        elif theirs is not None:
            yield _added(where, "status")
        elif not any(_described(other, before) is ours for other in after):
            yield _removed(where, "status")


def _described(status: str, answers: dict[str, Part]) -> Part | None:
    keys = (status, f"{status[0]}XX", "DEFAULT")
    return next((answers[key] for key in keys if key in answers), None)
