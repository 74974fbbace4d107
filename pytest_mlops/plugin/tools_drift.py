"""The tool fixture of drift: `mlops_drift`."""

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
        name: str | None = None,
    ) -> Result:
        from pytest_mlops.plugin.references import KeptReference, kept_reference
        from pytest_mlops.stages.drift import measure_drift

        subject, new, old = tool.name_of(current, name), tool.data(current), tool.data(reference)
        if reference is None and sketch is None:
            raise DeclarationError(f"drift of {subject} needs reference=..., data, or sketch=..., a file")
        if new is old or (isinstance(new, Path) and new == old):
            raise DeclarationError(f"drift of {subject}: data and reference must differ, both are the same")
        tool.state.say(f"drift of {subject}")
        shown = sorted({*public, *tool.public_columns(old), *tool.public_columns(new)})
        held = old
        if sketch is not None:
            held = kept_reference(
                tool.state, tool.recorder, tool.path(sketch), old, unit=unit, columns=columns, public=shown
            )
        against = held.key if isinstance(held, KeptReference) else tool.key_of(held)
        said: Json = [unit, plain(columns), shown, plain(measures), target, plain(segments), subject]
        key: Json = ["drift", tool.key_of(new), against, tool.key_of_model(model), said]
        if isinstance(getattr(model, "digest", None), str):
            tool.recorder.about({f"model:{tool.name_of(model, None)}": model.digest})
        return tool.shared(
            key,
            lambda: measure_drift(
                new,
                reference=held.read() if isinstance(held, KeptReference) else held,
                name=subject,
                unit=unit,
                columns=columns,
                public=shown,
                measures=measures,
                target=target,
                model=model,
                segments=segments,
                seed=tool.state.seed,
            ),
        )

    return run
