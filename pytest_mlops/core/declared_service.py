"""What can be declared of a service: how it starts, what it promised, under which load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_mlops.core.declared_canary import compared_in
from pytest_mlops.core.declared_capacity import DeclaredCapacity, read_capacity
from pytest_mlops.core.declared_keys import LIMIT
from pytest_mlops.core.declared_limits import limit_of
from pytest_mlops.core.declared_load import DeclaredLoad, read_load
from pytest_mlops.core.declared_urls import check_services_in
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.keys import check_choices, check_table
from pytest_mlops.core.service_keys import CONTRACT, LAWS_NEED, STARTS

_PROBABILITIES = "probabilities"
_PAIR = 2


@dataclass(frozen=True, kw_only=True)
class DeclaredService:
    """A service: how it starts, what it promised, and under which load."""

    name: str
    command: Sequence[str] = ()
    wsgi: str = ""
    asgi: str = ""
    mlflow: str = ""
    url: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    allowed_hosts: Sequence[str] = ()
    ready: str = "/ping"
    timeout: str = "60s"
    contract: str = ""
    requests: str = ""
    protocol: str = ""
    signature: str = ""
    example: str = ""
    ranges: bool = False
    suite: str = ""
    public: Sequence[str] = ()
    outputs: Mapping[str, object] = field(default_factory=dict)
    directions: Mapping[str, str] = field(default_factory=dict)
    score: str = ""
    deployed: Mapping[str, str] = field(default_factory=dict)
    ends_within: str = "10s"
    model: str = ""
    offline: str = ""
    examples: int = 50
    laws: Sequence[str] | None = None
    without: Sequence[str] = ()
    load: DeclaredLoad | None = None
    capacity: DeclaredCapacity | None = None

    @property
    def promises(self) -> str:
        """The file that holds what it promised: a contract, else a signature; empty where there is none."""
        return self.contract or self.signature


def read_service(
    name: str, entry: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]], place: str
) -> DeclaredService:
    """Return a service; a contract or a load must be given, or another table judge it, else nothing would be judged.

    Parameters
    ----------
    entries
        All that is declared, by table and name.
    """
    _check_start(entry, place)
    check_services_in(name, entries["service"], place)
    if not {"contract", "signature", "load", "capacity"} & entry.keys() and name not in compared_in(entries):
        raise DeclarationError(f"{place} judges nothing. Hint: contract = 'openapi.json', or [service.{name}.load]")
    check_choices([entry["example"]] if "example" in entry else [], entries["data"], f"{place}: example")
    check_choices([entry["model"]] if "model" in entry else [], entries["model"], f"{place}: model")
    _check_contract(entry, place)
    _check_laws(entry, place)
    rest = dict(entry)
    rest["outputs"] = {key: _output(said, f"{place}: outputs.{key}") for key, said in entry.get("outputs", {}).items()}
    if "load" in rest:
        rest["load"] = read_load(rest["load"], entries["service"].keys() - {name}, f"{place}: load")
    if "capacity" in rest:
        rest["capacity"] = read_capacity(rest["capacity"], f"{place}: capacity")
    read = DeclaredService(name=name, **rest)
    if read.requests and not read.promises and not read.capacity and not (read.load and read.load.draws):
        raise DeclarationError(
            f"{place}: requests are sent for a contract, or a load that sends them: there is neither"
        )
    return read


def _check_start(entry: Mapping[str, Any], place: str) -> None:
    starts = [key for key in STARTS if key in entry]
    if len(starts) != 1:
        said = " and ".join(starts) or "none"
        raise DeclarationError(f"{place} must be started or found by one of {', '.join(STARTS)}, got {said}")
    if "url" in entry and "env" in entry:
        raise DeclarationError(f"{place}: env is of a service that is started, and at url one runs already")
    if "allowed_hosts" in entry and "url" not in entry:
        raise DeclarationError(f"{place}: allowed_hosts are of a url; what is started here is on loopback")


def _check_contract(entry: Mapping[str, Any], place: str) -> None:
    """Refuse what would be read and not used."""
    alone = [key for key in CONTRACT if key in entry]
    if alone and not {"contract", "signature"} & entry.keys():
        raise DeclarationError(
            f"{place}: {alone[0]} is of a contract, and there is none. Hint: contract = 'openapi.json'"
        )
    if "ranges" in entry and "example" not in entry:
        raise DeclarationError(f"{place}: ranges are those of an example. Hint: example = 'NAME' of a [data.NAME]")
    if {"model", "offline"} <= entry.keys():
        raise DeclarationError(f"{place}: model and offline are both what answers are compared with: keep one")
    if "score" in entry and not {"directions", "model"} & entry.keys():
        raise DeclarationError(f"{place}: score says what directions or a model are about, and there is neither")
    if "model" in entry and (found := set(".[") & set(entry.get("score", ""))):
        raise DeclarationError(
            f"{place}: score must be a key of a prediction for a model, and no place with {min(found)!r}"
        )


def _check_laws(entry: Mapping[str, Any], place: str) -> None:
    """Refuse laws that can't be tried, and what is told to none."""
    if {"laws", "without"} <= entry.keys():
        raise DeclarationError(f"{place}: laws names all of them, without leaves some out: keep one")
    if not entry.get("laws", ["all"]):
        raise DeclarationError(f"{place}: laws must name a law; leave the key out for all of them")
    for law, needs in LAWS_NEED.items():
        if law in entry.get("laws", ()) and not entry.keys() & set(needs):
            raise DeclarationError(f"{place}: laws has {law}, which needs {' or '.join(needs)}")
    for key in dict.fromkeys(key for needs in LAWS_NEED.values() for key in needs if key in entry):
        told = [law for law, needs in LAWS_NEED.items() if key in needs]
        if not any(_is_asked(law, entry) for law in told):
            raise DeclarationError(f"{place}: {key} is for {' and '.join(told)}, left out here")


def _is_asked(law: str, entry: Mapping[str, Any]) -> bool:
    return law in entry.get("laws", [law]) and law not in entry.get("without", ())


def _output(said: object, place: str) -> object:
    """Return what a number of a prediction must be, as `outputs=` of the tool takes it."""
    if isinstance(said, Mapping):
        check_table(said, LIMIT, place)
        return limit_of(said, place)
    if isinstance(said, list) and len(said) == _PAIR and all(map(_is_number, said)):
        return tuple(said)
    if said == _PROBABILITIES:
        return said
    raise DeclarationError(f"{place} must be [low, high], a limit or {_PROBABILITIES!r}, got {said!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
