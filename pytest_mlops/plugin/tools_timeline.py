"""The tool fixture of sequences: `mlops_timeline`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.plain import Json, plain
from pytest_mlops.plugin.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlops.core.result import Result


@pytest.fixture
def mlops_timeline(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Look for a change in a sequence of windows: `mlops_timeline(year, windows="week").require(no_change())`.

    The data are cut into windows (`hour`, `day`, `week`, `month`, `7D`, a column of whole numbers), or are a list of
    data in their order. With `reference=` the distances of the timeline are those from it.
    """
    tool = Tool.of(request)

    def run(
        data: Any,
        *,
        windows: str | None = None,
        time: str | None = None,
        reference: Any = None,
        columns: Sequence[str] | None = None,
        public: Sequence[str] = (),
        measures: Sequence[str] = (),
        name: str | None = None,
    ) -> Result:
        from pytest_mlops.stages.drift import measure_timeline

        subject = tool.name_of(data, name)
        read = [tool.data(part) for part in data] if isinstance(data, list | tuple) else tool.data(data)
        parts, old = read if isinstance(read, list) else [read], tool.data(reference)
        if not isinstance(read, list) and windows is None:
            raise DeclarationError(
                f"timeline of {subject} needs windows=, 'day', 'week' or a column, or a list of data"
            )
        tool.state.say(f"timeline of {subject}")
        shown = sorted({*public, *(column for part in [*parts, old] for column in tool.public_columns(part))})
        said: Json = [windows, time, plain(columns), shown, plain(measures), subject]
        against = None if old is None else tool.key_of(old)
        key: Json = ["timeline", [tool.key_of(part) for part in parts], against, said]
        return tool.shared(
            key,
            lambda: measure_timeline(
                read,
                name=subject,
                windows=windows,
                time=time,
                reference=old,
                columns=columns,
                public=shown,
                measures=measures,
                seed=tool.state.seed,
            ),
        )

    return run
