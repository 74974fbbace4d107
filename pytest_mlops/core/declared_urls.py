"""The addresses of other declared services in what one is told: `{v3.url}` in its command or its environment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.keys import check_choices

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_URL = re.compile(r"\{([\w-]+)\.url\}")


def services_in(texts: Iterable[str]) -> list[str]:
    """Return the names of the services whose addresses texts hold, each once.

    >>> services_in(["--to", "{v3.url}/ping", "{port}"])
    ['v3']
    """
    return list(dict.fromkeys(name for text in texts for name in _URL.findall(text)))


def with_urls(text: str, urls: Mapping[str, str]) -> str:
    """Return a text with the addresses in the places of the names."""
    return _URL.sub(lambda found: urls[found[1]], text)


def told_to(entry: Mapping[str, Any]) -> list[str]:
    """Return the texts that a service is started with, of its table."""
    return [*entry.get("command", ()), *entry.get("env", {}).values()]


def check_services_in(name: str, services: Mapping[str, Mapping[str, Any]], place: str) -> None:
    """Refuse a service that is told the address of none, or that would have to run before itself."""
    behind = services_in(told_to(services[name]))
    check_choices(behind, sorted(services), f"{place}: command")
    _check_order(name, services, place, way=(name,))


def _check_order(name: str, services: Mapping[str, Mapping[str, Any]], place: str, way: tuple[str, ...]) -> None:
    for other in services_in(told_to(services[name])):
        if other in way:
            raise DeclarationError(
                f"{place}: none can be started first, each is told where the next one is: {' → '.join((*way, other))}"
            )
        if other in services:
            _check_order(other, services, place, (*way, other))
