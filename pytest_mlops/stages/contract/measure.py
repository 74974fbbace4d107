"""Measuring a contract: which laws a service breaks, each a number of violations."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.http import HttpClient
from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import ToolError
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.result import Result
from pytest_mlops.stages.contract import directions as directions_law
from pytest_mlops.stages.contract import (
    ending,
    forms,
    identity,
    laws_of_rows,
    linear,
    missing_values,
    relations,
    requests,
    served,
    soundness,
    starting,
)
from pytest_mlops.stages.contract.bench import Bench, Offline
from pytest_mlops.stages.contract.laws import LAWS, check_law, laws_for
from pytest_mlops.stages.contract.mask import Mask
from pytest_mlops.stages.contract.protocols import check_protocol, served_document, speak
from pytest_mlops.stages.contract.sources import Sources
from pytest_mlops.stages.contract.suite_rows import rows_of_suite
from pytest_mlops.stages.service_endpoint import Endpoint, endpoint, silent

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pytest_mlops.adapters.frames import Data
    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.contract.findings import Findings
    from pytest_mlops.stages.data.suite import Suite

_SENT = ("valid_requests_answer", "invalid_requests_are_refused", "unknown_paths_and_methods")
TOGETHER = (*_SENT, "never_a_server_error")  # looks at what those three sent
_TRIES: Mapping[str, Callable[[Bench], Findings]] = MappingProxyType({
    "valid_requests_answer": requests.valid_requests_answer,
    "invalid_requests_are_refused": requests.invalid_requests_are_refused,
    "unknown_paths_and_methods": requests.unknown_paths_and_methods,
    "one_by_one_equals_all_at_once": relations.one_by_one_equals_all_at_once,
    "row_order_does_not_matter": relations.row_order_does_not_matter,
    "field_order_does_not_matter": laws_of_rows.field_order_does_not_matter,
    "copies_get_the_same": laws_of_rows.copies_get_the_same,
    "same_request_same_answer": relations.same_request_same_answer,
    "predictions_are_sound": soundness.predictions_are_sound,
    "expected_directions": directions_law.expected_directions,
    "time_is_linear": linear.time_is_linear,
    "online_equals_offline": relations.online_equals_offline,
    "every_form_answers_the_same": forms.every_form_answers_the_same,
    "missing_values_as_offline": missing_values.missing_values_as_offline,
    "no_breaking_change": served.no_breaking_change,
    "ready_means_ready": starting.ready_means_ready,
    "sigterm_answers_what_is_in_flight": ending.sigterm_answers_what_is_in_flight,
    "answers_name_what_was_deployed": identity.answers_name_what_was_deployed,
})  # fmt: skip


def measure_contract(
    service: Endpoint | str,
    *,
    document: Mapping[str, Json] | None = None,
    committed: Mapping[str, Json] | None = None,
    examples: Sequence[Mapping[str, Any]] = (),
    suite: Suite | None = None,
    public: Collection[str] = (),
    offline: Offline | Sequence[Any] | Mapping[str, Any] | None = None,
    outputs: Mapping[str, object] = MappingProxyType({}),
    directions: Mapping[str, str] = MappingProxyType({}),
    score: str = "",
    deployed: Mapping[str, object] | None = None,
    ends_within_s: float = 10.0,
    seed: int,
    max_examples: int = 50,
    laws: Collection[str] | None = None,
    tolerance: float = 0.0,
    path: str | None = None,
    protocol: str = "openapi",
    signature: Path | None = None,
    example: Data | None = None,
    ranges: bool = False,
    model: str = "",
    time_limit_s: float = 60.0,
    allowed_hosts: Collection[str] = (),
    progress: Callable[[str], None] = silent,
) -> Result:
    """Try laws on a service; one measurement a law, the number of violations that were found.

    Parameters
    ----------
    service
        A running service, or its address (loopback, or one of `allowed_hosts`).
    document
        The OpenAPI document that requests are made from; by default the committed one, else the one served.
    committed
        What `/openapi.json` must answer.
    examples
        Real rows; the document must allow them.
    suite
        A suite of expectations on the rows: what it allows, the service must answer and the document must allow.
    public
        Fields of `examples` whose values may be told; those of all others are hidden, also in what came back.
    offline
        What predicts a list of rows without the service, or the predictions for `examples`, or an answer that
        holds them. A prediction may leave out keys of the service's.
    outputs
        What numbers of a prediction must be, by name or place (`classes.late`): a limit, `(low, high)`, or
        `"probabilities"`, which sum to one. What is called a probability, and is not declared, is taken for one.
    directions
        Fields that move the score to one side: `{"dep_delay": "increasing"}`, or `"decreasing"`.
    score
        Which number of a prediction that is (`probability`, `classes.late`), where there are several.
    deployed
        What answers must say was deployed: `{"model_digest": "sha256:...", "version": "3"}`.
    ends_within_s
        How long the service may take to end once it is told to.
    max_examples
        How many requests are drawn a law; half as many where each is sent several times.
    laws
        Names out of `LAWS`; by default all but `expected_directions` where no direction is declared.
    tolerance
        How far two predicted numbers may be apart.
    path
        Which operation, where several take rows.
    protocol
        `openapi`, `mlflow`, `open_inference` or `sagemaker`.
    signature, example, ranges, model
        As in `Sources`: where two sources tell the input space, they must agree.
    time_limit_s
        For the drawn requests of one law.

    Raises
    ------
    DeclarationError
        When the document describes no operation that takes rows and answers predictions, or a law is unknown.
    ToolError
        When there is no document.
    """
    check_protocol(protocol)
    for name in laws or ():
        check_law(name)
    given = [name for name, said in (("directions", directions), ("deployed", deployed)) if said]
    asked = [name for name in LAWS if name in (laws_for(given, protocol=protocol) if laws is None else laws)]
    sources = Sources(
        protocol=protocol, document=document or committed, path=path, signature=signature, example=example,
        ranges=ranges, model=model,
    )  # fmt: skip
    target = endpoint(service, allowed_hosts=allowed_hosts)
    with HttpClient(target.url) as client:
        spoken = speak(sources, client, target.name)
        examples = examples or spoken.rows
        expected = offline[spoken.signature.predictions] if isinstance(offline, Mapping) else offline
        mask = Mask([*examples, *spoken.shown], public)
        say = functools.partial(_say, progress, target.name)
        bench = Bench(
            service=target, client=client, spoken=spoken, committed=committed,
            examples=[dict(row) for row in examples], offline=expected, tolerance=tolerance,
            seed=seed, max_examples=max_examples, time_limit_s=time_limit_s, progress=say,
            outputs=outputs, directions=directions, score=score, deployed=deployed or {}, ends_within_s=ends_within_s,
            mask=mask,
            suite_rows=None if suite is None else rows_of_suite(suite, spoken.signature.row),
        )  # fmt: skip
        findings = _try_laws(bench, asked)
        measured = tuple(_measurement(name, findings[name], bench, target) for name in asked)
    return Result(
        stage="serving",
        subject=target.name,
        measurements=measured,
        details={name: findings[name].table(mask) for name in asked},
        digests={f"contract:{target.name}": digest_json(spoken.document)},
    )


def contract_of(
    service: Endpoint | str, committed: Mapping[str, Json] | None, allowed_hosts: Collection[str] = ()
) -> Mapping[str, Json]:
    """Return the committed OpenAPI document, or the one that is served.

    Raises
    ------
    ToolError
        When there is no document.
    """
    if committed is not None:
        return committed
    target = endpoint(service, allowed_hosts=allowed_hosts)
    with HttpClient(target.url) as client:
        return served_document(client, target.name)


def _say(progress: Callable[[str], None], name: str, words: str) -> None:
    progress(f"{name}: {words}")


def _try_laws(bench: Bench, asked: Sequence[str]) -> dict[str, Findings]:
    """Try the laws; `never_a_server_error` looks at what the laws about single requests sent, so it comes last."""
    last = "never_a_server_error"
    before = requests.predictions_before(bench) if last in asked else None
    wanted = [law for law in _TRIES if law in asked or (last in asked and law in _SENT)]
    found: dict[str, Findings] = {}
    for number, law in enumerate(wanted, 1):
        begun = time.monotonic()
        bench.progress(f"law {number} of {len(wanted)}, {law}")
        try:
            found[law] = _TRIES[law](bench)
        except ToolError as exc:  # the model failed offline; what it says may hold values of the rows
            if bench.mask.hides:
                raise ToolError(bench.mask.text(str(exc))) from None
            raise
        bench.progress(f"{law} tried on {found[law].tried} {found[law].unit} in {time.monotonic() - begun:.1f} s")
    if last in asked:
        found[last] = requests.never_a_server_error(bench, [found[law] for law in _SENT], before)
    return found


def _measurement(name: str, findings: Findings, bench: Bench, target: Endpoint) -> Measurement:
    tried = findings.tried > 0 or bool(findings.violations)
    rows = findings.table(bench.mask)
    table = Artefact("table", f"{name}: violations", {"columns": ["kind", "why", "request", "answer"], "rows": rows})
    return Measurement(
        name=f"serving.{name}",
        subject=target.name,
        value=len(findings.violations) if tried else None,
        n=max(findings.tried, int(tried)),
        method=f"violations found, n counts {findings.unit}; requests drawn by Hypothesis",
        parameters={"max_examples": bench.max_examples, "tolerance": bench.tolerance, "examples": len(bench.examples)},
        seed=bench.seed,
        note=findings.note(findings.log_from or target.log_from, bench.mask),
        artefacts=(table,) if rows else (),
    )
