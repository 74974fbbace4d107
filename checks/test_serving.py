"""Stage `serving`: the live API keeps what its contract promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops import law

if TYPE_CHECKING:
    from examples.flight_delay.champion import Champion
    from pytest_mlops.stages.service import Service


@pytest.mark.mlops(rubric=("infra-3", "monitor-3"))
@pytest.mark.mlops_laws("fixtures/contracts/delay_api.json", also=["answers_name_what_was_deployed"])
def test_the_contract_is_kept(
    mlops_contract: Any,
    delay_api: Service,
    champion: Champion,
    requests_sent: list[dict[str, Any]],
    mlops_law: Any,
) -> None:
    """One test item a law; requests are drawn from the document, and real ones are sent."""
    api = mlops_contract(
        delay_api,
        rows=requests_sent,
        suite="fixtures/expectations/flights.json",
        offline=champion.answer,
        deployed={"model_digest": champion.digest},
    )
    api.require(mlops_law)


@pytest.mark.mlops(rubric="monitor-3")
def test_the_batch_job_answers_the_same(
    mlops_contract: Any,
    delay_api: Service,
    requests_sent: list[dict[str, Any]],
    answers_of_batch: list[dict[str, Any]],
) -> None:
    """A decision must not depend on which of the two paths a flight took."""
    parity = law("online_equals_offline")
    mlops_contract(delay_api, rows=requests_sent, offline=answers_of_batch, laws=[parity.id]).require(parity)
