"""Keys of `mlops.toml`: one table of them serves the check, its message, and the JSON Schema for editors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean

Kind = Literal["text", "whole", "number", "flag", "texts", "named", "table", "tables", "free"]
_TYPES: Mapping[str, Any] = {
    "text": (str,), "whole": (int,), "number": (int, float), "flag": (bool,), "texts": (list,), "named": (dict,),
    "table": (dict,), "tables": (dict,), "free": (dict,),
}  # fmt: skip
_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "string"},
    "whole": {"type": "integer"},
    "number": {"type": "number"},
    "flag": {"type": "boolean"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "free": {"type": "object"},
}


_A_TIME = r"^\s*\d+(\.\d+)?\s*(ms|s|min|h)\s*$"


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key: what it holds, in words that finish "must be ...", and which values where they are few.

    A `table` has `keys`; so has each entry of `tables`, which are found by the names that the user gives; a `named`
    table has a text for each name that the user gives. What a `free` table holds is another's to check. A number must
    be above `above`, from `least` on, below `below` and at most `most`, and a text match `pattern`, where these are
    given.
    """

    kind: Kind
    words: str
    needed: bool = False
    choices: Sequence[str] = ()
    pattern: str = ""
    keys: Mapping[str, Key] = field(default_factory=dict)
    above: float | None = None
    least: float | None = None
    below: float | None = None
    most: float | None = None

    def holds(self, value: float) -> bool:
        """Say whether a number is one that may be."""
        return (
            (self.above is None or value > self.above)
            and (self.least is None or value >= self.least)
            and (self.below is None or value < self.below)
            and (self.most is None or value <= self.most)
        )


def text(words: str, *, needed: bool = False, choices: Sequence[str] = ()) -> Key:
    """Return a key that holds a text."""
    return Key(kind="text", words=words, needed=needed, choices=choices)


def texts(words: str, *, needed: bool = False, choices: Sequence[str] = ()) -> Key:
    """Return a key that holds a list of texts."""
    return Key(kind="texts", words=words, needed=needed, choices=choices)


def a_time(words: str, *, needed: bool = False) -> Key:
    """Return a key that holds a duration, as people write it."""
    return Key(kind="text", words=words, needed=needed, pattern=_A_TIME)


def check_table(table: Any, keys: Mapping[str, Key], place: str) -> None:
    """Check a table and the tables in it.

    Raises
    ------
    DeclarationError
        For an unknown key, a value of the wrong type, an unknown choice, a key that is missing.
    """
    if not isinstance(table, Mapping):
        raise DeclarationError(f"{place} must be a table, got {table!r}")
    for name, value in table.items():
        if name not in keys:
            raise DeclarationError(f"{place}: unknown key {name!r}. {did_you_mean(name, keys)}")
        _check_value(name, value, keys[name], place)
    for name, key in keys.items():
        if key.needed and name not in table:
            raise DeclarationError(f"{place}: {name} is missing; it must be {key.words}")


def _check_value(name: str, value: Any, key: Key, place: str) -> None:
    if not _fits(value, key):
        units = " (ms, s, min or h)" if key.pattern == _A_TIME else ""
        raise DeclarationError(f"{place}: {name} must be {key.words}{units}, got {value!r}")
    if key.choices:
        check_choices(_words_of(value), key.choices, f"{place}: {name}")
    if key.kind == "table":
        check_table(value, key.keys, f"{place}: {name}")
    if key.kind == "tables":
        for entry, inner in value.items():
            check_table(inner, key.keys, f"{place}: [{name}.{entry}]")


def _fits(value: Any, key: Key) -> bool:
    """Say whether a value is of its key's kind, and a number or a text within what is said of it."""
    if isinstance(value, bool) != (key.kind == "flag") or not isinstance(value, _TYPES[key.kind]):
        return False
    if key.kind in {"texts", "named"}:
        return all(isinstance(entry, str) for entry in _words_of(value))
    if key.kind in {"number", "whole"}:
        return key.holds(value)
    return not key.pattern or re.search(key.pattern, value) is not None


def _words_of(value: Any) -> Sequence[Any]:
    """Return the words of a list, of a table, or of one text."""
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else [value]


def check_choices(names: Sequence[str], valid: Sequence[str] | Mapping[str, object], place: str) -> None:
    """Refuse a name that is not one of the valid ones."""
    for name in names:
        if name not in valid:
            raise DeclarationError(f"{place}: unknown name {name!r}. {did_you_mean(name, valid)}")


def json_schema_of(keys: Mapping[str, Key]) -> dict[str, Any]:
    """Return the JSON Schema of a table with these keys."""
    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"description": key.words} | _schema_of(key) for name, key in keys.items()},
    }
    needed = [name for name, key in keys.items() if key.needed]
    return schema | ({"required": needed} if needed else {})


def _schema_of(key: Key) -> dict[str, Any]:
    if key.kind == "table":
        return json_schema_of(key.keys)
    if key.kind == "tables":
        return {"type": "object", "additionalProperties": json_schema_of(key.keys)}
    if key.kind == "named":
        return {"type": "object", "additionalProperties": _schema_of(text(key.words, choices=key.choices))}
    schema = dict(_SCHEMAS[key.kind]) | ({"pattern": key.pattern} if key.pattern else {})
    bounds = {
        "exclusiveMinimum": key.above, "minimum": key.least, "exclusiveMaximum": key.below, "maximum": key.most,
    }  # fmt: skip
    schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    if key.choices and key.kind == "texts":
        return schema | {"items": {"type": "string", "enum": list(key.choices)}}
    return schema | ({"enum": list(key.choices)} if key.choices else {})
