"""The tool fixtures of services: `mlops_service`, `mlops_contract`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.plugin.duration import seconds
from pytest_mlops.plugin.state import state_of
from pytest_mlops.plugin.tool import Paths, Tool, new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_mlops.core.result import Result
    from pytest_mlops.stages.service import Service


@pytest.fixture(scope="session")
def mlops_service(pytestconfig: pytest.Config) -> Iterator[Callable[..., Service]]:
    """Start services on free loopback ports; every one is stopped, with its whole process group, at the end."""
    state, started = state_of(pytestconfig), []

    def start(
        command: Sequence[str],
        *,
        name: str,
        ready: str = "/ping",
        timeout: str | float = "60s",
        env: Mapping[str, str] | None = None,
    ) -> Service:
        from pytest_mlops.stages.service import start_service

        state.say(f"starting {name}")
        service = start_service(
            command,
            name=name,
            workdir=new_folder(state, f"service-{name}"),
            ready_path=ready,
            ready_timeout_s=seconds(timeout),
            env=env,
            cwd=state.root,
            progress=state.say,
        )
        started.append(service)
        return service

    yield start
    for service in reversed(started):
        service.stop()


@pytest.fixture
def mlops_contract(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Hold a service to the laws of its OpenAPI document: `mlops_contract(delay_api).require(mlops_law)`."""
    tool = Tool.of(request)

    def run(
        service: Service | str,
        *,
        offline: Any = None,
        rows: Sequence[Mapping[str, Any]] = (),
        suite: Paths | None = None,
        public: Sequence[str] = (),
        laws: Sequence[str] | None = None,
        contract: Paths | None = None,
        allowed_hosts: Sequence[str] = (),
        examples: int = 50,
    ) -> Result:
        from pytest_mlops.stages.contract import measure_contract, read_contract
        from pytest_mlops.stages.data import read_suite

        marker = request.node.get_closest_marker("mlops_laws")
        committed = contract or (None if marker is None else marker.args[0])
        law = tool.parameters.get("mlops_law")
        asked = [law.id] if laws is None and law is not None else laws
        tool.state.say(f"contract of {_name_of(service)}: {', '.join(asked) if asked else 'all laws'}")
        result = measure_contract(
            service,
            committed=None if committed is None else read_contract(tool.path(committed)),
            examples=rows,
            public=public,
            suite=None if suite is None else read_suite(tool.path(suite)),
            offline=offline,
            laws=asked,
            seed=tool.state.seed,
            max_examples=examples,
            allowed_hosts=allowed_hosts,
            progress=tool.state.say,
        )
        return tool.kept(result)

    return run


def _name_of(service: Service | str) -> str:
    return str(getattr(service, "name", service))
