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
    "no_breaking_change": "What the committed OpenAPI document promised to clients is still served; more may be.",
    "ready_means_ready": "From the first moment that it says ready, a valid request is answered.",
    "sigterm_answers_what_is_in_flight": "Told to end, it answers what is in flight, and ends in time.",
    "answers_name_what_was_deployed": "The version and the digest in its answers are those that were deployed.",
})  # fmt: skip


DECLARED_LAWS = ("answers_name_what_was_deployed",)  # which ask for something that is said beside the contract


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
