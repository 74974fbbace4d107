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
    from collections.abc import Collection, Iterable, Mapping

    from pytest_mlops.core.result import Result

LAWS: Mapping[str, str] = MappingProxyType({
    "valid_requests_answer": "Every request that the document allows is answered 200, with a body as documented.",
    "invalid_requests_are_refused": "A request with one fault gets a short structured 4xx, soon; never a prediction.",
    "never_a_server_error": "Nothing that is sent makes the server fail, drop the connection, or answer wrongly later.",
    "unknown_paths_and_methods": "What the document does not offer is answered 404 or 405.",
    "one_by_one_equals_all_at_once": "A row's prediction does not depend on which other rows are sent with it.",
    "row_order_does_not_matter": "Rows in another order get the same predictions, in that order.",
    "field_order_does_not_matter": "Rows with their fields in another order get the same predictions.",
    "copies_get_the_same": "A row that stands twice in a request gets the same prediction twice, as do all others.",
    "same_request_same_answer": "The same request gets the same predictions: later, at once, after a refused one.",
    "predictions_are_sound": "Predicted numbers are finite and in range, and probabilities sum to one.",
    "expected_directions": "A field that was declared to move the score one way never moves it the other way.",
    "time_is_linear": "Twenty times the rows take less than eighty times the time.",
    "online_equals_offline": "The service predicts what the model predicts offline.",
    "every_form_answers_the_same": "Every form of a request that the protocol knows gets the same predictions.",
    "missing_values_as_offline": "A field that is null or absent is taken as the model takes it offline.",
    "no_breaking_change": "What the committed OpenAPI document promised to clients is still served; more may be.",
    "ready_means_ready": "From the first moment that it says ready, a valid request is answered.",
    "sigterm_answers_what_is_in_flight": "Told to end, it answers what is in flight, and ends in time.",
    "answers_name_what_was_deployed": "The version and the digest in its answers are those that were deployed.",
})  # fmt: skip

# Laws that hold a service to what was declared, by the option that declares it: without it there is nothing to try.
# A plain document knows one form of a request; in another protocol no document is served.
DECLARED: Mapping[str, str] = MappingProxyType({
    "expected_directions": "directions", "answers_name_what_was_deployed": "deployed",
    "every_form_answers_the_same": "forms", "no_breaking_change": "document",
})  # fmt: skip
NEED_OFFLINE = ("online_equals_offline", "missing_values_as_offline")


def laws_for(declared: Collection[str], *, protocol: str = "openapi") -> list[str]:
    """Return the laws that a service of a protocol is held to where these options were declared."""
    there = {None, *declared, "document" if protocol == "openapi" else "forms"}
    return [name for name in LAWS if DECLARED.get(name) in there]


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
