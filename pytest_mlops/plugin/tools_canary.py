"""The tool fixtures of a change of version: `mlops_canary`, `mlops_rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_mlops.plugin.duration import seconds
from pytest_mlops.plugin.tool import Paths, Tool, name_of_service, rows_given

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_mlops.core.plain import Json
    from pytest_mlops.core.result import Result
    from pytest_mlops.plugin.tool import Rows
    from pytest_mlops.stages.canary.rollback import IsBack
    from pytest_mlops.stages.service import Service


@pytest.fixture
def mlops_canary(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Compare a new version with the old one: `mlops_canary(old, new, rows=rows).require(failures=at_most(0.01))`.

    Each recorded row, of a list or a file of JSON lines, is sent to both, one right after the other.
    """
    tool = Tool.of(request)

    def run(
        old: Service | str,
        new: Service | str,
        *,
        rows: Rows | Paths,
        contract: Paths | None = None,
        pairs: int = 400,
        timeout: str | float = "60s",
        allowed_hosts: Sequence[str] = (),
    ) -> Result:
        from pytest_mlops.stages.canary import measure_canary

        tool.state.say(f"canary: {name_of_service(new)} beside {name_of_service(old)}")
        result = measure_canary(
            old,
            new,
            rows_given(tool, rows),
            contract=_contract(tool, contract),
            pairs=pairs,
            seed=tool.state.seed,
            time_limit_s=seconds(timeout),
            allowed_hosts=tool.state.hosts(allowed_hosts),
            progress=tool.state.say,
        )
        return tool.kept(result)

    return run


@pytest.fixture
def mlops_rollback(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Roll back while requests come: `mlops_rollback(router, roll_back=switch, is_back={"version": "3"}, rows=rows)`.

    `roll_back` is called without arguments; `is_back` is what the old version's answers say, or a function from the
    JSON of an answer to whether it is the old version's.
    """
    tool = Tool.of(request)

    def run(
        service: Service | str,
        *,
        roll_back: Callable[[], object],
        is_back: IsBack,
        rows: Rows | Paths,
        contract: Paths | None = None,
        rate: float = 50.0,
        longest: str | float = "30s",
        timeout: str | float = "5s",
        allowed_hosts: Sequence[str] = (),
    ) -> Result:
        from pytest_mlops.stages.canary import RollBack, measure_rollback

        tool.state.say(f"rollback of {name_of_service(service)}")
        back = RollBack(
            call=roll_back,
            is_back=is_back,
            rate=rate,
            longest_s=seconds(longest),
            timeout_s=seconds(timeout),
            allowed_hosts=tool.state.hosts(allowed_hosts),
        )
        recorded = rows_given(tool, rows)
        return tool.kept(
            measure_rollback(service, back, recorded, contract=_contract(tool, contract), progress=tool.state.say)
        )

    return run


def _contract(tool: Tool, contract: Paths | None) -> Mapping[str, Json] | None:
    from pytest_mlops.stages.contract import read_contract

    return None if contract is None else read_contract(tool.path(contract))
