"""Stage `load`: the live API meets its service level, and its answers stay right meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops import at_least, at_most, server, service_level

if TYPE_CHECKING:
    from pytest_mlops.stages.service import Service

# Of 35 requests a second, which come whatever the service does; a page may wait for half a second. They ask for a
# seventh of a core, at 4 ms of CPU a request. Users in a closed loop ask for all that a slow machine has, and then
# measure its speed: ten of them, with 0.1 s between two requests, wait as long as ten requests take, less 0.1 s.
LEVEL = service_level(
    p50=at_most(250, "ms"),
    # By the point: on a shared machine slow answers come in groups, and half a minute holds too few of them.
    p95=at_most(500, "ms", by="point"),
    failures=at_most(0.001),
)


@pytest.mark.mlops(rubric="monitor-6")
def test_the_service_level_is_met(mlops_load: Any, delay_api: Service, requests_sent: list[dict[str, Any]]) -> None:
    mlops_load(delay_api, server(35), rows=requests_sent, duration="12s", longest="28s", level=LEVEL).require(LEVEL)


@pytest.mark.mlops(rubric="monitor-6")
def test_users_get_their_answers(mlops_load: Any, delay_api: Service) -> None:
    load = mlops_load(delay_api, locustfile="examples/flight_delay/locustfile.py", users=3, duration="3s")
    load.require(failures=at_most(0.001), requests=at_least(20))


@pytest.mark.mlops(rubric="monitor-6")
def test_answers_stay_right_under_load(mlops_load: Any, delay_api: Service) -> None:
    load = mlops_load(delay_api, check="checks.load_checks:answers_do_not_change", users=3, duration="3s")
    load.require(failures=at_most(0))
