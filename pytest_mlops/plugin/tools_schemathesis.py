"""The tool fixture of Schemathesis: `mlops_schemathesis`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.plugin.duration import seconds
from pytest_mlops.plugin.tool import Paths, Tool, name_of_service, new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlops.core.result import Result
    from pytest_mlops.stages.service import Service


@pytest.fixture
def mlops_schemathesis(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Run Schemathesis on a service, once for all checks: `mlops_schemathesis(api).require(mlops_schemathesis_check)`.

    The document is that of the marker `mlops_schemathesis_checks`, or `contract=`. It runs in a process of its own,
    which talks to the service alone.
    """
    tool = Tool.of(request)

    def run(
        service: Service | str,
        *,
        contract: Paths | None = None,
        examples: int = 50,
        timeout: str | float = "5min",
        allowed_hosts: Sequence[str] = (),
    ) -> Result:
        from pytest_mlops.stages.contract import read_contract
        from pytest_mlops.stages.schemathesis import measure_schemathesis

        marker = request.node.get_closest_marker("mlops_schemathesis_checks")
        path = contract or (None if marker is None else marker.args[0])
        if path is None:
            raise DeclarationError(
                "mlops_schemathesis needs contract=..., or the marker mlops_schemathesis_checks(...)"
            )
        document = read_contract(tool.path(path))
        name = name_of_service(service)
        return tool.shared(
            ["schemathesis", name, digest_json(document), examples],
            lambda: measure_schemathesis(
                service,
                document,
                folder=new_folder(tool.state, "schemathesis"),
                seed=tool.state.seed,
                max_examples=examples,
                timeout_s=seconds(timeout),
                allowed_hosts=tool.state.hosts(allowed_hosts),
                progress=tool.state.say,
            ),
        )

    return run
