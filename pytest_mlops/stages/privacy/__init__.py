"""Stage `privacy`: personal data in frames and files, k-anonymity, l-diversity, forbidden features, retention."""

from pytest_mlops.stages.privacy.measure import PrivacyScan, scan_data, scan_lines, scan_texts
from pytest_mlops.stages.privacy.requirements import (
    k_anonymous,
    l_diverse,
    no_forbidden_features,
    no_personal_data,
    retained_at_most,
)

__all__ = [
    "PrivacyScan",
    "k_anonymous",
    "l_diverse",
    "no_forbidden_features",
    "no_personal_data",
    "retained_at_most",
    "scan_data",
    "scan_lines",
    "scan_texts",
]
