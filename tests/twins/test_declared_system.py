"""The reference system declared in `mlops.toml` alone, with no line of test code; and its twin, broken in each part."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.twins.conftest import Lifecycle

TOML = """
seed = 7
paths = ["mlops.toml"]

[data.february]
path = "fixtures/flights/2013-02.parquet"

[data.holdout]
path = "fixtures/flights/holdout.parquet"

[model.champion]
load = "declared_models:MODEL"
data = "holdout"
target = "late"
slices = "origin"
min_n = 500
roc_auc = { at_least = 0.6 }
brier_score = { at_most = 0.2 }

[trainer.flight_delay]
function = "TRAINER"
same = ["predictions", "metrics"]

[service.delay_api]
command = ["{python}", "-m", SERVE"--model", "CHAMPION", "--port", "{port}"]
contract = "fixtures/contracts/delay_api.json"
requests = "fixtures/requests/flights.jsonl"
examples = 15

[service.delay_api.load]
locustfile = "examples/flight_delay/locustfile.py"
users = 4
duration = "3s"
p50 = { at_most = 60, unit = "ms", by = "point" }
failures = { at_most = 0.01, by = "point" }

[batch.february]
command = ["{python}", "-m", BATCH"--model", "CHAMPION", "{input}", "{output}"]
data = "february"
key = ["flight_id"]
peak_memory = { at_most = 1500, unit = "MiB" }
"""
MODELS = """
from pathlib import Path
from examples.flight_delay.champion import load_champion

def right():
    return load_champion(Path({champion!r}))

def wrong():
    loaded = right()
    return lambda flights: 1 - loaded.predict_proba(flights)
"""
RIGHT = {
    "MODEL": "right", "TRAINER": "tests.twins.broken:small", "SERVE": '"examples.flight_delay.serve", ',
    "BATCH": '"examples.flight_delay.batch", ',
}  # fmt: skip
BROKEN = {
    "MODEL": "wrong", "TRAINER": "tests.twins.broken:unseeded", "BATCH": '"tests.twins.broken", "batch", "drops", ',
    "SERVE": '"tests.twins.broken", "serve", "crashes", ',
}  # fmt: skip


def run(lifecycle: Lifecycle, champion_folder: Path, system: dict[str, str]) -> dict[str, str]:
    text = TOML.replace("CHAMPION", champion_folder.as_posix())
    for word, value in system.items():
        text = text.replace(word, value)
    (lifecycle.folder / "mlops.toml").write_text(text, encoding="utf-8")
    models = MODELS.format(champion=str(champion_folder))
    (lifecycle.folder / "declared_models.py").write_text(models, encoding="utf-8")
    record = lifecycle.record(paths=())
    assert record["partial"] == ""
    sources = {str(evidence["limit"]["source"]) for check in record["checks"] for evidence in check["evidence"]}
    assert all(source.startswith(("mlops.toml: [", "fixtures/contracts/")) for source in sources), sources
    return {check["id"].removeprefix("mlops.toml::"): check["verdict"] for check in record["checks"]}


def test_a_declared_system_is_green(lifecycle: Lifecycle, champion_folder: Path) -> None:
    verdicts = run(lifecycle, champion_folder, RIGHT)
    assert set(verdicts.values()) == {"pass"}, lifecycle.output
    assert {
        "model::champion::roc_auc[origin=JFK]",
        "model::champion::brier_score",
        "trainer::flight_delay::predictions",
        "service::delay_api::never_a_server_error",
        "service::delay_api::load",
        "batch::february::same_twice",
        "batch::february::peak_memory",
    } <= set(verdicts)


def test_each_broken_part_turns_its_declarations_red(lifecycle: Lifecycle, champion_folder: Path) -> None:
    verdicts = run(lifecycle, champion_folder, BROKEN)
    red = {name for name, verdict in verdicts.items() if verdict != "pass"}
    assert red == {
        *(name for name in verdicts if name.startswith("model::")),
        "trainer::flight_delay::predictions",
        "trainer::flight_delay::metrics",
        "service::delay_api::invalid_requests_are_refused",
        "service::delay_api::never_a_server_error",
        "batch::february::complete",
    }, json.dumps(verdicts, indent=1)
    heading = "_ mlops.toml::batch::february::complete _"
    message = "1 of 4 requirements not met\n  fail: february: batch.missing_rows must be at most 0, got "
    shown = lifecycle.output[lifecycle.output.index(heading) :].partition("\n")[2]
    assert shown.startswith(message)
