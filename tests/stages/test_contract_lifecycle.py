"""The laws of a service's life: started, asked what it is, ended; and what its log says where it failed."""

from __future__ import annotations

import json
import re
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import DeclarationError, RequirementNotMet, SubprocessError
from pytest_mlops.stages.contract import law, laws_of, measure_contract
from pytest_mlops.stages.contract.findings import first_failure
from pytest_mlops.stages.contract.laws import laws_for
from pytest_mlops.stages.contract.sockets import not_begun
from pytest_mlops.stages.service import Service, attach, start_service
from tests.broken_services import lifecycle_service, model_service

if TYPE_CHECKING:
    from pytest_mlops.core.measurement import Measurement
    from pytest_mlops.core.result import Result

READY, END, NAMES = "ready_means_ready", "sigterm_answers_what_is_in_flight", "answers_name_what_was_deployed"


def serve(workdir: Path, life: str = "", work_s: float = 0.0, **options: Any) -> Service:
    command = [sys.executable, lifecycle_service.__file__, "--port", "{port}", "--life", life, "--work-s", str(work_s)]
    return start_service(command, name="delay_api", workdir=workdir, **options)


def measure(service: Any, *laws: str, **options: Any) -> Result:
    given: dict[str, Any] = {"committed": model_service.document(), "seed": 1, "max_examples": 3, "ends_within_s": 3.0}
    return measure_contract(service, laws=laws, **given | options)


def tried(tmp_path: Path, name: str, life: str, work_s: float = 0.0, **options: Any) -> Measurement:
    with serve(tmp_path, life, work_s) as service:
        result = measure(service, name, **options)
        assert service.alive  # it was a copy that the law ended
    return result[name]


@pytest.mark.parametrize(("life", "words"), [("ready_at_once", "got 500"), ("unavailable_at_once", "got 503")])
def test_a_service_that_says_ready_before_it_is_breaks_the_law(tmp_path: Path, life: str, words: str) -> None:
    found = tried(tmp_path, READY, life)
    assert not (found <= 0)
    assert f"a valid request must be answered 200, {words}" in found.note
    assert "/ping said ready after" in found.note


@pytest.mark.parametrize("life", ["", "slow_start"])
def test_a_service_may_start_slowly(tmp_path: Path, life: str) -> None:
    """It refuses connections, then says that it is not ready; or it was never seen when it was not."""
    found = tried(tmp_path, READY, life)
    assert found <= 0
    assert found.n >= 10
    assert "ready after" in found.note


def test_a_copy_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    flag = tmp_path / "started"
    script = f'[ -e {flag} ] && {{ echo no memory left; exit 3; }}; touch {flag}; exec "$@"'
    command = ["sh", "-c", script, "sh", sys.executable, lifecycle_service.__file__, "--port", "{port}"]
    with (
        start_service(command, name="delay_api", workdir=tmp_path) as service,
        pytest.raises(SubprocessError, match=r"(?s)another delay_api must .* exit code 3.*no memory left"),
    ):
        measure(service, READY)


@pytest.mark.parametrize("life", ["", "drains_long"])
def test_a_service_that_answers_before_it_ends_keeps_the_law(tmp_path: Path, life: str) -> None:
    found = tried(tmp_path, END, life, 0.4)
    assert found <= 0
    assert found.n >= 1
    assert re.search(r"(\d) of \1 requests in flight were answered, 0 not read before, and it ended after", found.note)


def test_a_service_that_drops_what_is_in_flight_breaks_the_law(tmp_path: Path) -> None:
    found = tried(tmp_path, END, "exits_at_once", 0.4)
    assert float(found) >= 1
    assert "a request in flight at SIGTERM must get its whole answer" in found.note
    assert "RemoteDisconnected" in found.note or "ConnectionReset" in found.note


def test_waitress_by_itself_drops_what_waits(tmp_path: Path) -> None:
    """A real server: what waits for one of its four threads is cancelled."""
    application = ["--call", "tests.broken_services.model_service:slow_service"]
    command = [sys.executable, "-m", "waitress", "--listen=127.0.0.1:{port}", "--threads=4", *application]
    with start_service(command, name="delay_api", workdir=tmp_path, cwd=Path(__file__).parents[2]) as service:
        found = measure(service, END)[END]
    assert float(found) >= 1
    assert "must get its whole answer" in found.note


def test_a_service_that_never_ends_breaks_the_law(tmp_path: Path) -> None:
    found = tried(tmp_path, END, "never_ends", 0.2, ends_within_s=1.5)
    assert float(found) == 1
    assert "must end within 1.5 s of SIGTERM, got still running" in found.note


def test_a_service_without_work_is_caught_in_flight_or_not_judged(tmp_path: Path) -> None:
    found = tried(tmp_path, END, "")
    assert found <= 0 or "could be caught in flight" in found.note


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell of its sockets")
def test_what_a_server_has_not_begun_to_read_is_counted() -> None:
    """Connections that wait to be accepted, then those of which it has not read the headers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not_begun(port, 10) == 0
        with socket.create_connection(("127.0.0.1", port)) as one, socket.create_connection(("127.0.0.1", port)):
            assert not_begun(port, 10) == 2
            accepted = [server.accept()[0] for _ in range(2)]
            assert not_begun(port, 10) == 0
            one.sendall(b"headers and 10 letters")
            assert not_begun(port, 10) == 1
            accepted[0].recv(12)
            assert not_begun(port, 10) == 0
            for connection in accepted:
                connection.close()
    assert not_begun(port, 10) is None


def test_what_someone_else_runs_is_not_started_again(tmp_path: Path) -> None:
    with serve(tmp_path) as service:
        for target in (service.url, attach(service.url, name="theirs")):
            result = measure(target, READY, END)
            for name in (READY, END):
                assert (result[name] <= 0).verdict == "not_run"
                assert "is run by someone else" in result[name].note


@pytest.mark.parametrize(
    ("deployed", "words"),
    [
        ({"model_digest": "sha256:0"}, ""),
        ({"model_digest": "sha256:0", "served_version": 3}, ""),
        ({"model_digest": "sha256:1"}, "model_digest at /invocations: what was deployed is 'sha256:1', got 'sha256:0'"),
        ({"served_version": "4"}, "served_version at /"),
        ({"revision": "a1"}, "an answer must name revision 'a1', got none at /invocations, /version, /ping"),
    ],
)
def test_answers_name_what_was_deployed(tmp_path: Path, deployed: dict[str, Any], words: str) -> None:
    """In the body of the answer to a prediction, or in a header."""
    found = tried(tmp_path, NAMES, "", deployed=deployed)
    assert bool(found <= 0) is (not words)
    assert words in found.note


def test_what_was_not_declared_is_not_tried(tmp_path: Path) -> None:
    found = tried(tmp_path, NAMES, "")
    assert (found <= 0).verdict == "not_run"
    assert "give deployed=" in found.note


def test_laws_that_need_a_declaration_are_asked_for(tmp_path: Path) -> None:
    contract = tmp_path / "contract.json"
    contract.write_text(json.dumps(model_service.document()), encoding="utf-8")
    assert [one.id for one in laws_of(contract)] == laws_for(())
    kept = [name for name in laws_for(["deployed"]) if name != END]
    assert [one.id for one in laws_of(contract, also=[NAMES], without=[END])] == kept
    assert [one.id for one in laws_of(contract, declared=["directions"])] == laws_for(["directions"])
    with pytest.raises(DeclarationError, match=f"Did you mean '{READY}'"):
        laws_of(contract, without=["ready_is_ready"])


@pytest.mark.parametrize("name", laws_for(["deployed", "directions"]))
def test_every_law_shows_what_an_exception_in_the_service_wrote(tmp_path: Path, name: str) -> None:
    with serve(tmp_path, "raises") as service:
        result = measure(
            service, name, deployed={"model_digest": "sha256:0"}, directions={"dep_delay": "increasing"},
            offline=model_service.predict,
        )  # fmt: skip
        with pytest.raises(RequirementNotMet, match="RuntimeError: the model broke"):
            result.require(law(name))


def test_what_was_written_after_a_failure_is_not_shown() -> None:
    trace = 'Traceback (most recent call last):\n  File "a", line 1\nKeyError: 1'
    assert first_failure(f"GET /\n{trace}\n" + "GET /\n" * 50).endswith("KeyError: 1")
    chained = (
        f"{trace}\nof two lines\n\nDuring handling of the above exception, another exception occurred:\n\n{trace[:-1]}2"
    )
    assert first_failure(f"{chained}\n" + "GET /\n" * 50).endswith("KeyError: 2")
    assert first_failure("line\n" * 20).count("line") == 8
    assert first_failure("") == ""
