"""Schemathesis itself on real services: a check is red on the service that it names, and never green unseen.

`tox -e schemathesis` runs this; elsewhere there is no Schemathesis, and only what does not need it is tried.
"""

from __future__ import annotations

import sys
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from pytest_mlops.core.errors import DeclarationError, MissingExtra, SubprocessError, ToolError
from pytest_mlops.stages.schemathesis import (
    CHECKS,
    measure_schemathesis,
    schemathesis_check,
    schemathesis_checks_of,
)
from pytest_mlops.stages.service import start_service
from tests.broken_services import model_service

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlops.core.result import Result

SERVICE = [sys.executable, model_service.__file__, "--port", "{port}"]
HAS_IT = find_spec("schemathesis") is not None
needs_it = pytest.mark.skipif(not HAS_IT, reason="Schemathesis has an environment of its own: tox -e schemathesis")


def measure(tmp_path: Path, fault: str, *, timeout_s: float = 120) -> Result:
    with start_service([*SERVICE, "--fault", fault], name="delay_api", workdir=tmp_path) as service:
        return measure_schemathesis(
            service, model_service.document(), folder=tmp_path, seed=3, max_examples=25, timeout_s=timeout_s
        )


def red(result: Result) -> set[str]:
    return {one.short_name for one in result.measurements if not (one <= 0)}


def test_checks_that_have_nothing_to_look_at_are_no_items() -> None:
    document = model_service.document()
    names = [check.id for check in schemathesis_checks_of(document)]
    assert names == [name for name in CHECKS if name not in {"response_headers_conformance", "missing_required_header"}]
    document["paths"]["/ping"]["get"]["parameters"] = [{"name": "key", "in": "header", "required": True}]
    document["paths"]["/ping"]["get"]["responses"]["200"]["headers"] = {"version": {}}
    assert [check.id for check in schemathesis_checks_of(document)] == list(CHECKS)


def test_wrong_names_are_errors() -> None:
    with pytest.raises(DeclarationError, match="Did you mean 'not_a_server_error'"):
        schemathesis_check("not_a_server_eror")
    with pytest.raises(DeclarationError, match="without='missing_required_header' is not among the checks"):
        schemathesis_checks_of(model_service.document(), without=["missing_required_header"])


@pytest.mark.skipif(HAS_IT, reason="Schemathesis is installed here")
def test_without_schemathesis_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(MissingExtra, match=r'pip install "pytest-mlops\[schemathesis\]"'):
        measure_schemathesis("http://127.0.0.1:1", model_service.document(), folder=tmp_path, seed=0)


@needs_it
@pytest.mark.parametrize(
    ("fault", "names", "words"),
    [
        ("crash_on_null", {"not_a_server_error", "status_code_conformance"}, "ST101 POST /invocations: Server error"),
        ("undocumented_field", set(), ""),  # its schemas are open where the document does not close them
        ("coerce", {"negative_data_rejection"}, "curl -sS -X POST"),
        ("nan_answer", {"response_schema_conformance"}, "NaN"),
    ],
)
def test_a_broken_service_is_red_where_it_is_broken(tmp_path: Path, fault: str, names: set[str], words: str) -> None:
    result, right = measure(tmp_path, fault), red(measure(tmp_path, ""))
    assert red(result) - right == names
    assert all(one.n > 0 for one in result.measurements)
    assert words in " ".join(one.note for one in result.measurements)


@needs_it
def test_a_run_that_does_not_end_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SubprocessError, match=r"must end within 0\.5 s"):
        measure(tmp_path, "slow", timeout_s=0.5)


@needs_it
@pytest.mark.parametrize("alive_s", [0.0, 3.0])
def test_a_service_that_ends_is_never_green(tmp_path: Path, alive_s: float) -> None:
    """What Schemathesis could not send is no part of what its checks saw; they would all be met."""
    with start_service([*SERVICE], name="delay_api", workdir=tmp_path) as service:
        threading.Timer(alive_s, service.stop).start()
        with pytest.raises(ToolError, match=r"must send every request to http://127\.0\.0\.1:\d+, got \d+ errors"):
            measure_schemathesis(service, model_service.document(), folder=tmp_path, seed=0, max_examples=2_000)
