"""The tool fixtures of services: `mlops_service`, `mlops_contract`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.plain import plain
from pytest_mlops.plugin.duration import seconds
from pytest_mlops.plugin.state import state_of
from pytest_mlops.plugin.tool import Paths, Tool, name_of_service, new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_mlops.core.plain import Json
    from pytest_mlops.core.result import Result
    from pytest_mlops.stages.service import Service


@pytest.fixture(scope="session")
def mlops_service(pytestconfig: pytest.Config) -> Iterator[Callable[..., Any]]:
    """Start services on free loopback ports; every one is stopped, with its whole process group, at the end.

    A command with `{port}`, `wsgi="package.module:app"`, `asgi=`, or `mlflow=`, a folder or `models:/NAME@ALIAS`, each
    in a process of its own. With `url=` a service that runs already, on loopback or on a host of `allowed_hosts`.
    """
    state, started = state_of(pytestconfig), []

    def start(
        command: Sequence[str] | None = None,
        *,
        name: str,
        wsgi: str | None = None,
        asgi: str | None = None,
        mlflow: Paths | None = None,
        url: str | None = None,
        ready: str | None = None,
        timeout: str | float = "60s",
        env: Mapping[str, str] | None = None,
        tracking_uri: str = "",
        allowed_hosts: Sequence[str] = (),
    ) -> Any:
        from pytest_mlops.stages.service import attach, start_service
        from pytest_mlops.stages.service_commands import served_of

        if url is not None:
            if command or wsgi or asgi or mlflow:
                raise DeclarationError(f"{name}: url= is a service that runs already, and nothing else is started")
            state.say(f"attaching to {name}")
            return attach(
                url,
                name=name,
                ready_path=ready or "/ping",
                timeout_s=seconds(timeout),
                allowed_hosts=state.hosts(allowed_hosts),
            )
        served = served_of(command, wsgi=wsgi, asgi=asgi, mlflow=mlflow, tracking_uri=tracking_uri)
        state.say(f"starting {name}")
        service = start_service(
            served.command,
            name=name,
            workdir=new_folder(state, f"service-{name}"),
            ready_path=ready or served.ready,
            ready_timeout_s=seconds(timeout),
            env={**served.env, **(env or {})},
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
    """Hold a service to the laws of its contract: `mlops_contract(delay_api).require(mlops_law)`.

    The contract is an OpenAPI document, in a file or served. With `protocol=` it is `mlflow`, `open_inference` or
    `sagemaker`, and the input space comes from `signature=` (the folder of an MLflow model, or a model's metadata in
    JSON), from the document, or from `example=`, a frame of real rows. Where two are given they must agree.
    """
    tool = Tool.of(request)

    def run(
        service: Service | str,
        *,
        offline: Any = None,
        rows: Sequence[Mapping[str, Any]] = (),
        suite: Paths | None = None,
        public: Sequence[str] = (),
        outputs: Mapping[str, object] | None = None,
        directions: Mapping[str, str] | None = None,
        score: str = "",
        deployed: Mapping[str, object] | None = None,
        ends_within: str | float = "10s",
        laws: Sequence[str] | None = None,
        contract: Paths | None = None,
        protocol: str | None = None,
        signature: Paths | None = None,
        example: Any = None,
        ranges: bool = False,
        model: str = "",
        allowed_hosts: Sequence[str] = (),
        examples: int = 50,
    ) -> Result:
        from pytest_mlops.stages.contract import TOGETHER, measure_contract, protocol_of, read_contract
        from pytest_mlops.stages.data import read_suite

        marker = request.node.get_closest_marker("mlops_laws")
        marked = {} if marker is None else marker.kwargs
        given = contract or (None if marker is None else marker.args[0])
        of = "openapi" if given is None else protocol_of(tool.path(given))
        spoken = protocol or marked.get("protocol") or of
        told = given if of != "openapi" and signature is None else signature
        law = tool.parameters.get("mlops_law")
        asked = [law.id] if laws is None and law is not None else laws
        tool.state.say(f"contract of {name_of_service(service)}: {', '.join(asked) if asked else 'all laws'}")
        measure = partial(
            measure_contract,
            service,
            committed=read_contract(tool.path(given)) if given is not None and of == "openapi" else None,
            protocol=spoken,
            signature=None if told is None else tool.path(told),
            example=tool.data(example),
            ranges=ranges,
            model=model,
            examples=rows,
            public=public,
            deployed=deployed,
            ends_within_s=seconds(ends_within),
            suite=None if suite is None else read_suite(tool.path(suite)),
            offline=offline,
            outputs=outputs or {},
            directions=directions or marked.get("directions") or {},
            score=score or marked.get("score", ""),
            seed=tool.state.seed,
            max_examples=examples,
            allowed_hosts=tool.state.hosts(allowed_hosts),
            progress=tool.state.say,
        )
        if law is None or laws is not None or law.id not in TOGETHER:
            return tool.kept(measure(laws=asked))
        # These look at the same requests, so they are sent once for all of their items.
        about = service if isinstance(service, str) else tool.key_of_object(service)
        sent = digest_json([plain(row) for row in rows])
        shown = None if example is None else tool.key_of(tool.data(example))
        said = [str(given), str(told), spoken, str(suite), ranges, model]
        key: Json = ["contract", about, sent, shown, said, sorted(public), examples]
        return tool.shared(key, lambda: measure(laws=TOGETHER))

    return run
