"""The laws of a model service: what each says, and how it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.judge import Judgement, judge
from pytest_mlops.core.limit import Limit, at_most
from pytest_mlops.core.messages import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_mlops.core.result import Result

LAWS: Mapping[str, str] = MappingProxyType({
    "valid_requests_answer": "Every request that the document allows is answered 200, with a body as documented.",
    "invalid_requests_are_refused": "A request with one fault gets a short structured 4xx, soon; never a prediction.",
    "never_a_server_error": "Nothing that is sent makes the server fail, drop the connection, or stop being up.",
    "unknown_paths_and_methods": "What the document does not offer is answered 404 or 405.",
    "one_by_one_equals_all_at_once": "A row's prediction does not depend on which other rows are sent with it.",
    "row_order_does_not_matter": "Rows in another order get the same predictions, in that order.",
    "same_request_same_answer": "The same request gets the same predictions again, later and at the same time.",
    "online_equals_offline": "The service predicts what the model predicts offline.",
    "every_form_answers_the_same": "Every form of a request that the protocol knows gets the same predictions.",
    "document_is_served_as_committed": "The OpenAPI document that is served is the committed one.",
})  # fmt: skip


# What a service can't be held to: a plain document knows one form of a request, a protocol serves no document.
_NOT_OF: Mapping[bool, str] = MappingProxyType({
    True: "every_form_answers_the_same", False: "document_is_served_as_committed",
})  # fmt: skip


def laws_of_protocol(protocol: str) -> list[str]:
    """Return the names of the laws that a service of a protocol can be held to."""
    return [name for name in LAWS if name != _NOT_OF[protocol == "openapi"]]


@dataclass(frozen=True, kw_only=True)
class Law:
    """A requirement: a law holds when no violation of it was found."""

    id: str
    limit: Limit

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge the number of violations that were found."""
        yield judge(result[self.id], self.limit)


def law(name: str) -> Law:
    """Return the requirement that a law holds.

    Raises
    ------
    DeclarationError
        When there is no such law.
    """
    check_law(name)
    return Law(id=name, limit=at_most(0))


def check_law(name: str) -> None:
    """Refuse a name that is no law's."""
    if name not in LAWS:
        raise DeclarationError(f"{name!r} is no law of a service. {did_you_mean(name, LAWS)}")
