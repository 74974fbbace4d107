"""The tool fixture of load: `mlops_load`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.plugin.duration import seconds
from pytest_mlops.plugin.tool import Paths, Tool, new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_mlops.adapters.http import Request
    from pytest_mlops.core.result import Result
    from pytest_mlops.stages.load import Bounds, Scenario, ServiceLevel
    from pytest_mlops.stages.service import Service


@pytest.fixture
def mlops_load(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Put a service under load: `mlops_load(delay_api, server(rate=50), rows=rows, duration="10s").require(level)`.

    What is sent is drawn from the contract, or are `rows`, or `requests`. With `locustfile=` and `users=` Locust runs
    in a process of its own. With `level=` and `longest=` the run goes on until its limits can be judged.
    """
    tool = Tool.of(request)

    def run(
        service: Service | str,
        scenario: Scenario | None = None,
        *,
        duration: str | float,
        longest: str | float | None = None,
        level: ServiceLevel | None = None,
        locustfile: Paths | None = None,
        users: int | None = None,
        rows: Sequence[Mapping[str, Any]] = (),
        contract: Paths | None = None,
        requests: Sequence[Request] = (),
        warmup: str | float = 1.0,
        timeout: str | float = 10.0,
        bounds: Bounds | None = None,
        allowed_hosts: Sequence[str] = (),
    ) -> Result:
        from pytest_mlops.stages.contract import contract_of, read_contract
        from pytest_mlops.stages.load import (
            Bounds,
            Load,
            ServiceLevel,
            closed,
            measure_load,
            measure_locust,
            requests_of,
        )

        name = str(getattr(service, "name", service))
        if scenario is None and users is None:
            raise DeclarationError(f"the load on {name} needs a scenario, or users=. Hint: server(rate=50)")
        if scenario is not None and users is not None:
            raise DeclarationError(f"the load on {name} must have a scenario or users=, got both")
        length, limit = seconds(duration), tool.state.configuration.long_load_s
        at_most = length if longest is None else seconds(longest)
        if tool.state.profile == "ci" and max(length, at_most) > limit:
            pytest.skip(
                f"the ci profile leaves out load runs over {limit:g} s, this one takes up to {max(length, at_most):g} s"
            )
        load = Load(
            scenario=closed(users or 1) if scenario is None else scenario,
            duration_s=length,
            longest_s=at_most,
            level=ServiceLevel() if level is None else level,
            warmup_s=seconds(warmup),
            timeout_s=seconds(timeout),
            seed=tool.state.seed,
            workdir=new_folder(tool.state, "load"),
            allowed_hosts=frozenset(allowed_hosts),
            bounds=Bounds() if bounds is None else bounds,
            progress=tool.state.say,
        )
        tool.state.say(f"load on {name}: {load.scenario.words()} for {length:g} s")
        if locustfile is not None:
            return tool.kept(measure_locust(service, load, tool.path(locustfile), name=name, project=tool.state.root))
        batch = load.scenario.batch
        if not requests:
            said = contract_of(service, None if contract is None else read_contract(tool.path(contract)), allowed_hosts)
            requests = requests_of(said, rows, batch=batch, seed=tool.state.seed)
        return tool.kept(measure_load(service, load, requests, name=name, rows=batch))

    return run
