"""What changes for a client when one schema becomes another: pure functions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pytest_mlops.adapters.jsonschema import compile_schema
from pytest_mlops.stages.contract.schema_form import KINDS, LEAST, MOST, Shape, shapes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_mlops.stages.contract.schema_form import Schema

Side = Literal["request", "answer"]
_HARMLESS = {"request": "wider", "answer": "narrower"}
_VERBS = {"wider": "widened", "narrower": "narrowed", "other": "changed"}
_LETTERS = 120


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of a contract: where, what, both sides, and whether a client breaks that keeps to the committed one."""

    place: str
    what: str
    committed: str
    served: str
    breaking: bool

    def words(self) -> str:
        """Return it as a sentence."""
        return f"{self.place}: {self.what}, committed {self.committed}, served {self.served}"


@dataclass(frozen=True)
class Eye:
    """Compares two schemas in one place of a document, as the client sees it.

    A request may be what it was and more: the server must allow all that the client was told it may send. An answer
    may be what it was and less: the client must understand all that comes.
    """

    side: Side
    place: str

    def at(self, step: str) -> Eye:
        """Return the same, one step further down."""
        return Eye(self.side, f"{self.place}{step}")

    def change(self, what: str, committed: object, served: object, direction: str = "other") -> Change:
        """Return a change by which more values are allowed (`wider`), fewer (`narrower`), or others."""
        breaking = direction != _HARMLESS[self.side]
        return Change(
            place=self.place, what=what, committed=_short(committed), served=_short(served), breaking=breaking
        )


def schema_changes(eye: Eye, committed: Schema | bool, served: Schema | bool) -> Iterator[Change]:  # noqa: FBT001 - JSON Schema's own notion
    """Yield what changed between two schemas without references."""
    before, after = shapes_of(committed), shapes_of(served)
    yield from _type_changes(eye, before, after)
    for kind in KINDS:
        olds, news = ([shape for shape in shapes if shape.kind == kind] for shapes in (before, after))
        if olds and news:
            yield from _paired(eye, olds, news, served)


def _type_changes(eye: Eye, before: Sequence[Shape], after: Sequence[Shape]) -> Iterator[Change]:
    old, new = ({shape.kind for shape in shapes} for shapes in (before, after))
    texts = _types(before), _types(after)
    if old - new and new - old:
        yield eye.change("type changed", *texts)
    elif old - new:
        what = "null no longer allowed" if old - new == {"null"} else "type narrowed"
        yield eye.change(what, *texts, "narrower")
    elif new - old:
        yield eye.change("null allowed now" if new - old == {"null"} else "type widened", *texts, "wider")


def _types(shapes: Sequence[Shape]) -> str:
    names = dict.fromkeys("integer" if shape.whole else shape.kind for shape in shapes)
    return "anything" if set(KINDS) <= set(names) else " or ".join(names) or "nothing"


def _paired(eye: Eye, olds: Sequence[Shape], news: Sequence[Shape], served: Schema | bool) -> Iterator[Change]:  # noqa: FBT001 - JSON Schema's own notion
    """Compare each shape with the one that it is nearest to; what has no counterpart is a form of its own."""
    found = {
        (a, b): list(_shape_changes(eye, old, new, served)) for a, old in enumerate(olds) for b, new in enumerate(news)
    }
    paired: dict[int, int] = {}
    for a, b in sorted(found, key=lambda pair: (sum(change.breaking for change in found[pair]), len(found[pair]))):
        if a not in paired and b not in paired.values():
            paired[a] = b
            yield from found[a, b]
    kind = olds[0].kind
    if len(olds) > len(paired):
        yield eye.change("a form no longer allowed", f"{len(olds)} of {kind}", len(news), "narrower")
    if len(news) > len(paired):
        yield eye.change("one more form", f"{len(olds)} of {kind}", len(news), "wider")


def _shape_changes(eye: Eye, old: Shape, new: Shape, served: Schema | bool) -> Iterator[Change]:  # noqa: FBT001 - JSON Schema's own notion
    if old.values is not None or new.values is not None:
        yield from _value_changes(eye, old, new, served)
        return
    if old.whole != new.whole:
        direction = "narrower" if new.whole else "wider"
        yield eye.change(f"type {_VERBS[direction]}", _types([old]), _types([new]), direction)
    yield from _rule_changes(eye, old.rules, new.rules)
    if old.other != new.other:
        yield eye.change("changed in what can't be compared", old.other or "nothing", new.other or "nothing")
    yield from _object_changes(eye, old, new) if old.kind == "object" else _item_changes(eye, old, new)


def _value_changes(eye: Eye, old: Shape, new: Shape, served: Schema | bool) -> Iterator[Change]:  # noqa: FBT001 - JSON Schema's own notion
    """Compare listed values; where only the committed ones are, each must be allowed by what is served."""
    if new.values is None:
        problem = compile_schema({} if isinstance(served, bool) else dict(served))
        refused = sorted(value for value in old.values or () if problem(json.loads(value)))
        if refused:
            yield eye.change("value removed", ", ".join(refused), problem(json.loads(refused[0])), "narrower")
        yield eye.change("further values allowed", _listed(old.values), f"any {new.kind}", "wider")
        return
    if old.values is None:
        yield eye.change("values are listed now", f"any {old.kind}", _listed(new.values), "narrower")
        return
    if gone := old.values - new.values:
        yield eye.change(f"value removed: {_listed(gone)}", _listed(old.values), _listed(new.values), "narrower")
    if more := new.values - old.values:
        yield eye.change(f"value added: {_listed(more)}", _listed(old.values), _listed(new.values), "wider")


def _listed(values: frozenset[str] | None) -> str:
    return ", ".join(sorted(values or ()))


def _rule_changes(eye: Eye, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            before, after = (_rule(key, rules.get(key)) for rules in (old, new))
            direction = _direction(key, old.get(key), new.get(key))
            yield eye.change(f"{key} {_VERBS[direction]}", before, after, direction)


def _direction(key: str, old: Any, new: Any) -> str:
    """Say whether a rule that changed allows more or fewer values; two patterns can't be compared."""
    if old is None or new is None:
        return "narrower" if old is None else "wider"
    if key not in LEAST and key not in MOST:
        return "other"
    (before, _), (after, is_left_out) = (bound if isinstance(bound, tuple) else (bound, False) for bound in (old, new))
    rises = after > before if after != before else is_left_out == (key in LEAST)
    return "narrower" if rises == (key in LEAST) else "wider"


def _rule(key: str, value: Any) -> str:
    if value is None:
        return f"no {key}"
    if isinstance(value, tuple):
        return f"{'exclusive ' if value[1] else ''}{key} {value[0]:g}"
    return f"{key} {value}"


def _item_changes(eye: Eye, old: Shape, new: Shape) -> Iterator[Change]:
    if "[]" in {*old.parts, *new.parts}:
        yield from schema_changes(eye.at("[]"), *(shape.parts.get("[]", True) for shape in (old, new)))


def _object_changes(eye: Eye, old: Shape, new: Shape) -> Iterator[Change]:
    for name in sorted({*old.parts, *old.required, *new.parts, *new.required}):
        yield from _field_changes(eye.at(f".{name}"), name, old, new)
    if eye.side == "request" and old.further is not False and new.further is False:
        yield eye.change("further fields refused", "further fields allowed", "none", "narrower")
    elif isinstance(old.further, dict) and isinstance(new.further, dict):
        yield from schema_changes(eye.at(".*"), old.further, new.further)


def _field_changes(eye: Eye, name: str, old: Shape, new: Shape) -> Iterator[Change]:
    is_request = eye.side == "request"
    if name in old.parts and name not in new.parts and name not in new.required:
        if not is_request or new.further is False:
            yield eye.change("field removed", "a field", "absent")
        elif isinstance(new.further, dict):
            yield from schema_changes(eye, old.parts[name], new.further)
        else:
            yield eye.change("field no longer described", "a field", "any further field", "wider")
        return
    if name in new.parts and name not in old.parts and name not in old.required:
        is_forced = is_request and name in new.required
        yield Change(place=eye.place, what="new required field" if is_forced else "new field", committed="absent",
                     served=_types(shapes_of(new.parts[name])), breaking=is_forced)  # fmt: skip
        return
    if (name in old.required) != (name in new.required):
        direction = "narrower" if name in new.required else "wider"
        what = "required now" if direction == "narrower" else "no longer required"
        yield eye.change(f"field {what}", _need(name, old), _need(name, new), direction)
    yield from schema_changes(eye, old.parts.get(name, True), new.parts.get(name, True))


def _need(name: str, shape: Shape) -> str:
    return "required" if name in shape.required else "optional"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…"
