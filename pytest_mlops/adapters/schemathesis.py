"""Schemathesis: one run in a process of its own, and the events that it wrote, as plain exchanges."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_mlops.adapters.http import Exchange, Request
from pytest_mlops.core.errors import MissingExtra, SubprocessError, ToolError
from pytest_mlops.core.process import environment_without, run

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_RUNNER = Path(__file__).parent.parent / "runners" / "schemathesis_run.py"
_ENDED = (0, 1)  # nothing was found, something was found; all other exit codes are no result


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One request that a check of Schemathesis looked at.

    `code` is that of the failure, `ST101`, and empty where there was none.
    """

    check: str
    operation: str
    exchange: Exchange
    code: str = ""
    why: str = ""


def installed_version() -> str:
    """Return the version of Schemathesis in this environment.

    Raises
    ------
    MissingExtra
        When there is none.
    """
    try:
        return version("schemathesis")
    except PackageNotFoundError as exc:
        raise MissingExtra(needs="mlops_schemathesis", library="schemathesis", extra="schemathesis") from exc


def run_schemathesis(
    document: Mapping[str, Any],
    url: str,
    *,
    checks: Sequence[str],
    seed: int,
    max_examples: int,
    folder: Path,
    timeout_s: float,
    allowed_hosts: Collection[str] = (),
) -> list[Checked]:
    """Run checks of Schemathesis on a service; return each look of each check at an answer.

    Parameters
    ----------
    document
        The OpenAPI document that requests are made from.
    folder
        Of this run alone: its files stay there, and no configuration of the user's is found from it.

    Raises
    ------
    SubprocessError
        When it does not come to its end, or not in time; it is ended then.
    ToolError
        When it could not send or judge all that it had to.
    """
    document_file, events, settings = folder / "openapi.json", folder / "events.ndjson", folder / "settings.toml"
    document_file.write_text(json.dumps(document), encoding="utf-8")
    settings.write_text("", encoding="utf-8")
    arguments = [
        "--no-color", "--config-file", str(settings), "run", str(document_file), "--url", url, "--checks",
        ",".join(checks), "--seed", str(seed), "--max-examples", str(max_examples), "--continue-on-failure",
        "--report", "ndjson", "--report-ndjson-path", str(events), "--output-sanitize", "false",
    ]  # fmt: skip
    config = folder / "config.json"
    config.write_text(json.dumps({"arguments": arguments, "allowed_hosts": [*allowed_hosts]}), encoding="utf-8")
    command = [sys.executable, "-P", str(_RUNNER), str(config)]
    log = folder / "schemathesis.log"
    done = run(command, log=log, timeout_s=timeout_s, env=environment_without("SCHEMATHESIS_"), cwd=folder)
    found = list(_read(events)) if events.exists() else []
    if done.returncode not in _ENDED or not found or "EngineFinished" not in found[-1]:
        raise SubprocessError(
            f"Schemathesis on {url} must come to its end, got exit code {done.returncode}", log=done.log_text
        )
    _refuse_errors(found, url)
    return [one for event in found if "ScenarioFinished" in event for one in _checked(event["ScenarioFinished"])]


def _refuse_errors(events: Sequence[Mapping[str, Any]], url: str) -> None:
    """Raise where a request could not be sent or judged: Schemathesis leaves it out of what its checks saw."""
    errors = [event[kind]["value"] for event in events for kind in ("FatalError", "NonFatalError") if kind in event]
    if errors:
        first = f"{errors[0].get('type', '')}: {errors[0].get('message', '')}"[:300]
        raise ToolError(f"Schemathesis must send every request to {url}, got {len(errors)} errors, the first: {first}")


def _read(events: Path) -> Iterator[Mapping[str, Any]]:
    for line in events.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def _checked(scenario: Mapping[str, Any]) -> Iterator[Checked]:
    recorder = scenario["recorder"]
    for case, looks in recorder.get("checks", {}).items():
        exchange = _exchange(recorder["interactions"][case])
        for look in looks:
            failure = (look.get("failure_info") or {}).get("failure") or {}
            failed = look["status"] != "success"
            yield Checked(
                check=look["name"],
                operation=recorder["label"],
                exchange=exchange,
                code=str(failure.get("code") or look["status"]) if failed else "",
                why=" ".join(f"{failure.get('title', 'failed')}: {failure.get('message', '')}".split()).rstrip(": "),
            )


def _exchange(interaction: Mapping[str, Any]) -> Exchange:
    sent, answer = interaction["request"], interaction.get("response") or {}
    url = str(sent["uri"])
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    request = Request(
        method=sent["method"],
        path=path,
        body=_bytes(sent.get("body")),
        content_type=_header(sent, "content-type"),
    )
    return Exchange(
        request=request,
        url=url,
        status=answer.get("status_code"),
        content_type=_header(answer, "content-type"),
        body=_bytes(answer.get("content")),
        elapsed_s=float(answer.get("elapsed", 0.0)),
        problem="" if answer else "no answer",
    )


def _header(part: Mapping[str, Any], name: str) -> str:
    found = [values for key, values in (part.get("headers") or {}).items() if key.lower() == name]
    return str(found[0][0]) if found and found[0] else ""


def _bytes(body: Any) -> bytes:
    return base64.b64decode(body["$base64"]) if isinstance(body, Mapping) else str(body or "").encode()
