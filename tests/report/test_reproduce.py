"""The command that reproduces a check."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.report.reproduce import NextCommand, keyword_expression, next_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlops.core.record import CheckRecord

NAMES = [
    "parity-delay_api",
    "no delay > 5",
    "not and or",
    "a::b",
    "x=0.1, (y)",
    "$HOME `id`",
    "back\\slash",
    "<bold>",
    "é",
]


def test_expression_selects_its_test_and_no_shell_reads_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    test = f"@pytest.mark.parametrize('x', range({len(NAMES)}), ids={NAMES!r})\ndef test_law(x): ..."
    items, _ = pytester.inline_genitems(pytester.makepyfile(f"import pytest\n\n{test}"))
    for item in items:
        expression = keyword_expression(item.nodeid)
        assert not set(expression) & set('$`"\\!')
        run = pytester.inline_run("--collect-only", "-k", expression)
        assert [found.nodeid for found in run.getcalls("pytest_collection_finish")[0].session.items] == [item.nodeid]


def test_declared_items_are_selected_by_all_their_names() -> None:
    assert keyword_expression("mlops.toml::drift::february::dep_delay") == "drift and february and dep_delay"


def test_a_name_without_a_word_is_run_by_its_node_id(
    build_record: Callable[..., Any], drift_check: CheckRecord
) -> None:
    record = build_record([replace(drift_check, id="a.py::<>")])
    assert next_command(record) == NextCommand("pytest --mlops 'a.py::<>'", "reproduces drift::<>")


def test_profile_and_seed_come_along_where_they_were_given(
    build_record: Callable[..., Any], drift_check: CheckRecord
) -> None:
    record = build_record(
        [drift_check], profile="release", command="pytest --mlops --mlops-profile release --mlops-seed=7"
    )
    found = next_command(record)
    assert found is not None
    assert found.command == 'pytest --mlops --mlops-profile=release --mlops-seed=7 -k "test_february"'


@pytest.mark.parametrize(
    ("profile", "partial", "command"),
    [
        ("commit", "the commit profile leaves out stages", "pytest --mlops --mlops-profile=ci"),
        ("ci", "", "pytest --mlops --mlops-profile=release"),
        ("ci", "1 lifecycle checks deselected", "pytest --mlops"),
        ("release", "", None),
    ],
)
def test_after_a_green_run_comes_the_next_wider_one(
    profile: str, partial: str, command: str | None, build_record: Callable[..., Any], data_check: CheckRecord
) -> None:
    found = next_command(build_record([data_check], profile=profile, partial=partial))
    assert (found.command if found else None) == command


def test_the_worst_check_comes_first(red_record: dict[str, Any]) -> None:
    found = next_command(red_record)
    assert found is not None
    assert found.purpose == "reproduces serving::test_contract[no 5xx]"
