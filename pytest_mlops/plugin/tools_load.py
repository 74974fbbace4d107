"""The tool fixtures of load: `mlops_load`, `mlops_capacity`, `mlops_load_results`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.plugin.duration import seconds
from pytest_mlops.plugin.tool import Paths, Tool, name_of_service, new_folder, rows_given
from pytest_mlops.plugin.trends import kept_with_trend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlops.adapters.http import Request
    from pytest_mlops.core.plain import Json
    from pytest_mlops.core.result import Result
    from pytest_mlops.plugin.tool import Rows
    from pytest_mlops.stages.load import Bounds, Load, Scenario, ServiceLevel
    from pytest_mlops.stages.service import Service


@pytest.fixture
def mlops_load(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Put a service under load: `mlops_load(delay_api, server(rate=50), rows=rows, duration="10s").require(level)`.

    What is sent is drawn from the contract, or are `rows`, or `requests`. With `check="package.module:function"` users
    call that function of the service's URL. With `level=` and `longest=` the run goes on until its limits can be
    judged. With `base=` each request goes to one of two services at random, and how they differ is measured.

    With `locustfile=` and `users=` Locust runs in a process of its own, with `user_classes=["Traveller"]` only those
    User classes of the file. With `processes=` several of this machine share the users, with `expect_workers=` also
    others, on any machine: each joins by a command that the run prints, and is waited for up to `expect_within=`. They
    join at `bind=`, an address of this machine in `allowed_hosts`, by default loopback.
    """
    tool = Tool.of(request)

    def run(
        service: Service | str,
        scenario: Scenario | None = None,
        *,
        duration: str | float,
        longest: str | float | None = None,
        level: ServiceLevel | None = None,
        base: Service | str | None = None,
        locustfile: Paths | None = None,
        user_classes: Sequence[str] = (),
        check: str | None = None,
        users: int | None = None,
        processes: int = 0,
        expect_workers: int = 0,
        expect_within: str | float = 60.0,
        bind: str | None = None,
        rows: Rows | Paths = (),
        contract: Paths | None = None,
        requests: Sequence[Request] = (),
        warmup: str | float = 1.0,
        timeout: str | float = 10.0,
        bounds: Bounds | None = None,
        allowed_hosts: Sequence[str] = (),
    ) -> Result:
        from pytest_mlops.stages.load import (
            LOOPBACK,
            Team,
            closed,
            measure_check,
            measure_load,
            measure_locust,
            measure_regression,
        )

        name = name_of_service(service)
        within = seconds(expect_within)
        team = Team(processes=processes, expect_workers=expect_workers, expect_s=within, bind=bind or LOOPBACK)
        if locustfile is None and (team.size or bind):
            raise DeclarationError("processes=, expect_workers= and bind= are of Locust. Hint: locustfile=")
        if locustfile is None and user_classes:
            raise DeclarationError("user_classes= are of a locustfile. Hint: locustfile=")
        if (scenario is None) == (users is None):
            raise DeclarationError(f"the load on {name} needs a scenario, or users=, not both. Hint: server(rate=50)")
        length = seconds(duration)
        most = length if longest is None else seconds(longest)
        _leave_out_long(tool, max(length, most))
        load = _load_of(
            tool,
            closed(users or 1) if scenario is None else scenario,
            duration_s=length,
            longest_s=most,
            level=level,
            warmup_s=seconds(warmup),
            timeout_s=seconds(timeout),
            allowed_hosts=allowed_hosts,
            bounds=bounds,
        )
        tool.state.say(f"load on {name}: {load.scenario.words()} for {length:g} s")
        asked: dict[str, Json] = {**load.parameters(), "scenario": load.scenario.words(), "timeout_s": load.timeout_s}
        if check is not None:
            if locustfile is not None or base is not None or longest is not None:
                raise DeclarationError("check= is for its duration, without locustfile=, base= or longest=")
            found = measure_check(service, load, check, name=name, project=tool.state.root)
            return kept_with_trend(tool, found, {**asked, "check": check})
        if locustfile is not None:
            if base is not None:
                raise DeclarationError("base= is measured by requests that come when they are due, without locustfile=")
            file, root = tool.path(locustfile), tool.state.root
            found = measure_locust(service, load, file, name=name, user_classes=user_classes, project=root, team=team)
            return kept_with_trend(tool, found, {**asked, "team": team.size, "user_classes": [*user_classes]})
        batch = load.scenario.batch
        sent = requests or _drawn(tool, service, rows, contract, allowed_hosts=allowed_hosts, batch=batch)
        if base is not None:
            found = measure_regression(service, base, load, sent, name=name)
            return kept_with_trend(tool, found, {**asked, "base": name_of_service(base)})
        return kept_with_trend(tool, measure_load(service, load, sent, name=name, rows=batch), asked)

    return run


@pytest.fixture
def mlops_capacity(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Find the highest rate at which a service keeps its level: `mlops_capacity(delay_api, level=level, rows=rows)`.

    The profiles `commit` and `ci` leave it out: a search takes up to a minute and a half.
    """
    tool = Tool.of(request)

    def run(
        service: Service | str,
        *,
        level: ServiceLevel | None = None,
        rows: Rows | Paths = (),
        contract: Paths | None = None,
        requests: Sequence[Request] = (),
        timeout: str | float = 10.0,
        bounds: Bounds | None = None,
        allowed_hosts: Sequence[str] = (),
    ) -> Result:
        from pytest_mlops.stages.load import measure_capacity, single_stream

        name = name_of_service(service)
        _leave_out_long(tool, _SEARCH_S)
        load = _load_of(
            tool,
            single_stream(),
            duration_s=1.0,
            longest_s=0.0,
            level=level,
            warmup_s=0.5,
            timeout_s=seconds(timeout),
            allowed_hosts=allowed_hosts,
            bounds=bounds,
        )
        tool.state.say(f"capacity of {name}")
        sent = requests or _drawn(tool, service, rows, contract, allowed_hosts=allowed_hosts)
        kept_level: dict[str, Json] = {name: limit.words() for name, limit in load.level.limits.items()}
        return kept_with_trend(tool, measure_capacity(service, load, sent, name=name), {"capacity": kept_level})

    return run


_SEARCH_S = 90.0


@pytest.fixture
def mlops_load_results(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Judge a load run of another tool: `mlops_load_results("results.jtl").require(p95=at_most(50, "ms"))`.

    JMeter's JTL, in CSV or XML, Gatling's `simulation.log` in text, k6's summary in JSON, NeoLoad's raw data of a
    transaction in CSV, or its values of elements in JSON.
    """
    tool = Tool.of(request)

    def run(path: Paths, *, name: str | None = None) -> Result:
        from pytest_mlops.stages.load import measure_results

        file = tool.path(path)
        return tool.kept(measure_results(file, name=file.stem if name is None else name))

    return run


def _leave_out_long(tool: Tool, length_s: float) -> None:
    limit, profile = tool.state.configuration.long_load_s, tool.state.profile
    if profile in {"commit", "ci"} and length_s > limit:
        pytest.skip(
            f"the {profile} profile leaves out load runs over {limit:g} s (long_load_s of mlops.toml), "
            f"this one takes up to {length_s:g} s. Hint: --mlops-profile=release"
        )


def _load_of(
    tool: Tool,
    scenario: Scenario,
    *,
    level: ServiceLevel | None,
    allowed_hosts: Sequence[str],
    bounds: Bounds | None,
    **times: float,
) -> Load:
    from pytest_mlops.stages.load import Bounds, Load, ServiceLevel

    return Load(
        scenario=scenario,
        level=ServiceLevel() if level is None else level,
        seed=tool.state.seed,
        workdir=new_folder(tool.state, "load"),
        allowed_hosts=frozenset(tool.state.hosts(allowed_hosts)),
        bounds=Bounds() if bounds is None else bounds,
        progress=tool.state.say,
        tell=tool.state.tell,
        **times,
    )


def _drawn(
    tool: Tool,
    service: Service | str,
    rows: Rows | Paths,
    contract: Paths | None,
    *,
    allowed_hosts: Sequence[str],
    batch: int = 1,
) -> Sequence[Request]:
    """Return requests of real rows, or drawn ones, as the contract says."""
    from pytest_mlops.stages.contract import contract_of, read_committed_signature
    from pytest_mlops.stages.load import requests_of

    committed = None if contract is None else read_committed_signature(tool.path(contract))
    said = committed or contract_of(service, None, allowed_hosts)
    return requests_of(said, rows_given(tool, rows), batch=batch, seed=tool.state.seed)
