"""A check as load: the same function that a test calls, by many users at once, and never green without a request."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops import DeclarationError, RequirementNotMet, at_least, at_most
from pytest_mlops.core.errors import SubprocessError
from pytest_mlops.stages.load import Load, closed, measure_check, server
from pytest_mlops.stages.service import Service, start_service
from tests.broken_services import load_checks, model_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlops.core.result import Result

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    command = [sys.executable, model_service.__file__, "--port", "{port}"]
    with start_service(command, name="api", workdir=tmp_path_factory.mktemp("api")) as service:
        yield service


def load(service: Service | str, check: str, workdir: Path, **more: Any) -> Result:
    said = {"scenario": closed(4), "duration_s": 1.0, "warmup_s": 0.2, "seed": 1, "workdir": workdir, **more}
    where = check if ":" in check else f"tests.broken_services.load_checks:{check}"
    return measure_check(service, Load(**said), where, name="api", project=ROOT)


def test_an_ordinary_test_calls_the_same_function(api: Service) -> None:
    load_checks.answers_are_probabilities(api.url)


def test_users_call_it(api: Service, tmp_path: Path) -> None:
    result = load(api, "answers_are_probabilities", tmp_path)
    result.require(
        failures=at_most(0), failures_asserted=at_most(0), failures_raised=at_most(0), failures_connection=at_most(0),
        requests=at_least(20), duration=at_least(1, "s"), p50=at_most(900, "ms", by="point"),
    )  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / "load-api/records").read_text(encoding="utf-8").splitlines()]
    assert all(due <= sent < done and status == 200 and not why for due, sent, done, status, why in lines)
    assert sum(0 <= due < 1 for due, *_ in lines) == float(result["requests"])
    assert result.digests["check:api"]
    assert "a closed loop" in result["p50"].note


def test_calls_begin_when_they_are_due(api: Service, tmp_path: Path) -> None:
    """Each takes over 100 ms, and ten of them a second wait for none before them."""
    result = load(api, "is_slow", tmp_path, scenario=server(30, arrivals="constant"), duration_s=2.0)
    result.require(requests=at_least(60), failures=at_most(0))
    lines = [json.loads(line) for line in (tmp_path / "load-api/records").read_text(encoding="utf-8").splitlines()]
    assert min(done - due for due, _, done, *_ in lines) > 0.1
    dues = sorted(due for due, *_ in lines)
    assert max(b - a for a, b in itertools.pairwise(dues)) == pytest.approx(1 / 30, abs=1e-6)


@pytest.mark.parametrize(("check", "kind"), [("fails_at_times", "AssertionError"), ("fails_by_pytest", "Failed")])
def test_an_assert_that_fails_is_a_failed_request_and_its_user_lives_on(
    api: Service, tmp_path: Path, check: str, kind: str
) -> None:
    result = load(api, check, tmp_path, duration_s=2.0)
    assert 0.05 < float(result["failures"]) < 0.15
    assert float(result["failures"]) == float(result["failures_asserted"])
    assert float(result["requests"]) > 40
    assert f"{kind} at load_checks.py:" in result["failures"].note
    assert "every tenth is wrong" in result["failures"].note
    with pytest.raises(RequirementNotMet, match=r"load.failures must be at most 0.01, got 0.*every tenth is wrong"):
        result.require(failures=at_most(0.01))


def test_every_measurement_is_documented(api: Service, tmp_path: Path) -> None:
    page = (ROOT / "docs/load.md").read_text(encoding="utf-8")
    result = load(api, "answers_are_probabilities", tmp_path, scenario=server(50), duration_s=0.5)
    assert [one.name for one in result.measurements if f"`{one.short_name}`" not in page] == []


def test_what_is_no_assert_is_an_error_of_its_own(api: Service, tmp_path: Path) -> None:
    result = load(api, "raises_at_times", tmp_path)
    assert 0.05 < float(result["failures_raised"]) < 0.2
    assert float(result["failures_asserted"]) == 0
    assert "KeyError at load_checks.py:" in result["failures"].note
    assert result["failures_connection"].value is None  # it is not known whether that was a connection


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ("raises_always", r"all [\d,]+ requests failed: KeyError at load_checks.py:\d+: 'late'"),
        (
            "fails_without_words",
            r"requests failed: AssertionError at load_checks.py:\d+: assert \"model_digest\" not in",
        ),
        ("refuses_in_words", "requests failed: returned False: a check asserts, and returns nothing"),
        ("sends_nothing", r"[\d,]+ calls of the check passed without a request to the service"),
        ("asks_elsewhere", r"not allowed were refused: 192.0.2.1 \("),
        ("exits", "4 of 4 users died"),
        ("hangs", "4 users were still waiting for an answer at the end"),
    ],
)
@pytest.mark.parametrize("scenario", [closed(4), server(100)], ids=["users", "due"])
def test_a_broken_check_is_never_green(api: Service, tmp_path: Path, check: str, why: str, scenario: Any) -> None:
    result = load(api, check, tmp_path, scenario=scenario, duration_s=0.5, timeout_s=1.0)
    assert result.details["proved"] is False
    assert not any(one <= 1e9 for one in result.measurements)
    assert not any(one >= 0 for one in result.measurements)
    with pytest.raises(RequirementNotMet, match=f"(?i)not run: .*{why.replace('4 ', '[0-9]+ ')}"):
        result.require(failures=at_most(1))


@pytest.mark.parametrize(
    ("check", "why"),
    [
        ("ends_everything", "must end with a summary, got exit code 0"),
        ("needs_rows", r"must be a function of the service's URL alone \(missing a required argument: 'rows'\)"),
        ("test_with_a_fixture", "is a test of pytest's, whose fixtures do not exist here"),
        ("is_never_awaited", "must be a plain function"),
        ("nowhere", "load_checks has no 'nowhere'"),
        ("NO_FUNCTION", "must be a function of the service's URL, got int"),
        ("tests.broken_services.unimportable_checks:check", "No module named 'no_such_module'"),
        (
            "tests.broken_services.not_there:check",
            "there is no module 'tests.broken_services.not_there' in the project",
        ),
        ("nowhere.at_all:check", "^check=nowhere.at_all:check: there is no module 'nowhere' in the project or among"),
        ("tests.broken_services.endless_checks:check", "(?s)must end within 6 s, got still running.*importing tests"),
    ],
)
def test_what_is_no_check_is_an_error(api: Service, tmp_path: Path, check: str, why: str) -> None:
    broken = "summary" in why or "no_such_module" in why or "still running" in why
    with pytest.raises(SubprocessError if broken else DeclarationError, match=why):
        load(api, check, tmp_path, start_s=3.0, timeout_s=1.5)


def test_asserts_that_are_switched_off_are_switched_on(
    api: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    assert load(api, "fails_without_words", tmp_path, duration_s=0.5).details["proved"] is False


def test_a_service_that_is_gone_is_never_green(tmp_path: Path) -> None:
    result = load("http://127.0.0.1:9", "answers_are_probabilities", tmp_path, duration_s=0.3)
    assert "requests failed: URLError at load_checks.py" in str(result.details["why"])


def test_wrong_declarations_are_refused(api: Service, tmp_path: Path) -> None:
    for wrong in ("module:", ":check", "module:a-b", "a:b:c"):
        with pytest.raises(DeclarationError, match=r'check must be "package.module:function"'):
            load(api, wrong, tmp_path)
    with pytest.raises(DeclarationError, match="must be on loopback or on an allowed host"):
        load("http://example.org", "answers_are_probabilities", tmp_path)
