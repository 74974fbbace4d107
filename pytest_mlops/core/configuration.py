"""The project's configuration: `mlops.toml`, or `[tool.pytest-mlops]` in `pyproject.toml`."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlops.core import declarations as declared
from pytest_mlops.core import declared_canary, declared_keys, declared_service, service_keys
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.keys import Key, check_table, json_schema_of, text, texts
from pytest_mlops.core.stages import PROFILES, STAGES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_KEYS: Mapping[str, Key] = {
    "paths": texts("a list of folders and files"),
    "profile": text(f"one of {', '.join(PROFILES)}", choices=PROFILES),
    "seed": Key(kind="whole", words="a whole number"),
    "required": texts(f"a list of stages, of {', '.join(STAGES)}", choices=STAGES),
    "baselines": text("a folder"),
    "trends": text("a folder; by default trends in that of the report"),
    "long_load_s": Key(kind="number", words="seconds"),
    "deepchecks_python": text("the path of an interpreter that has deepchecks; without it one is built"),
    "data": Key(kind="tables", words="tables [data.NAME]", keys=declared_keys.DATA),
    "drift": Key(kind="tables", words="tables [drift.NAME]", keys=declared_keys.DRIFT),
    "deepchecks": Key(kind="tables", words="tables [deepchecks.NAME]", keys=declared_keys.DEEPCHECKS),
    "timeline": Key(kind="tables", words="tables [timeline.NAME]", keys=declared_keys.TIMELINE),
    "model": Key(kind="tables", words="tables [model.NAME]", keys=declared_keys.MODEL),
    "trainer": Key(kind="tables", words="tables [trainer.NAME]", keys=declared_keys.TRAINER),
    "service": Key(kind="tables", words="tables [service.NAME]", keys=service_keys.SERVICE),
    "canary": Key(kind="tables", words="tables [canary.NAME]", keys=service_keys.CANARY),
    "rollback": Key(kind="tables", words="tables [rollback.NAME]", keys=service_keys.ROLLBACK),
    "batch": Key(kind="tables", words="tables [batch.NAME]", keys=declared_keys.BATCH_JOB),
}


_TABLES = tuple(name for name, key in _KEYS.items() if key.kind == "tables")


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What the project says, with the defaults where it says nothing.

    `required` None means that the project does not say: the release profile then asks for every stage.
    """

    source: str = ""
    paths: Sequence[str] = ()
    profile: str = "auto"
    seed: int = 0
    required: Sequence[str] | None = None
    baselines: str = "fixtures/baselines"
    trends: str = ""
    long_load_s: float = 30.0
    deepchecks_python: str = ""
    data: Mapping[str, declared.DataSet] = field(default_factory=dict)
    drift: Mapping[str, declared.DriftWatch] = field(default_factory=dict)
    deepchecks: Mapping[str, declared.DeclaredDeepchecks] = field(default_factory=dict)
    timeline: Mapping[str, declared.Timeline] = field(default_factory=dict)
    model: Mapping[str, declared.DeclaredModel] = field(default_factory=dict)
    trainer: Mapping[str, declared.DeclaredTrainer] = field(default_factory=dict)
    service: Mapping[str, declared_service.DeclaredService] = field(default_factory=dict)
    canary: Mapping[str, declared_canary.DeclaredCanary] = field(default_factory=dict)
    rollback: Mapping[str, declared_canary.DeclaredRollback] = field(default_factory=dict)
    batch: Mapping[str, declared.DeclaredBatch] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The file that holds the configuration."""
        return self.source.partition(" ")[0]

    @property
    def declares(self) -> bool:
        """Say whether there is a declaration that makes a check."""
        suites = [data for data in self.data.values() if data.suite]
        comparisons = (self.drift, self.timeline, self.deepchecks, self.canary, self.rollback)
        return any((suites, *comparisons, self.model, self.trainer, self.service, self.batch))


def read_configuration(root: Path) -> Configuration:
    """Read the configuration below `root`; the default where there is none.

    Raises
    ------
    DeclarationError
        For TOML that can't be read, an unknown key, a value of the wrong type, both files at once.
    """
    own, shared = root / "mlops.toml", root / "pyproject.toml"
    tools = _toml(shared).get("tool", {}) if shared.is_file() else {}
    table = tools.get("pytest-mlops")
    if own.is_file():
        if table is not None:
            raise DeclarationError(
                "mlops.toml and [tool.pytest-mlops] in pyproject.toml must not both be given: keep one"
            )
        return parse_configuration(_toml(own), source="mlops.toml")
    if table is None:
        _refuse_a_near_miss(root, tools)
    return parse_configuration(table or {}, source="pyproject.toml [tool.pytest-mlops]" if table else "")


def _refuse_a_near_miss(root: Path, tools: Mapping[str, Any]) -> None:
    """Refuse what was meant to be a configuration: read as none, it would leave all declarations out."""
    for name in difflib.get_close_matches("pytest-mlops", tools, cutoff=0.8):
        raise DeclarationError(
            f"pyproject.toml: [tool.{name}] is no table of pytest-mlops. Did you mean 'pytest-mlops'?"
        )
    files = [path.name for path in root.glob("*.toml")]
    for name in difflib.get_close_matches("mlops.toml", files, cutoff=0.8):
        raise DeclarationError(f"{name} is not read. Did you mean 'mlops.toml'?")
    for folder in root.parents:
        if (folder / "mlops.toml").is_file():
            raise DeclarationError(
                f"mlops.toml is in {folder}, pytest's root is {root}. Hint: run pytest from {folder}"
            )
        if (folder / ".git").exists():
            return


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise DeclarationError(f"{path.name} must be TOML, got: {exc}") from exc


def parse_configuration(table: Mapping[str, Any], *, source: str) -> Configuration:
    """Return the configuration of a table, every key and type checked."""
    check_table(table, _KEYS, source)
    values = dict(table)
    entries = {kind: values.pop(kind, {}) for kind in _TABLES}

    def read(kind: str, reader: Any) -> dict[str, Any]:
        return {name: reader(name, entry, f"{source}: [{kind}.{name}]") for name, entry in entries[kind].items()}

    def by_service(reader: Any) -> Any:
        return lambda name, entry, place: reader(name, entry, entries["service"], place)

    data = read("data", lambda name, entry, _: declared.DataSet(name=name, **entry))
    return Configuration(
        source=source,
        data=data,
        drift=read("drift", lambda name, entry, place: declared.read_drift(name, entry, data, entries["model"], place)),
        deepchecks=read(
            "deepchecks",
            lambda name, entry, place: declared.read_deepchecks(name, entry, data, entries["model"], place),
        ),
        timeline=read("timeline", lambda name, entry, place: declared.read_timeline(name, entry, data, place)),
        model=read("model", lambda name, entry, place: declared.read_model(name, entry, data, place)),
        trainer=read("trainer", lambda name, entry, _: declared.DeclaredTrainer(name=name, **entry)),
        canary=read("canary", by_service(declared_canary.read_canary)),
        rollback=read("rollback", by_service(declared_canary.read_rollback)),
        service=read("service", lambda name, entry, place: declared_service.read_service(name, entry, entries, place)),
        batch=read("batch", lambda name, entry, place: declared.read_batch(name, entry, data, place)),
        **values,
    )


def configuration_schema() -> dict[str, Any]:
    """Return the JSON Schema of `mlops.toml`, for editors."""
    about = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "mlops.toml of pytest-mlops"}
    return about | json_schema_of(_KEYS)
