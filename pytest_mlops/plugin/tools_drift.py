"""The tool fixture of drift: `mlops_drift`. That of sequences is in `tools_timeline.py`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.plain import Json, plain
from pytest_mlops.plugin.tool import Paths, Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlops.core.result import Result


@pytest.fixture
def mlops_drift(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Compare data with a reference: `mlops_drift(february, reference=january, unit="day").require(no_drift())`.

    With `sketch="fixtures/references/january.json"` the reference is what `--mlops-update` kept of the data in that
    file; the data themselves may then be absent. With `target="late"` the relation of that column to the others is
    compared too, and with `model=champion` what the model loses.

    With `windows="day"` the data are one window, and how far it may be is learnt from how far the days of the reference
    are from each other; with `match="weekday"` from those of its weekday. A list of data is a reference in windows too.
    """
    tool = Tool.of(request)

    def run(
        current: Any,
        *,
        reference: Any = None,
        sketch: Paths | None = None,
        unit: str | None = None,
        columns: Sequence[str] | None = None,
        public: Sequence[str] = (),
        measures: Sequence[str] = (),
        target: str | None = None,
        model: Any = None,
        segments: Sequence[str] = (),
        windows: str | None = None,
        match: str | None = None,
        time: str | None = None,
        name: str | None = None,
    ) -> Result:
        from pytest_mlops.plugin.references import KeptReference, kept_reference
        from pytest_mlops.stages.drift import measure_drift, measure_windows

        subject, new, old = tool.name_of(current, name), tool.data(current), _data_of(tool, reference)
        if reference is None and sketch is None:
            raise DeclarationError(f"drift of {subject} needs reference=..., data, or sketch=..., a file")
        if new is old or (isinstance(new, Path) and isinstance(old, Path) and new == old):
            raise DeclarationError(f"drift of {subject}: data and reference must differ, both are the same")
        tool.state.say(f"drift of {subject}")
        parts = old if isinstance(old, list) else [old]
        shown = sorted({*public, *(name for one in [*parts, new] for name in tool.public_columns(one))})
        in_windows = windows is not None or isinstance(old, list)
        _check_windows(subject, in_windows=in_windows, match=match, time=time, rows=[target, model, *segments])
        held = old
        if sketch is not None:
            if isinstance(old, list):
                raise DeclarationError(f"drift of {subject}: a sketch is made of one data set, not of a list of them")
            kept_unit = None if in_windows else unit
            held = kept_reference(
                tool.state, tool.recorder, tool.path(sketch), old, unit=kept_unit, columns=columns, public=shown
            )
        against = held.key if isinstance(held, KeptReference) else [tool.key_of(part) for part in parts]
        said: Json = [
            unit,
            plain(columns),
            shown,
            plain(measures),
            target,
            plain(segments),
            windows,
            match,
            time,
            subject,
        ]
        key: Json = ["drift", tool.key_of(new), against, tool.key_of_model(model), said]
        if isinstance(getattr(model, "digest", None), str):
            tool.recorder.about({f"model:{tool.name_of(model, None)}": model.digest})
        common: dict[str, Any] = {
            "name": subject,
            "unit": unit,
            "columns": columns,
            "public": shown,
            "measures": measures,
            "seed": tool.state.seed,
        }

        def measure() -> Result:
            against = held.read() if isinstance(held, KeptReference) else held
            if in_windows:
                return measure_windows(new, reference=against, windows=windows, match=match, time=time, **common)
            return measure_drift(new, reference=against, target=target, model=model, segments=segments, **common)

        return tool.shared(key, measure)

    return run


def _data_of(tool: Tool, data: Any) -> Any:
    """Return data, and a list of data as one."""
    return [tool.data(one) for one in data] if isinstance(data, list | tuple) else tool.data(data)


def _check_windows(
    subject: str, *, in_windows: bool, match: str | None, time: str | None, rows: Sequence[object]
) -> None:
    if not in_windows and (match is not None or time is not None):
        raise DeclarationError(f"drift of {subject}: match= and time= need windows=, the stretches that are compared")
    if in_windows and any(one is not None for one in rows):
        raise DeclarationError(
            f"drift of {subject}: windows are compared by their counts, target=, model= and segments= need rows. "
            "Hint: a check of its own, without windows="
        )
