"""Run records for the tests of the reports: a run as it is in life, and parts to build others from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.evidence import evidence_of
from pytest_mlops.core.judge import judge
from pytest_mlops.core.limit import Limit
from pytest_mlops.core.measurement import Interval, Measurement
from pytest_mlops.core.record import CheckRecord, GateRecord, RunRecord, judge_run, summarise_stages

Json = dict[str, Any]
BuildRecord = Callable[..., Json]


def evidence(limit: Limit, **facts: Any) -> Any:
    return evidence_of(judge(Measurement(**facts), limit))


@pytest.fixture
def build_record() -> BuildRecord:
    """Return a function that makes a run record, in plain JSON types, of checks, gates and other fields."""
    return _build


def _build(
    checks: Sequence[CheckRecord] = (), gates: Sequence[GateRecord] = (), *, edge: str = "", **fields: Any
) -> Json:
    partial = fields.get("partial", "")
    verdict, reason = judge_run(checks, gates, partial)
    facts: Json = {
        "profile": "ci",
        "seed": 7,
        "command": "pytest --mlops",
        "started": "2026-11-23T16:00:00+00:00",
        "duration_s": 61.2,
        "partial": partial,
        "provenance": _provenance(checks),
        "checks": checks,
        "gates": gates,
        "stages": [replace(s, measured=edge) if s.stage == "edge" else s for s in summarise_stages(checks)],
        "verdict": verdict,
        "verdict_reason": reason,
        "baselines": {"matched": [], "unused": [], "written": []},
    }
    return RunRecord(**(facts | fields)).to_json()  # type: ignore[return-value]


def _provenance(checks: Sequence[CheckRecord]) -> Json:
    return {
        "git": {"commit": "c0ffee" + "0" * 34, "tree": "7" * 40, "branch": "main", "clean": True},
        "environment": {
            "python": "3.11.7",
            "platform": "linux",
            "packages": {"numpy": "2.4.6"},
            "packages_digest": "sha256:" + "b" * 64,
        },
        "host": {"cpus": 2, "memory_mb": 24000, "machine": "x86_64"},
        "subjects": {name: digest for check in checks for name, digest in check.digests.items()},
    }


@pytest.fixture
def data_check() -> CheckRecord:
    """Return a check that passes."""
    return CheckRecord(
        id="checks/test_data.py::test_january[dep_time]",
        stage="data",
        verdict="pass",
        outcome="passed",
        rubric=("data-1",),
        duration_s=0.01,
        digests={"data:january": "sha256:" + "a" * 64},
        evidence=[
            evidence(
                Limit(high=0.05, source="checks/test_data.py:9"),
                name="data.unexpected_share",
                subject="january.dep_time",
                value=0.01,
                n=27004,
                method="great_expectations 1.24.1",
            )
        ],
    )


@pytest.fixture
def drift_check() -> CheckRecord:
    """Return a check that fails on one column and passes on another, with a histogram of each."""
    limit = Limit(high=0.1, source="checks/test_drift.py:11")
    labels = [f"≤ {day}" for day in range(20)]
    shares: Json = {"labels": labels, "reference": [0.05] * 20, "current": [bin_ / 190 for bin_ in range(20)]}
    facts: Json = {
        "name": "drift.ks",
        "n": 24951,
        "method": "Kolmogorov-Smirnov",
        "parameters": {"unit": "day"},
        "seed": 7,
    }
    return CheckRecord(
        id="checks/test_drift.py::test_february",
        stage="drift",
        verdict="fail",
        outcome="failed",
        reason="1 of 2 requirements not met\n  fail: february.dep_delay: drift.ks must be at most 0.1",
        duration_s=1.2,
        worker="gw1",
        evidence=[
            evidence(
                limit,
                subject=f"february.{column}",
                value=value,
                interval=Interval(value - 0.01, value + 0.01, 0.99),
                artefacts=(Artefact("histogram", f"february.{column}", shares),),
                **facts,
            )
            for column, value in (("dep_delay", 0.31), ("carrier", 0.02))
        ],
    )


@pytest.fixture
def load_check() -> CheckRecord:
    """Return a check that is inconclusive, with a latency distribution."""
    latency: Json = {
        "edges_ms": [0, 2, 4, 8, 16, 32, 64],
        "counts": [5, 200, 500, 400, 90, 5],
        "quantiles_ms": {"p50": 5.1, "p95": 14.2, "p99": 30.0},
    }
    return CheckRecord(
        id="checks/test_load.py::test_service_level",
        stage="load",
        verdict="inconclusive",
        outcome="failed",
        reason="n = 1,200 is too few",
        duration_s=11,
        evidence=[
            evidence(
                Limit(high=50, unit="ms", source="checks/test_load.py:14"),
                name="load.p95",
                subject="delay_api",
                value=14.2,
                unit="ms",
                n=1200,
                interval=Interval(12, 60, 0.95),
                artefacts=(Artefact("latency", "delay_api", latency),),
            )
        ],
    )


@pytest.fixture
def warned_check() -> CheckRecord:
    """Return a check that fails, but only warns."""
    return CheckRecord(
        id="checks/test_model.py::test_auc",
        stage="model",
        verdict="fail",
        gate="warn",
        outcome="xfailed",
        reason="AssertionError: 0.79 is below 0.8",
    )


@pytest.fixture
def contract_check() -> CheckRecord:
    """Return a check that failed with an error, with a table and a log."""
    rows: Any = [["5xx", "the answer is an error", "POST /delay {}", None]] * 60
    return CheckRecord(
        id="checks/test_serving.py::test_contract[no 5xx]",
        stage="serving",
        verdict="error",
        outcome="failed",
        reason="call raised ToolError: the service stopped",
        evidence=[
            evidence(
                Limit(high=0),
                name="serving.violations",
                subject="delay_api",
                value=float("nan"),
                n=12,
                note="the service stopped",
                artefacts=(
                    Artefact("table", "violations", {"columns": ["kind", "why", "request", "answer"], "rows": rows}),
                    Artefact("log", "service", {"text": "started\nstopped"}),
                ),
            )
        ],
    )


@pytest.fixture
def red_record(
    data_check: CheckRecord,
    drift_check: CheckRecord,
    load_check: CheckRecord,
    warned_check: CheckRecord,
    contract_check: CheckRecord,
) -> Json:
    """Return a run with a check of nearly every verdict, and a gate that is not met."""
    gates = [
        GateRecord(name="stages", verdict="fail", reason="no evidence for the required stage 'batch'"),
        GateRecord(name="tree", verdict="pass"),
    ]
    checks = [data_check, drift_check, load_check, warned_check, contract_check]
    return _build(checks, gates, edge='extra missing: pip install "pytest-mlops[edge]"')


@pytest.fixture
def green_record(data_check: CheckRecord) -> Json:
    """Return a run whose only check passes."""
    return _build([data_check], [GateRecord(name="evidence", verdict="pass")])


@pytest.fixture
def empty_record() -> Json:
    """Return a run in which no lifecycle check ran."""
    return _build()


HOSTILE = "</pre></td>\"'`|\n# <script>alert(1)</script> @all \x1b[31m\x00\u202e ![x](https://e.example/x)"


@pytest.fixture
def hostile_record() -> Json:
    """Return a run in which every text of a user tries to break out of the report."""
    artefacts = (
        Artefact("histogram", HOSTILE, {"labels": [HOSTILE], "reference": [1.0], "current": [0.5]}),
        Artefact("latency", HOSTILE, {"edges_ms": [1, 2], "counts": [3], "quantiles_ms": {HOSTILE: 1.5}}),
        Artefact("table", HOSTILE, {"columns": [HOSTILE], "rows": [[HOSTILE]]}),
        Artefact("log", HOSTILE, {"text": HOSTILE}),
    )
    texts = dict.fromkeys(("name", "subject", "unit", "method", "note"), HOSTILE)
    bad: Any = evidence(
        Limit(high=0.5, unit=HOSTILE, source=HOSTILE),
        value=1.0,
        n=3,
        parameters={HOSTILE: HOSTILE},
        artefacts=artefacts,
        **texts,
    )
    bad["reason"] = HOSTILE
    facts: Json = {"stage": "drift", "verdict": "fail", "reason": HOSTILE, "evidence": [bad]}
    checks = [
        CheckRecord(
            id=f"a.py::{HOSTILE}{gate}",
            gate=gate,
            outcome="failed",
            worker=HOSTILE,
            digests={HOSTILE: HOSTILE},
            **facts,
        )
        for gate in ("block", "warn", "waived")
    ]
    record = _build(checks, [GateRecord(name=HOSTILE, verdict="fail", reason=HOSTILE)], edge=HOSTILE, command=HOSTILE)
    record["provenance"]["git"] |= dict.fromkeys(("commit", "tree", "branch"), HOSTILE)
    record["provenance"]["environment"]["packages"] = {HOSTILE: HOSTILE}
    record["provenance"]["host"] = {HOSTILE: HOSTILE}
    return record | {"baselines": {HOSTILE: [HOSTILE]}, "partial": HOSTILE}
