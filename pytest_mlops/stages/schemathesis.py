"""Schemathesis as a second opinion on a contract: what each of its checks says, with how often it looked."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.schemathesis import Checked, installed_version, run_schemathesis
from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.limit import at_most
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.core.result import Result
from pytest_mlops.stages.contract.document import inline
from pytest_mlops.stages.contract.findings import Findings, Violation
from pytest_mlops.stages.contract.laws import Law
from pytest_mlops.stages.contract.mask import Mask
from pytest_mlops.stages.service_endpoint import Endpoint, endpoint, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

# What else Schemathesis checks counts as met where it does not apply: without headers, logins, or links of operations.
CHECKS: Mapping[str, str] = MappingProxyType({
    "not_a_server_error": "no answer is 5xx",
    "status_code_conformance": "each status is documented",
    "content_type_conformance": "each content type is documented",
    "response_headers_conformance": "documented headers are there, as documented",
    "response_schema_conformance": "each body is as documented",
    "negative_data_rejection": "what the document forbids is refused",
    "positive_data_acceptance": "what the document allows is not refused",
    "missing_required_header": "a request without a header that is required is refused",
    "unsupported_method": "a method that is not documented is answered 405 with Allow",
})  # fmt: skip


def schemathesis_check(name: str) -> Law:
    """Return the requirement that a check of Schemathesis found no failure.

    Raises
    ------
    DeclarationError
        When there is no such check, or it has nothing to look at in a model service.
    """
    if name not in CHECKS:
        raise DeclarationError(
            f"{name!r} is no check of Schemathesis for a model service. {did_you_mean(name, CHECKS)}"
        )
    return Law(id=name, limit=at_most(0))


def schemathesis_checks_of(document: Mapping[str, Any], *, without: Collection[str] = ()) -> Sequence[Law]:
    """Return the checks that have something to look at in a service with this document.

    Raises
    ------
    DeclarationError
        When `without` names none of them.
    """
    known = [name for name in CHECKS if name not in _without_object(document)]
    for name in without:
        if name not in known:
            raise DeclarationError(
                f"without={name!r} is not among the checks of this document. {did_you_mean(name, known)}"
            )
    return [schemathesis_check(name) for name in known if name not in without]


def _without_object(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the checks of what the document does not have."""
    operations = [
        operation for item in inline(document).get("paths", {}).values() for operation in item.values()
        if isinstance(operation, dict)
    ]  # fmt: skip
    answers = [answer for operation in operations for answer in operation.get("responses", {}).values()]
    parameters = [one for operation in operations for one in operation.get("parameters", ())]
    if not any(answer.get("headers") for answer in answers):
        yield "response_headers_conformance"
    if not any(one.get("in") == "header" and one.get("required") for one in parameters):
        yield "missing_required_header"


def measure_schemathesis(
    service: Endpoint | str,
    document: Mapping[str, Any],
    *,
    folder: Path,
    seed: int,
    max_examples: int = 50,
    timeout_s: float = 300.0,
    allowed_hosts: Collection[str] = (),
    progress: Callable[[str], None] = silent,
) -> Result:
    """Run Schemathesis on a service; one measurement a check, the failures that it found.

    `n` counts the answers that a check looked at; one that looked at none has no value.

    Raises
    ------
    MissingExtra
        When Schemathesis is not installed.
    SubprocessError
        When it does not come to its end in time.
    """
    used = installed_version()
    target = endpoint(service, allowed_hosts=allowed_hosts)
    names = [check.id for check in schemathesis_checks_of(document)]
    progress(f"{target.name}: Schemathesis {used}, {len(names)} checks")
    looks = run_schemathesis(
        document, target.url, checks=names, seed=seed, max_examples=max_examples, folder=folder,
        timeout_s=timeout_s, allowed_hosts=allowed_hosts,
    )  # fmt: skip
    method = f"kinds of failures that Schemathesis {used} found; n counts the answers that it looked at"
    return Result(
        stage="serving",
        subject=target.name,
        measurements=tuple(
            _measurement(name, _findings(name, looks), target, method, seed=seed, max_examples=max_examples)
            for name in names
        ),
        digests={f"contract:{target.name}": digest_json(document)},
    )


def _findings(name: str, looks: Iterable[Checked]) -> Findings:
    findings = Findings(unit="answers")
    for look in looks:
        if look.check == name:
            findings.tried += 1
            if look.code:
                findings.add(Violation(f"{look.code} {look.operation}", look.why, look.exchange))
    return findings


def _measurement(
    name: str, findings: Findings, target: Endpoint, method: str, *, seed: int, max_examples: int
) -> Measurement:
    nothing_hidden = Mask()  # it sends what it draws, and no real row
    rows = findings.table(nothing_hidden)
    columns = ["kind", "why", "request", "answer"]
    return Measurement(
        name=f"serving.{name}",
        subject=target.name,
        value=len(findings.violations) if findings.tried else None,
        n=findings.tried,
        method=method,
        parameters={"max_examples": max_examples},
        seed=seed,
        note=findings.note(target.log_tail, nothing_hidden),
        artefacts=(Artefact("table", f"{name}: failures", {"columns": columns, "rows": rows}),) if rows else (),
    )
