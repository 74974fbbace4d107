"""The keys of what can be declared of a service: its contract, its load, a change of its version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlops.core.declared_keys import TIMEOUT, limits
from pytest_mlops.core.keys import Key, a_time, text, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

PROTOCOLS = ("openapi", "mlflow", "open_inference", "sagemaker")
LAWS = (
    "valid_requests_answer", "invalid_requests_are_refused", "never_a_server_error", "unknown_paths_and_methods",
    "one_by_one_equals_all_at_once", "row_order_does_not_matter", "field_order_does_not_matter", "copies_get_the_same",
    "same_request_same_answer", "predictions_are_sound", "expected_directions", "time_is_linear",
    "online_equals_offline", "every_form_answers_the_same", "missing_values_as_offline", "no_breaking_change",
    "ready_means_ready", "sigterm_answers_what_is_in_flight", "answers_name_what_was_deployed",
)  # fmt: skip
# What a law needs to be told, by the law: one of these keys.
LAWS_NEED: Mapping[str, tuple[str, ...]] = {
    "expected_directions": ("directions",),
    "online_equals_offline": ("model", "offline"),
    "missing_values_as_offline": ("model", "offline"),
    "answers_name_what_was_deployed": ("deployed",),
}
# Limits of a load: what the requests alone decide, then what is known at the end. (`duration` is how long it takes.)
OF_REQUESTS = (
    "p50", "p90", "p95", "p99", "p999", "failures", "failures_timeout", "failures_connection", "failures_4xx",
    "failures_5xx", "throughput", "rows_throughput", "requests",
)  # fmt: skip
LOAD = (
    *OF_REQUESTS, "failures_asserted", "failures_raised", "server_cpu", "memory_growth", "startup", "first_request",
    "lateness", "generator_cpu",
)  # fmt: skip
UNITS: Mapping[str, str] = {  # of limits that have one, so that another is refused before the load is made
    **dict.fromkeys(("p50", "p90", "p95", "p99", "p999", "server_cpu", "first_request", "lateness"), "ms"),
    **dict.fromkeys(("throughput", "rows_throughput", "capacity"), "1/s"), "memory_growth": "MiB", "startup": "s",
}  # fmt: skip
BESIDE_A_BASE = ("p50_ratio", "p90_ratio", "server_cpu_ratio", "base_failures")
OF_CAPACITY = tuple(name for name in OF_REQUESTS if name.startswith(("p", "failures")))  # judged at each rate
ARRIVALS = ("poisson", "constant")
OF_CANARY = (
    "failures", "failed_requests", "old_failures", "old_failed_requests", "decisions_changed", "largest_difference",
    "p50_ratio", "p90_ratio",
)  # fmt: skip
OF_ROLLBACK = ("rollback_time", "failed_requests")

CONTRACT: Mapping[str, Key] = {
    "protocol": text(f"one of {', '.join(PROTOCOLS)}", choices=PROTOCOLS),
    "signature": text("the folder of an MLflow model, or the metadata of a model in JSON"),
    "example": text("the name of a [data.NAME] with rows as they are sent"),
    "ranges": Key(kind="flag", words="true or false: whether numbers are drawn within those of the example"),
    "suite": text("a Great Expectations suite in JSON: rows that it allows must be answered"),
    "public": texts("a list of fields whose values a report may show"),
    "outputs": Key(
        kind="free", words="a table of what numbers of a prediction must be, { minutes = [0, 1500] }, by name or place"
    ),
    "directions": Key(
        kind="named",
        words="a table of fields, { dep_delay = 'increasing' }, or 'decreasing'",
        choices=("increasing", "decreasing"),
    ),
    "score": text("which number of a prediction directions and the model are about, by name or place"),
    "deployed": Key(kind="named", words="a table of texts that answers must name, { version = '3' }"),
    "ends_within": a_time("a time, '10s': how long the service may take to end once it is told to"),
    "model": text("the name of a [model.NAME], whose scores the service must answer"),
    "offline": text(
        "a function of a list of rows that predicts what the service must answer, 'package.module:function'"
    ),
    "examples": Key(kind="whole", words="how many requests are drawn a law, from 1 on", least=1),
    "laws": texts("a list of laws, of those in docs/contract.md", choices=LAWS),
    "without": texts("a list of laws that are left out", choices=LAWS),
}
_BOUNDS: Mapping[str, Key] = {
    "rate": Key(kind="number", words="the most requests a second, above 0", above=0.0),
    "users": Key(kind="whole", words="the most users at once, from 1 on", least=1),
    "duration": a_time("a time, '1h': the longest run"),
    "requests": Key(kind="whole", words="the most requests of a run, from 1 on", least=1),
}
_OF_ANY_LOAD: Mapping[str, Key] = {
    "timeout": a_time("a time, '10s': how long an answer is waited for"),
    "bounds": Key(kind="table", words="a table of how much load may be made, { rate = 10_000 }", keys=_BOUNDS),
}
SERVICE_LOAD: Mapping[str, Key] = {
    "duration": a_time("a time, '10s'", needed=True),
    "rate": Key(kind="number", words="requests a second, above 0", above=0.0),
    "arrivals": text("'poisson', as of many users, or 'constant'", choices=ARRIVALS),
    "replay": text("a file of when requests came, a line each: seconds, or ISO 8601"),
    "users": Key(kind="whole", words="the number of users who each wait for their answer, from 1 on", least=1),
    "batch": Key(kind="whole", words="how many rows one user sends in each request, from 1 on", least=1),
    "locustfile": text("a locustfile"),
    "user_classes": texts("a list of User classes of the locustfile, where not all are meant"),
    "processes": Key(kind="whole", words="how many processes of Locust share the users, from 1 on", least=1),
    "expect_workers": Key(
        kind="whole", words="how many more are waited for, which join by a command that is printed, from 1 on", least=1
    ),
    "expect_within": a_time("a time, '60s': how long workers are waited for"),
    "bind": text("the address of this machine that workers join at, which --mlops-allow-host must name too"),
    "check": text("a function of the service's URL that users call, 'package.module:function'"),
    "base": text("the name of a [service.NAME]: each request goes to one of the two at random, and they are compared"),
    "longest": a_time("a time, '60s': how long it goes on where the limits can't be judged yet"),
    "warmup": a_time("a time, '1s': how long requests are sent before they count"),
    **_OF_ANY_LOAD,
    **limits((*LOAD, *BESIDE_A_BASE)),
}
SERVICE_CAPACITY: Mapping[str, Key] = {**_OF_ANY_LOAD, **limits(("capacity", *OF_CAPACITY))}
STARTS: Mapping[str, Key] = {
    "command": texts("a command, as a list of its words; {NAME.url} in it is where another service is"),
    "wsgi": text("a WSGI application, 'package.module:app' or 'package.module:factory()'"),
    "asgi": text("an ASGI application, 'package.module:app' or 'package.module:factory()'"),
    "mlflow": text("the folder of an MLflow model, or 'models:/NAME@ALIAS'"),
    "url": text("the address of a service that runs already"),
}
SERVICE = {
    **STARTS,
    "env": Key(kind="named", words="a table of texts, added to the environment, { WORKERS = '2' }"),
    "allowed_hosts": texts("a list of hosts that it may be talked to at, which --mlops-allow-host must name too"),
    "ready": text("the path that answers 200 once the service is ready"),
    "timeout": TIMEOUT,
    "contract": text("an OpenAPI document in JSON, the folder of an MLflow model, or the metadata of a model in JSON"),
    "requests": text("a file of real rows in JSON, one a line"),
    **CONTRACT,
    "load": Key(kind="table", words="a table of a load run", keys=SERVICE_LOAD),
    "capacity": Key(kind="table", words="a table of a search for the highest rate", keys=SERVICE_CAPACITY),
}
_RECORDED = text("a file of recorded rows in JSON, one a line", needed=True)
_DOCUMENT = text("an OpenAPI document in JSON that answers are held to; without it the one that is served")
CANARY: Mapping[str, Key] = {
    "base": text("the name of a [service.NAME]: the old version", needed=True),
    "candidate": text("the name of a [service.NAME]: the new version", needed=True),
    "requests": _RECORDED,
    "contract": _DOCUMENT,
    "pairs": Key(kind="whole", words="how many pairs of requests the latency is compared on, from 1 on", least=1),
    "timeout": a_time("a time, '60s', after which no row is sent again"),
    **limits(OF_CANARY),
}
ROLLBACK: Mapping[str, Key] = {
    "service": text("the name of a [service.NAME]: what callers talk to", needed=True),
    "command": texts("the command that rolls back, as a list of its words; {url} is that of the service", needed=True),
    "is_back": Key(
        kind="named",
        words="a table of texts that the old version's answers name, { version = '3' }",
        needed=True,
    ),
    "requests": _RECORDED,
    "contract": _DOCUMENT,
    "rate": Key(kind="number", words="requests a second meanwhile, above 0", above=0.0),
    "longest": a_time("a time, '30s': how long it is waited for"),
    "timeout": a_time("a time, '5s': how long an answer is waited for"),
    **limits(OF_ROLLBACK),
}
