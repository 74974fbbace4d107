"""Contracts on real services: each broken one turns exactly its laws red, each unusual but right one stays green."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.adapters.hypothesis import draw
from pytest_mlops.core.errors import DeclarationError, RequirementNotMet, ToolError
from pytest_mlops.stages.contract import law, measure_contract
from pytest_mlops.stages.contract.laws import laws_for
from pytest_mlops.stages.data import read_suite
from pytest_mlops.stages.service import start_service
from tests.broken_services import model_service

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlops.core.result import Result
    from pytest_mlops.stages.data.suite import Suite

SERVICE = [sys.executable, model_service.__file__, "--port", "{port}"]
ROWS: list[dict[str, Any]] = [
    {"carrier": carrier, "origin": "JFK", "dep_delay": delay, "distance": 400 + 300 * place, "hour": 6 + 2 * place}
    for place, (carrier, delay) in enumerate([("AA", -3.0), ("UA", 12.5), ("DL", None), ("AA", 80.25), ("UA", 31.0)])
]


def measure(tmp_path: Path, fault: str, *laws: str, max_examples: int = 15, **options: Any) -> Result:
    given: dict[str, Any] = {
        "offline": model_service.predict,
        "committed": model_service.document(),
        "examples": ROWS,
        "directions": {"dep_delay": "increasing"},
        "deployed": {"model_digest": "sha256:0"},
    }
    with start_service([*SERVICE, "--fault", fault], name="delay_api", workdir=tmp_path) as service:
        return measure_contract(service, seed=1, max_examples=max_examples, laws=laws or None, **given | options)


def red(result: Result) -> set[str]:
    return {one.short_name for one in result.measurements if not (one <= 0)}


def test_a_right_service_keeps_every_law(tmp_path: Path) -> None:
    result = measure(tmp_path, "", max_examples=50)
    tried = laws_for(["directions", "deployed"])
    result.require(*map(law, tried))
    assert [one.short_name for one in result.measurements] == tried
    assert all(one.n > 0 for one in result.measurements)
    assert result["invalid_requests_are_refused"].n > 90


@pytest.mark.parametrize("fault", ["quiet_jitter", "quiet_key_order", "quiet_422"])
def test_an_unusual_but_right_service_keeps_every_law(tmp_path: Path, fault: str) -> None:
    assert red(measure(tmp_path, fault, max_examples=5)) == set()


@pytest.mark.parametrize(
    ("fault", "laws", "words"),
    [
        ("crash_on_bad_row", "invalid_requests_are_refused never_a_server_error", r"got 500"),
        ("coerce", "invalid_requests_are_refused", r"got 200"),
        ("lenient_json", "invalid_requests_are_refused", r"duplicate_key:\w+: must be refused with 4xx, got 200"),
        ("traceback", "invalid_requests_are_refused", r"must not show the server's insides, got 'Traceback"),
        ("echo", "invalid_requests_are_refused", r"must not send back the body"),
        ("nan_answer", "valid_requests_answer", r"NaN is not JSON"),
        ("undocumented_field", "valid_requests_answer", r"'debug' was unexpected"),
        ("drops_a_row", "valid_requests_answer", r"2 rows must get as many predictions, got 1"),
        ("crash_on_null", "valid_requests_answer never_a_server_error", r"got 500"),
        ("answers_everything", "unknown_paths_and_methods", r"must be answered 404 or 405, got 200"),
        ("neighbours", "one_by_one_equals_all_at_once row_order_does_not_matter", r"alone 0\.\d+, among 2 rows 0\.\d+"),
        ("order", "one_by_one_equals_all_at_once row_order_does_not_matter", r"alone 0\.\d+, among 2 rows"),
        ("state", "same_request_same_answer", r"asked again 0\.\d+, the first time 0\.\d+"),
        ("half_precision", "online_equals_offline", r"online 0\.\d+, offline 0\.\d+"),
        ("lying_document", "valid_requests_answer", r"drawn_rows_of_the_served_document: .* answered 200, got 400"),
    ],
)
def test_a_broken_service_breaks_its_laws(tmp_path: Path, fault: str, laws: str, words: str) -> None:
    names = laws.split()
    result = measure(tmp_path, fault, *names)
    assert red(result) == set(names)
    with pytest.raises(RequirementNotMet, match=words) as caught:
        result.require(law(names[0]))
    assert "curl -sS -X" in str(caught.value)
    assert "http://127.0.0.1:" in str(caught.value)
    assert len(str(caught.value)) < 4_000


def test_a_server_error_shows_the_end_of_the_log(tmp_path: Path) -> None:
    result = measure(tmp_path, "crash_on_null", "never_a_server_error", max_examples=5)
    assert "ZeroDivisionError: no delay" in result["never_a_server_error"].note
    assert result["never_a_server_error"].artefacts[0].kind == "table"


def test_failing_requests_are_made_small(tmp_path: Path) -> None:
    name = "one_by_one_equals_all_at_once"
    note = measure(tmp_path, "neighbours", name, max_examples=30)[name].note
    body = json.loads(note.partition("--data-binary '")[2].partition("'\n")[0])
    assert len(body["rows"]) == 2
    assert all(row["distance"] == 1 for row in body["rows"])


def test_decisions_that_differ_only_at_the_boundary_are_found(tmp_path: Path) -> None:
    result = measure(tmp_path, "half_precision", "online_equals_offline", max_examples=5, tolerance=0.01)
    assert "boundary row" in result["online_equals_offline"].note
    assert ".late: online True, offline False" in result["online_equals_offline"].note


def test_a_tolerance_allows_the_last_digits(tmp_path: Path) -> None:
    offline = [{"probability": one["probability"] + 1e-9} for one in model_service.predict(ROWS)]
    exact = measure(tmp_path, "", "online_equals_offline", offline=offline)
    assert float(exact["online_equals_offline"]) == len(ROWS)
    near = measure(tmp_path, "", "online_equals_offline", offline={"predictions": offline}, tolerance=1e-8)
    near.require(law("online_equals_offline"))
    assert near["online_equals_offline"].n == len(ROWS)


def test_what_cannot_be_compared_is_not_run(tmp_path: Path) -> None:
    result = measure(tmp_path, "", "online_equals_offline", "no_breaking_change", offline=None, committed=None)
    for name, hint in (("online_equals_offline", "give offline="), ("no_breaking_change", "committed=")):
        judgement = result[name] <= 0
        assert judgement.verdict == "not_run"
        assert hint in result[name].note


def test_a_real_row_that_the_document_refuses_is_a_violation(tmp_path: Path) -> None:
    rows = [*ROWS, {**ROWS[0], "distance": 9_999}]
    result = measure(tmp_path, "", "valid_requests_answer", examples=rows, max_examples=2)
    assert "the document must allow a real row" in result["valid_requests_answer"].note


def test_the_document_is_fetched_where_none_is_given(tmp_path: Path) -> None:
    result = measure(tmp_path, "", "valid_requests_answer", committed=None, examples=(), max_examples=3)
    result.require(law("valid_requests_answer"))


def test_the_same_seed_sends_the_same_requests(tmp_path: Path) -> None:
    first, second = (measure(tmp_path, "", "valid_requests_answer", max_examples=10) for _ in range(2))
    assert first.to_json()["measurements"] == second.to_json()["measurements"]


def test_a_service_that_is_gone_is_never_green(tmp_path: Path) -> None:
    with start_service(SERVICE, name="delay_api", workdir=tmp_path) as service:
        pass
    with pytest.raises(ToolError, match="must serve its OpenAPI document"):
        measure_contract(service, seed=1)
    result = measure_contract(
        service,
        committed=model_service.document(),
        examples=ROWS,
        offline=model_service.predict,
        directions={"dep_delay": "increasing"},
        deployed={"model_digest": "sha256:0"},
        seed=1,
        max_examples=2,
    )
    of_a_copy = {"ready_means_ready", "sigterm_answers_what_is_in_flight"}  # which they start anew
    assert red(result) == set(laws_for(["directions", "deployed"])) - of_a_copy


def test_a_document_without_rows_is_a_wrong_declaration(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"exactly one array of objects \(the rows\).*got none"):
        measure(tmp_path, "", committed={"openapi": "3.1.0", "paths": {}})


def test_an_unknown_law_is_refused() -> None:
    with pytest.raises(DeclarationError, match="Did you mean 'row_order_does_not_matter'"):
        law("row_order_doesnt_matter")


def test_what_is_drawn_does_not_depend_on_what_was_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis likes to draw numbers that stand in the source of the user's modules."""
    schema: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 2**40}
    before = draw(schema, seed=1, count=200)
    numbers = ", ".join(str(7 * 10**9 + number) for number in range(500))
    (tmp_path / "module_of_numbers.py").write_text(f"NUMBERS = [{numbers}]\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import_module("module_of_numbers")
    assert draw(schema, seed=1, count=200) == before


def of_suite(tmp_path: Path, *bounds: tuple[str, float | None, float | None]) -> Suite:
    made = [
        {"type": "expect_column_values_to_be_between",
         "kwargs": {"column": column, "min_value": low, "max_value": high, "mostly": 0.9}}
        for column, low, high in bounds
    ]  # fmt: skip
    path = tmp_path / "suite.json"
    path.write_text(json.dumps({"expectations": made}), encoding="utf-8")
    return read_suite(path)


def test_rows_that_a_suite_describes_are_answered(tmp_path: Path) -> None:
    """Where the suite is silent, the document speaks; a column that is no field of a request is left out."""
    suite = of_suite(tmp_path, ("distance", 100, 3000), ("hour", None, 20), ("arr_delay", -100, 100))
    result = measure(tmp_path, "", "valid_requests_answer", suite=suite, max_examples=30)
    result.require(law("valid_requests_answer"))
    assert result["valid_requests_answer"].n > 2 * 30


def test_a_suite_that_allows_more_than_the_document_disagrees_with_it(tmp_path: Path) -> None:
    suite = of_suite(tmp_path, ("distance", 100, 9000))
    result = measure(tmp_path, "", "valid_requests_answer", suite=suite)
    words = r"the suite and the document disagree: .*distance: \d+ is greater than the maximum of 5000"
    with pytest.raises(RequirementNotMet, match=words):
        result.require(law("valid_requests_answer"))
    assert red(result) == {"valid_requests_answer"}


ALLOWED = [{**row, "dep_delay": row["dep_delay"] and 87.125, "distance": 4321} for row in ROWS]


@pytest.mark.parametrize(
    ("fault", "rows", "offline"),
    [
        ("", [{**row, "carrier": "canaryq7x"} for row in ALLOWED], None),
        ("crash_on_null", ALLOWED, None),
        ("order", ALLOWED, None),
        ("half_precision", ALLOWED, model_service.predict),
    ],
)
def test_values_of_real_rows_are_hidden(tmp_path: Path, fault: str, rows: Any, offline: Any) -> None:
    """A row that the document does not allow, a service that fails or answers otherwise: no value is told."""
    result = measure(tmp_path, fault, examples=rows, offline=offline, max_examples=5)
    assert red(result)
    told = json.dumps(result.to_json(), ensure_ascii=False)
    assert not any(value in told for value in ("canaryq7x", "87.125", "4321"))
    assert "\u2022\u2022\u2022" in told


def test_values_of_public_fields_are_told(tmp_path: Path) -> None:
    result = measure(tmp_path, "half_precision", "online_equals_offline", public=list(ROWS[0]), max_examples=5)
    assert '"distance": 400' in str(result.details)


def test_what_a_model_says_of_a_row_on_which_it_fails_is_hidden(tmp_path: Path) -> None:
    def fails(rows: list[dict[str, Any]]) -> list[Any]:
        raise KeyError(rows[0]["carrier"])

    rows = [{**row, "carrier": "canaryq7x"} for row in ROWS]
    with pytest.raises(ToolError, match=r"offline must predict .*KeyError: '\u2022\u2022\u2022'") as story:
        measure(tmp_path, "", "online_equals_offline", examples=rows, offline=fails)
    assert story.value.__suppress_context__
