"""Row conditions: the grammars that Great Expectations saves, parsed into one tree; nothing is evaluated."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "in", "not in")


@dataclass(frozen=True)
class Column:
    """A column that stands where a value could: `a > b`."""

    name: str


@dataclass(frozen=True)
class Compare:
    """A column held against a value, a tuple of values, or another column."""

    column: str
    operator: str
    value: Any


@dataclass(frozen=True)
class Missing:
    """Rows without a value in a column."""

    column: str


@dataclass(frozen=True)
class Not:
    """The other rows."""

    condition: Any


@dataclass(frozen=True)
class Every:
    """All of the conditions."""

    conditions: tuple[Any, ...]


@dataclass(frozen=True)
class Some:
    """At least one of the conditions."""

    conditions: tuple[Any, ...]


def parse_condition(condition: Any, parser: str | None) -> Any:
    """Return the tree of a row condition, None where there is none.

    Parameters
    ----------
    condition
        An object as Great Expectations saves it, or a string.
    parser
        For a string: `great_expectations` (`col("a") > 5`) or `pandas` (`a > 5 and b == "x"`).

    Raises
    ------
    DeclarationError
        For a condition that is not of these grammars.
    """
    if condition is None or condition == "":
        return None
    if isinstance(condition, dict):
        return _from_object(condition)
    if isinstance(condition, str) and parser in {"great_expectations", "great_expectations__experimental__"}:
        return _from_text(condition)
    if isinstance(condition, str) and parser == "pandas":
        return _from_query(condition)
    raise DeclarationError(
        f"row_condition {condition!r} with condition_parser {parser!r} can't be read. "
        'Hint: use condition_parser "great_expectations" or "pandas", or the object that Great Expectations saves'
    )


def columns_of(condition: Any) -> Iterator[str]:
    """Yield the columns that a condition looks at."""
    if isinstance(condition, Every | Some):
        for part in condition.conditions:
            yield from columns_of(part)
    elif isinstance(condition, Not):
        yield from columns_of(condition.condition)
    elif condition is not None:
        yield condition.column
        if isinstance(getattr(condition, "value", None), Column):
            yield condition.value.name


def _from_object(condition: Mapping[str, Any]) -> Any:
    try:
        return _OBJECTS[condition["type"]](condition)
    except (KeyError, TypeError) as exc:
        raise DeclarationError(f"row_condition {condition!r} is no condition of Great Expectations") from exc


def _comparison(condition: Mapping[str, Any]) -> Compare:
    operator = str(condition["operator"]).lower().replace("_", " ")
    if operator not in OPERATORS:
        raise DeclarationError(f"row_condition: operator must be one of {', '.join(OPERATORS)}, got {operator!r}")
    value = condition["parameter"]
    return Compare(condition["column"]["name"], operator, tuple(value) if isinstance(value, list) else value)


def _nullity(condition: Mapping[str, Any]) -> Any:
    missing = Missing(condition["column"]["name"])
    return missing if condition["is_null"] else Not(missing)


_OBJECTS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "comparison": _comparison,
    "nullity": _nullity,
    "and": lambda condition: Every(tuple(map(_from_object, condition["conditions"]))),
    "or": lambda condition: Some(tuple(map(_from_object, condition["conditions"]))),
    "pass_through": lambda condition: _from_query(condition["pass_through_filter"]),
}

_TEXT = re.compile(
    r"""\s*col\("(?P<column>[^"]+)"\)\s*
    (?: (?P<notnull>\.notnull\(\)) | (?P<operator>==|!=|<=|>=|<|>)\s*
        (?: (?P<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
          | (?:date\(\s*)? (?: "(?P<double>[^"']*)" | '(?P<single>[^"']*)' ) \s*\)? )
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
)


def _from_text(text: str) -> Any:
    found = _TEXT.fullmatch(text)
    if found is None:
        raise DeclarationError(f'row_condition {text!r} must read like col("a") > 5, or col("a").notnull()')
    if found["notnull"]:
        return Not(Missing(found["column"]))
    quoted = found["double"] if found["double"] is not None else found["single"]
    value = quoted if quoted is not None else _number(found["number"])
    return Compare(found["column"], found["operator"], value)


def _number(text: str) -> float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _from_query(text: str) -> Any:
    """Parse the part of `DataFrame.query` that compares columns with values."""
    names: dict[str, str] = {}
    plain = re.sub(r"`([^`]+)`", lambda found: _placeholder(found[1], names), text)
    try:
        tree = ast.parse(_booleans(plain), mode="eval").body
        return _Query(names).condition(tree)
    except (SyntaxError, ValueError, tokenize.TokenError) as exc:
        raise DeclarationError(
            f"row_condition {text!r} can't be read: it may compare columns with values, and join that with and, or, not"
        ) from exc


def _placeholder(name: str, names: dict[str, str]) -> str:
    key = f"__column_{len(names)}"
    names[key] = name
    return key


def _booleans(text: str) -> str:
    """Write `&` and `|` as `and` and `or`: pandas gives them the same, weak, binding."""
    words = {"&": "and", "|": "or"}
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return tokenize.untokenize(
        (tokenize.NAME, words[token.string]) if token.string in words else token[:2] for token in tokens
    ).strip()


@dataclass(frozen=True)
class _Query:
    names: Mapping[str, str]

    def condition(self, node: ast.expr) -> Any:
        if isinstance(node, ast.BoolOp):
            parts = tuple(map(self.condition, node.values))
            return Every(parts) if isinstance(node.op, ast.And) else Some(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
            return Not(self.condition(node.operand))
        if isinstance(node, ast.Compare):
            return self._chain(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
            return self._nullity(node.func)
        raise ValueError(ast.dump(node))

    def _nullity(self, called: ast.Attribute) -> Any:
        missing = Missing(self._name(called.value))
        if called.attr in {"isnull", "isna"}:
            return missing
        if called.attr in {"notnull", "notna"}:
            return Not(missing)
        raise ValueError(called.attr)

    def _chain(self, node: ast.Compare) -> Any:
        sides = [node.left, *node.comparators]
        parts = tuple(self._compare(*part) for part in zip(sides, node.ops, sides[1:], strict=False))
        return parts[0] if len(parts) == 1 else Every(parts)

    def _compare(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Compare:
        word = _SIGNS[type(operator)]
        if not isinstance(left, ast.Name):
            left, right, word = right, left, _MIRRORED[word]
        value = Column(self._name(right)) if isinstance(right, ast.Name) else _literal(right)
        if isinstance(value, tuple) and word in _MEMBERSHIP:
            word = _MEMBERSHIP[word]
        return Compare(self._name(left), word, value)

    def _name(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Name):
            raise ValueError(ast.dump(node))  # noqa: TRY004 - the caller words all of them in one way
        return self.names.get(node.id, node.id)


def _literal(node: ast.expr) -> Any:
    value = ast.literal_eval(node)  # literals alone: numbers, text, lists of them
    return tuple(value) if isinstance(value, list | tuple | set) else value


_SIGNS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MEMBERSHIP = {"==": "in", "!=": "not in", "in": "in", "not in": "not in"}  # pandas reads a == [1, 2] as membership


def every(conditions: Iterable[Any]) -> Any:
    """Return the condition that all of them hold; None stands for every row."""
    parts = tuple(condition for condition in conditions if condition is not None)
    return parts[0] if len(parts) == 1 else Every(parts) if parts else None
