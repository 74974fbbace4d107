"""Requests whose framing is wrong, on real sockets: who guesses is told, who refuses or closes is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.adapters.http import Exchange, HttpClient, Raw, Request, raw_message
from pytest_mlops.core.errors import RequirementNotMet
from pytest_mlops.stages.contract import law, measure_contract
from pytest_mlops.stages.contract.framing import FRAMINGS, framed, may_be_framed
from pytest_mlops.stages.contract.netcat import netcat
from pytest_mlops.stages.service import start_service
from tests.broken_services import framing_service, model_service

if TYPE_CHECKING:
    from pytest_mlops.core.result import Result

ROOT = Path(__file__).parents[2]
ROWS: list[dict[str, Any]] = [{"carrier": "AA", "origin": "JFK", "dep_delay": 12.5, "distance": 400, "hour": 6}]
REFUSED, UP = "invalid_requests_are_refused", "never_a_server_error"
NUMBERS = {"length_is_no_number", "negative_length", "length_with_sign", "length_with_underscore"}
SIZES = {"chunk_size_is_no_number", "chunk_size_with_prefix", "chunk_size_with_underscore"}
PLAIN = Request(method="POST", path="/invocations", body=b'{"rows": []}')


DEVELOPMENT_SERVER = """
import sys
from werkzeug.serving import run_simple
from tests.broken_services.model_service import Service

run_simple("127.0.0.1", int(sys.argv[1]), Service(""))
"""


def measure(tmp_path: Path, file: str, fault: str) -> Result:
    return measured(tmp_path, [sys.executable, file, "--port", "{port}", "--fault", fault])


def measured(tmp_path: Path, command: list[str]) -> Result:
    with start_service(command, name="delay_api", workdir=tmp_path, cwd=ROOT) as service:
        return measure_contract(
            service, document=model_service.document(), examples=ROWS, public=list(ROWS[0]), seed=1, max_examples=1,
            laws=["valid_requests_answer", REFUSED, UP],
        )  # fmt: skip


def kinds(result: Result, name: str = REFUSED) -> set[str]:
    details: Any = result.details
    return {row[0] for row in details[name]}


@pytest.mark.parametrize("file", [model_service.__file__, framing_service.__file__], ids=["waitress", "by_hand"])
def test_a_service_that_refuses_what_has_no_certain_end(tmp_path: Path, file: str) -> None:
    result = measure(tmp_path, file, "")
    result.require(*map(law, ("valid_requests_answer", REFUSED, UP)))
    assert result[REFUSED].n > len(FRAMINGS) + 90


@pytest.mark.parametrize("fault", ["quiet_closes", "quiet_resets", "quiet_lenient"])
def test_an_unusual_but_right_service_keeps_the_law(tmp_path: Path, fault: str) -> None:
    """It closes the connection without an answer; or it takes, and answers rightly, all that RFC 9112 lets it take."""
    result = measure(tmp_path, framing_service.__file__, fault)
    result.require(*map(law, ("valid_requests_answer", REFUSED, UP)))


@pytest.mark.parametrize(
    ("fault", "found", "words"),
    [
        ("trusts_first_length", {"two_lengths_first_right"}, "or the connection closed, got 200"),
        ("trusts_last_length", {"two_lengths_last_right"}, "or the connection closed, got 200"),
        ("takes_what_came", {"body_shorter_than_length", "no_last_chunk"}, "got 200"),
        (
            "takes_what_int_takes",
            {"length_with_sign", "length_with_underscore", *(SIZES - {"chunk_size_is_no_number"})},
            "got 200",
        ),
        ("ignores_codings", {"unknown_transfer_encoding"}, "4xx or 501, or the connection closed, got 200"),
        ("misreads_bare_lines", {"bare_line_feeds"}, "1 rows must get as many predictions, got 0"),
        ("is_hurt_for_good", {"after_wrong_framing"}, "a right request must be answered 200 as before, got 400"),
        ("traceback", {one.name for one in FRAMINGS}, "must not show the server's insides, got 'Traceback"),
    ],
)
def test_a_service_that_guesses_is_told(tmp_path: Path, fault: str, found: set[str], words: str) -> None:
    result = measure(tmp_path, framing_service.__file__, fault)
    assert kinds(result) == found
    with pytest.raises(RequirementNotMet, match=words) as caught:
        result.require(law(REFUSED))
    told, is_hurt = str(caught.value), fault == "is_hurt_for_good"
    assert ("printf 'POST /invocations HTTP/1.1\\r\\nHost: 127.0.0.1:" in told) != is_hurt
    assert bool(result[UP] <= 0) != is_hurt


def test_a_service_that_crashes_breaks_both_laws(tmp_path: Path) -> None:
    result = measure(tmp_path, framing_service.__file__, "crashes")
    assert kinds(result) == kinds(result, UP) == NUMBERS | SIZES


def test_a_service_that_waits_for_a_body_that_will_not_come(tmp_path: Path) -> None:
    result = measure(tmp_path, framing_service.__file__, "hangs_on_a_short_body")
    assert kinds(result) == kinds(result, UP) == {"body_shorter_than_length"}
    with pytest.raises(RequirementNotMet, match=r"or the connection closed, got TimeoutError(.|\n)* \| nc -N 127"):
        result.require(law(REFUSED))


def test_flasks_development_server_hands_on_what_is_wrong(tmp_path: Path) -> None:
    """Behind it an application meets lengths that are none, of which a server for production keeps it free."""
    pytest.importorskip("werkzeug")
    result = measured(tmp_path, [sys.executable, "-c", DEVELOPMENT_SERVER, "{port}"])
    assert kinds(result) == NUMBERS | {
        "two_lengths_last_right", "body_shorter_than_length", "unknown_transfer_encoding",
    }  # fmt: skip


def test_a_service_that_is_gone_has_not_closed_the_connection() -> None:
    with HttpClient("http://127.0.0.1:9", timeout_s=1) as client:
        exchange = client.send(framed(PLAIN, FRAMINGS[0]))
    assert (exchange.status, exchange.closed) == (None, False)
    assert "ConnectionRefusedError" in exchange.problem


@pytest.mark.parametrize("framing", FRAMINGS, ids=lambda one: one.name)
def test_the_line_for_a_shell_prints_the_message(framing: Any) -> None:
    """To the byte, without what would be sent being as long as a megabyte."""
    exchange = Exchange(
        request=framed(PLAIN, framing), url="http://127.0.0.1:80/invocations", status=200, elapsed_s=0.1
    )
    line = netcat(exchange)
    printf, _, end = line.rpartition(" | ")
    printed = subprocess.run(["bash", "-c", printf], capture_output=True, check=True, timeout=20).stdout
    assert printed == raw_message(exchange.request, exchange.url)
    assert end == ("nc -N 127.0.0.1 80" if framing.ends else "nc 127.0.0.1 80")
    assert len(line) < 400


def test_odd_bytes_are_printed_too() -> None:
    rest = b"a: %d 'b' \\n \xff\x001\r\n\r\n" + b"0" * 5_000
    request = Request(method="POST", path="/a?b=1", raw=Raw(rest=rest))
    line = netcat(Exchange(request=request, url="http://[::1]:8000/a?b=1", status=None, elapsed_s=0.1))
    printf, _, end = line.rpartition(" | ")
    printed = subprocess.run(["bash", "-c", printf], capture_output=True, check=True, timeout=20).stdout
    assert printed == b"POST /a?b=1 HTTP/1.1\r\nHost: [::1]:8000\r\n" + rest
    assert end == "nc ::1 8000"


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost/api", True),
        ("https://127.0.0.1:8000", False),
        ("http://example.org", False),
    ],
)
def test_only_loopback_is_sent_wrong_framing(url: str, may: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert may_be_framed(url) is may
