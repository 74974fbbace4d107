"""Row conditions: what is read, and what is refused; nothing is evaluated."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_mlops import DeclarationError
from pytest_mlops.stages.data.condition import (
    Column,
    Compare,
    Every,
    Missing,
    Not,
    Some,
    columns_of,
    every,
    parse_condition,
)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('col("a") > 5', Compare("a", ">", 5)),
        ('col("a") == "x y"', Compare("a", "==", "x y")),
        ("col(\"a\") != 'x'", Compare("a", "!=", "x")),
        ('col("a") <= -1.5e3', Compare("a", "<=", -1500.0)),
        ('col("a").notnull()', Not(Missing("a"))),
        ('col("day") >= date("2013-01-31")', Compare("day", ">=", "2013-01-31")),
    ],
)
def test_the_grammar_of_great_expectations(text: str, tree: Any) -> None:
    assert parse_condition(text, "great_expectations") == tree
    assert parse_condition(text, "great_expectations__experimental__") == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a > 5", Compare("a", ">", 5)),
        ("5 > a", Compare("a", "<", 5)),
        ("0 < a <= 5", Every((Compare("a", ">", 0), Compare("a", "<=", 5)))),
        ('a == "x" and b != 1', Every((Compare("a", "==", "x"), Compare("b", "!=", 1)))),
        ("a > 1 & b < 2 | c == 3", Some((Every((Compare("a", ">", 1), Compare("b", "<", 2))), Compare("c", "==", 3)))),
        ("not (a in [1, 2])", Not(Compare("a", "in", (1, 2)))),
        ("a not in ['x']", Compare("a", "not in", ("x",))),
        ("a == [1, 2]", Compare("a", "in", (1, 2))),
        ("~a.isnull()", Not(Missing("a"))),
        ("`arrival delay` > b", Compare("arrival delay", ">", Column("b"))),
        ("a == -1", Compare("a", "==", -1)),
    ],
)
def test_the_grammar_of_pandas(text: str, tree: Any) -> None:
    assert parse_condition(text, "pandas") == tree


def test_the_object_that_is_saved() -> None:
    saved = {
        "type": "or",
        "conditions": [
            {"type": "comparison", "column": {"name": "a"}, "operator": "NOT_IN", "parameter": [1, 2]},
            {"type": "nullity", "column": {"name": "b"}, "is_null": False},
            {"type": "and", "conditions": [{"type": "pass_through", "pass_through_filter": "c > 1"}]},
        ],
    }
    tree = parse_condition(saved, None)
    assert tree == Some((Compare("a", "not in", (1, 2)), Not(Missing("b")), Every((Compare("c", ">", 1),))))
    assert list(columns_of(tree)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("condition", "parser"),
    [
        ("__import__('os').system('true')", "pandas"),
        ("a > @limit", "pandas"),
        ("a.str.contains('x')", "pandas"),
        ("a + 1 > 2", "pandas"),
        ("a >", "pandas"),
        ("a > 5", None),
        ("a > 5", "spark"),
        ('col("a") ~ 5', "great_expectations"),
        ({"type": "between"}, None),
        ({"type": "comparison", "column": {"name": "a"}, "operator": "LIKE", "parameter": "x"}, None),
    ],
)
def test_anything_else_is_refused(condition: Any, parser: str | None) -> None:
    with pytest.raises(DeclarationError, match="row_condition"):
        parse_condition(condition, parser)


def test_no_condition_is_every_row() -> None:
    assert parse_condition(None, None) is None
    assert every([None, None]) is None
    assert every([None, Missing("a")]) == Missing("a")
