"""What `mlops.toml` says of a load: each scenario is run as said, a mistake is named, a broken service is red."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from pytest_mlops.core import service_keys
from pytest_mlops.core.configuration import configuration_schema, parse_configuration
from pytest_mlops.core.errors import DeclarationError
from tests.broken_services import model_service, version_service

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

ROOT = Path(__file__).parents[2]
ROW = {"carrier": "AA", "origin": "JFK", "dep_delay": 12.5, "distance": 900, "hour": 9}
_SERVICE = "[service.api]\ncommand = ['x', '{port}']\n[service.api.load]\nduration = '1s'\n"
_LOAD = _SERVICE + "p95 = { at_most = 50, unit = 'ms' }\n"
_OTHER = "[service.apt]\ncommand = ['x', '{port}']\n"
_RARE = _SERVICE + "startup = { at_most = 5, unit = 's' }\n"
WRONG = {
    _LOAD: "[service.api]: load must say one of rate, replay, users, batch, got none. Hint: rate = 50, requests",
    _LOAD + "rate = 5\nusers = 2": "load must say one of rate, replay, users, batch, got rate and",
    _LOAD + "locustfile = 'l.py'\nrate = 5": "load: locustfile needs users",
    _LOAD + "users = 5\nprocesses = 2": "load: processes needs locustfile",
    _LOAD + "users = 5\nexpect_workers = 2": "load: expect_workers needs locustfile",
    _LOAD + "users = 5\nlocustfile = 'l'\nexpect_within = '9s'": "load: expect_within needs expect_workers",
    _LOAD + "users = 5\nlocustfile = 'l'\nexpect_workers = 0": "load: expect_workers must be how many more are waited",
    _LOAD + "rate = 5\nuser_classes = ['A']": "load: user_classes needs locustfile",
    _LOAD + "rate = 5\nbind = '10.0.0.5'": "load: bind needs expect_workers",
    _LOAD + "rate = 5\nthroughput = { at_least = 6 }": "load: throughput must be at least 6/s, and rate sends 5/s. ",
    _SERVICE + "rate = 5\np95 = { at_most = -1 }": "load: p95 is never below 0, got at_most -1",
    _LOAD + "replay = 'a'\narrivals = 'constant'": "load: arrivals needs rate",
    _LOAD + "rate = 5\nbounds = { rates = 9 }": "load: bounds: unknown key 'rates'. Did you mean 'rate'?",
    _LOAD + "rate = 5\nbounds = { rate = 0 }": "load: bounds: rate must be the most requests a second, above 0, got 0",
    _LOAD + "rate = 5\nbounds = { duration = 9 }": "load: bounds: duration must be a time, '1h': the longest run (ms",
    _LOAD + "users = 5\narrivals = 'constant'": "load: arrivals needs rate",
    _LOAD + "users = 5\nlateness = { at_most = 1, unit = 'ms' }": "load: lateness needs rate or replay",
    _LOAD + "users = 5\nfailures_asserted = { at_most = 0 }": "load: failures_asserted needs check",
    _LOAD + "users = 5\ncheck = 'm:f'\nlocustfile = 'l'": (
        "load: check and locustfile can't both be: each says what users do"
    ),
    _LOAD + "batch = 5\ncheck = 'm:f'": "load: check and batch can't both be: a check sends what it likes",
    _LOAD + "users = 5\ncheck = 'm:f'\nlongest = '9s'": "load: check and longest can't both be: a check is called",
    _LOAD + "users = 5\nlocustfile = 'l'\nlongest = '9s'": "load: locustfile and longest can't both be: a locustfile",
    _LOAD + "users = 5\nlocustfile = 'l'\nrows_throughput = { at_least = 9 }": (
        "load: locustfile and rows_throughput can't both be: nobody knows how many rows"
    ),
    _RARE + "rate = 5\nlongest = '9s'": "load: longest is for a limit that requests decide, got startup. Hint: one of",
    _LOAD + "rate = 5\nbase = 'apo'\n" + _OTHER: "load: base: unknown name 'apo'. Did you mean 'apt'?",
    _LOAD + "rate = 5\nbase = 'api'\n" + _OTHER: "load: base: unknown name 'api'. Did you mean 'apt'?",
    _LOAD + "rate = 5\nbase = 'apt'\n" + _OTHER: "load: p95 is of a load on one service. Hint: with base, p50_",
    _LOAD + "rate = 5\nbase = 'apt'\nlongest = '9s'\n" + _OTHER: "load: base and longest can't both be: two",
    _LOAD + "users = 5\nbase = 'apt'\n" + _OTHER: "load: base needs rate or replay",
    _LOAD + "rate = 5\np90_ratio = { at_most = 1 }": "load: p90_ratio needs base",
    _LOAD + "rate = 5\narrivals = 'poison'": "load: arrivals: unknown name 'poison'. Did you mean 'poisson'?",
    _LOAD + "rate = 5\np909 = { at_most = 1 }": "load: unknown key 'p909'. Did you mean 'p9",
    _LOAD + "rate = 0": "load: rate must be requests a second, above 0, got 0",
    _LOAD + "users = 0": "load: users must be the number of users who each wait for their answer, from 1 on, got 0",
    _LOAD + "users = 2.5": "load: users must be the number of users who each wait for their answer, from 1 on, got 2.5",
    _LOAD + "rate = 5\nlongest = 'a while'": "load: longest must be a time, '60s': how long it goes on",
    _LOAD + "rate = 5\ntimeout = '20m'": "how long an answer is waited for (ms, s, min or h), got '20m'",
    _SERVICE + "rate = 5\np95 = { at_most = 1, unit = 's' }": "load: p95 is in ms, its limit in 's'. Hint: unit = 'ms'",
    _LOAD + "rate = 5\nfailures = { at_most = 5, unit = '%' }": "failures is in no unit, its limit in '%'. Hint: leave",
    _LOAD + "rate = 5\nfailures = { at_most = 5 }": "failures is a share from 0 to 1, got at_most 5. Hint: at_most",
    _LOAD + "rate = 5\nfailures = { at_most = 0.1, at_least = 0.2 }": (
        "load failures: a limit must leave room: low 0.2 is above high 0.1"
    ),
    _LOAD + "rate = 5\nwarmup = 1": "load: warmup must be a time, '1s': how long requests are sent",
    _LOAD + "rate = 5\ntimeout = '1 day'": "load: timeout must be a time, '10s': how long an answer is waited for",
}  # fmt: skip
BEYOND_A_SCHEMA = (
    "and rate sends",
    "is never below 0",
    " needs ",
    "can't both be",
    "must say one of",
    "longest is for",
    "unknown name 'ap",
    "one service",
    "a share from",
    "leave room",
    "its limit in",
)  # what a reader of the keys finds


@pytest.mark.parametrize("text", WRONG)
def test_a_mistake_is_named(text: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse_configuration(tomllib.loads(text), source="mlops.toml")
    assert WRONG[text] in str(caught.value)
    assert str(caught.value).startswith("mlops.toml: [service.api]: load")


def test_editors_see_a_mistake_too() -> None:
    validator = jsonschema.Draft7Validator(configuration_schema())
    for text, message in WRONG.items():
        if not any(words in message for words in BEYOND_A_SCHEMA):
            assert list(validator.iter_errors(tomllib.loads(text))), text


def test_every_limit_of_the_page_can_be_declared() -> None:
    """But `duration`, which says how long the load is made; and the snippet of the page is a load."""
    page = (ROOT / "docs/load.md").read_text(encoding="utf-8")
    table = page[page.index("## Limits") :].split("\n\n")[1]
    listed = {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert set(service_keys.LOAD) == listed - {"duration"}
    text = "\n".join(re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
    (service,) = parse_configuration(tomllib.loads(text), source="mlops.toml").service.values()
    assert service.load is not None
    assert service.load.longest
    assert service.capacity is not None


TOML = f"""
[service.api]
command = ["{{python}}", {version_service.__file__!r}, "--port", "{{port}}", "--digest", "d", "--change", "CHANGE"]
contract = "contract.json"
laws = ["predictions_are_sound"]
requests = "rows.jsonl"
PROTOCOL

[service.api.load]
"""
CHECKS = """
import json
import urllib.request


def is_early(url):
    body = json.dumps({"rows": [ROW]}).encode()
    request = urllib.request.Request(f"{url}/invocations", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert json.load(answer)["predictions"][0]["late"] is False, "it is late"
"""
OPEN = """
rate = 200
arrivals = "constant"
duration = "1s"
longest = "20s"
warmup = "200ms"
timeout = "2s"
p50 = { at_most = 900, unit = "ms" }
p90 = { at_most = 900, unit = "ms", by = "point" }
p999 = { at_most = 3000, unit = "ms", by = "point" }
failures = { at_most = 0 }
failures_5xx = { at_most = 0 }
requests = { at_least = 150 }
server_cpu = { at_most = 100, unit = "ms" }
startup = { at_most = 60, unit = "s" }
first_request = { at_most = 2000, unit = "ms" }
generator_cpu = { at_most = 1 }
lateness = { at_most = 500, unit = "ms" }
"""
CLOSED = "users = 2\nduration = '1s'\nwarmup = '200ms'\nfailures = { at_most = 0 }\nthroughput = { at_least = 5 }\n"
BATCH = "batch = 50\nduration = '1s'\nfailures = { at_most = 0 }\nrows_throughput = { at_least = 100 }\n"
LOCUST = CLOSED + "locustfile = 'travellers.py'\nprocesses = 2\n"
REPLAY = """
replay = "arrivals.txt"
duration = "1s"
warmup = "200ms"
bounds = { requests = 60, duration = "10s" }
failures = { at_most = 0 }
requests = { at_least = 49, at_most = 50 }
"""
ONE_CLASS = (
    CLOSED
    + f"locustfile = {str(ROOT / 'tests/broken_services/locustfiles/two_kinds.py')!r}\nuser_classes = ['Watcher']\n"
)
CHECK = CLOSED + "check = 'early:is_early'\nfailures_asserted = { at_most = 0 }\n"


CAPACITY = """
[service.api.capacity]
failures = { at_most = 0.01 }
p95 = { at_most = 900, unit = "ms" }
bounds = { rate = 300 }
capacity = { at_least = 250, unit = "1/s" }
"""


@pytest.fixture
def declared(project: Project) -> Project:
    return project.write({
        "early.py": f"ROW = {ROW!r}\n{CHECKS}",
        "travellers.py": (ROOT / "tests/broken_services/locustfiles/travellers.py").read_text(encoding="utf-8"),
        "contract.json": json.dumps(model_service.document()),
        "arrivals.txt": "\n".join(f"2026-11-02T09:00:0{at // 50}.{at % 50 * 2:02}" for at in reversed(range(60))),
        "rows.jsonl": f"{json.dumps(ROW)}\n" * 3,
    })  # fmt: skip


def run(project: Project, load: str, change: str = "") -> dict[str, Any]:
    toml = TOML.replace("CHANGE", change).replace("PROTOCOL", "") + load
    project.write({"mlops.toml": toml}).run("--mlops", "-k", "load")
    (check,) = project.record()["checks"]
    assert check["id"] == "mlops.toml::service::api::load"
    assert check["stage"] == "load"
    found: dict[str, Any] = {one["measurement"]["name"].removeprefix("load."): one for one in check["evidence"]}
    return found


@pytest.mark.parametrize(
    ("load", "said"),
    [
        (OPEN, {"scenario": "server", "rate": 200.0, "arrivals": "constant", "warmup_s": 0.2}),
        (CLOSED, {"scenario": "closed", "users": 2}),
        (BATCH, {"scenario": "offline"}),
        (LOCUST, {"users": 2, "processes": 2}),
        (ONE_CLASS, {"users": 2, "user_classes": ["Watcher"]}),
        (REPLAY, {"scenario": "server", "arrivals": "replay"}),
        (CHECK, {"scenario": "closed", "users": 2}),
    ],
    ids=["open", "closed", "batch", "locust", "one class", "replay", "check"],
)
def test_a_load_is_run_as_it_was_said(declared: Project, load: str, said: dict[str, Any]) -> None:
    found = run(declared, load)
    limits = tomllib.loads(load).keys() & set(service_keys.LOAD)
    assert set(found) == limits
    assert {one["verdict"] for one in found.values()} == {"pass"}, found
    for name, one in found.items():
        assert one["measurement"]["unit"] == service_keys.UNITS.get(name, "")
        assert said.items() <= one["measurement"]["parameters"].items()
    if "longest" in load:  # what is known at the end alone, as the start, makes no run longer
        assert found["requests"]["measurement"]["value"] < 200 * 10


@pytest.mark.parametrize(
    ("load", "change", "red"),
    [
        (OPEN.replace("20s", "2s"), "fails", {"failures", "failures_5xx"}),
        (CLOSED, "fails", {"failures"}),
        (CLOSED + "p50 = { at_most = 9, unit = 'ms', by = 'point' }", "slower", {"p50"}),
        (CHECK.replace("failures =", "failures_raised ="), "fails", {"failures_raised"}),
    ],
    ids=["open", "closed", "slow", "check"],
)
def test_a_broken_service_is_red(declared: Project, load: str, change: str, red: set[str]) -> None:
    found = run(declared, load, change)
    assert {name for name, one in found.items() if one["verdict"] == "fail"} >= red, found


@pytest.mark.parametrize(
    ("load", "protocol", "words"),
    [
        (OPEN.replace("20s", "500ms"), "", "load: longest must be at least duration, got '500ms' and '1s'"),
        (CLOSED + "locustfile = 'no.py'", "", "load: locustfile must be a file, got 'no.py'"),
        (OPEN + "bounds = { rate = 100 }", "", "load: a load must have at most 100 requests a second, got 200. Hint:"),
        (
            REPLAY.replace("requests = 60", "requests = 40"),
            "",
            "load: a load must have at most 40 requests, got 60. Hint: bounds=",
        ),
        (
            CLOSED + CAPACITY.replace("250", "301"),
            "",
            "capacity: at_least must be in bounds, at most 300 requests a second, got 301. Hint: bounds",
        ),
        (REPLAY.replace("arrivals.txt", "no.txt"), "", "no.txt can't be read: *No such file"),
        (CLOSED, 'protocol = "sagemaker"', "load: requests are drawn in the protocol of the contract, 'openapi', got"),
    ],
)
def test_what_takes_a_look_is_refused_at_collection(declared: Project, load: str, protocol: str, words: str) -> None:
    toml = TOML.replace("PROTOCOL", protocol) + load
    result = declared.write({"mlops.toml": toml}).run("--mlops", "--collect-only")
    result.stdout.fnmatch_lines([f"*mlops.toml::service::api: {words}*"])
    assert result.ret == pytest.ExitCode.INTERRUPTED


@pytest.mark.parametrize(
    ("load", "words"),
    [
        (
            LOCUST.replace("users = 2", "users = 3") + "expect_workers = 1\nexpect_within = '1s'\n",
            "2 of 3 workers joined within 1 s",
        ),
        (
            LOCUST.replace("processes = 2", "processes = 1") + "expect_workers = 1\nbind = '10.11.12.13'",
            "--mlops-allow-host=10.11.12.13",
        ),
    ],
    ids=["worker", "address"],
)
def test_what_can_not_be_run_so_is_no_pass(declared: Project, load: str, words: str) -> None:
    declared.write({"mlops.toml": TOML.replace("CHANGE", "").replace("PROTOCOL", "") + load}).run(
        "--mlops", "-k", "load"
    )
    (check,) = declared.record()["checks"]
    assert check["verdict"] in {"error", "not_run"}
    assert words in json.dumps(check)


def test_a_candidate_is_compared_with_its_base(declared: Project) -> None:
    """It takes ten blocks of two seconds, so that one run is both twins: slower, and without failures."""
    base = f"""
rate = 40
duration = "20s"
base = "api_before"
p50_ratio = {{ at_most = 3 }}
failures = {{ at_most = 0 }}
base_failures = {{ at_most = 0 }}

[service.api_before]
command = ["{{python}}", {version_service.__file__!r}, "--port", "{{port}}", "--digest", "d"]
"""
    found = run(declared, base, "much_slower")
    assert {name: one["verdict"] for name, one in found.items()} == {
        "p50_ratio": "fail", "failures": "pass", "base_failures": "pass",
    }, found  # fmt: skip


@pytest.mark.parametrize(
    ("change", "most_ms", "verdict"), [("", "900", "pass"), ("slower", "9", "fail")], ids=["enough", "too slow"]
)
def test_a_capacity_is_searched(declared: Project, change: str, most_ms: str, verdict: str) -> None:
    toml = TOML.replace("CHANGE", change).replace("PROTOCOL", "").replace("[service.api.load]\n", "")
    toml += CAPACITY.replace("900", most_ms)
    declared.write({"mlops.toml": toml}).run("--mlops", "--mlops-profile=release", "-k", "capacity")
    (check,) = declared.record()["checks"]
    assert (check["id"], check["stage"]) == ("mlops.toml::service::api::capacity", "load")
    assert check["verdict"] == verdict, check
    rates = check["evidence"][0]["measurement"]["parameters"]["rates"]
    assert max(rates) <= 300
