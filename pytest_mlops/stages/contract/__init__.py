"""The contract of a model service: laws that it must keep, tried with real, drawn and spoiled requests."""

from pytest_mlops.stages.contract.committed import (
    laws_of,
    protocol_of,
    read_committed_signature,
    read_contract,
    read_rows,
)
from pytest_mlops.stages.contract.laws import LAWS, NEED_OFFLINE, Law, law
from pytest_mlops.stages.contract.measure import TOGETHER, contract_of, measure_contract
from pytest_mlops.stages.contract.scored import offline_scores

__all__ = [
    "LAWS",
    "NEED_OFFLINE",
    "TOGETHER",
    "Law",
    "contract_of",
    "law",
    "laws_of",
    "measure_contract",
    "offline_scores",
    "protocol_of",
    "read_committed_signature",
    "read_contract",
    "read_rows",
]
