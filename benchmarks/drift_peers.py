"""Other tools' drift scores of pairs of data; run by `drift_power.py` in each tool's own interpreter.

python benchmarks/drift_peers.py TOOL PAIRS.json SCORES.json

Of each pair, `parts` are the ratios of what the tool measures, of each column or check, over the limit that it has by
default (above 1: drift); of p-values it is that of their logarithms. `alarms` say what a user of the defaults is told.
Needs pandas, pyarrow, and the tool alone.
"""

from __future__ import annotations

import json
import logging
import math
import os
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Scored = tuple[dict[str, float], dict[str, bool]]

TARGET = "arr_delay"
_SMALL_SHARE = 0.01  # stands for a limit of zero, where a ratio needs one


def of_p(p: float, limit: float = 0.05) -> float:
    """Return how far a p-value is beyond its limit, as a ratio."""
    return math.log(max(float(p), 1e-300)) / math.log(limit)


class ByColumn:
    """What scores one column after the other; of two columns that were scored before, what was found then."""

    def __init__(self, score: Callable[[str, Any, Any], dict[str, float]]) -> None:
        self.score = score
        self.known: dict[tuple[str, int, int], dict[str, float]] = {}

    def __call__(self, reference: Any, current: Any) -> dict[str, float]:
        """Return the ratios of all columns."""
        found: dict[str, float] = {}
        for column in reference:
            key = (column, _digest(reference[column]), _digest(current[column]))
            if key not in self.known:
                self.known[key] = self.score(column, reference[column], current[column])
            found |= self.known[key]
        return found


def _digest(column: Any) -> int:
    import pandas as pd

    return hash(pd.util.hash_pandas_object(column, index=False).to_numpy().tobytes())


def is_words(column: Any) -> bool:
    """Say whether a column is text."""
    import pandas as pd

    return not pd.api.types.is_numeric_dtype(column)


def _evidently(column: str, reference: Any, current: Any) -> dict[str, float]:
    """Score a column as the preset does (its report takes 40 times as long, and says the same)."""
    from evidently.legacy.calculations.stattests import get_stattest

    kind = "cat" if is_words(reference) else "num"
    old, new = reference.dropna(), current.dropna()
    test = get_stattest(old, new, kind, None)
    found = test(old, new, kind, None)
    score, limit = float(found.drift_score), float(found.actual_threshold)
    ratio = of_p(score, limit) if "p_value" in test.display_name else score / limit
    return {f"{column} {test.display_name}": ratio}


def evidently(scorer: ByColumn, reference: Any, current: Any, **_: bool) -> Scored:
    """Score each column; the preset as a whole alarms at half of them."""
    parts = scorer(reference, current)
    flagged = [ratio > 1 for ratio in parts.values()]
    return parts, {"any column": any(flagged), "half of the columns": sum(flagged) * 2 >= len(flagged)}


def _nannyml(column: str, reference: Any, current: Any) -> dict[str, float]:
    """Measure a column of all of the current data as one chunk; beside it the share that is missing or new."""
    from nannyml.chunk import CountBasedChunker
    from nannyml.drift.univariate.methods import FeatureType, MethodFactory
    from nannyml.thresholds import ConstantThreshold

    kind = FeatureType.CATEGORICAL if is_words(reference) else FeatureType.CONTINUOUS
    parts = {}
    for method in ["jensen_shannon"] if is_words(reference) else ["jensen_shannon", "kolmogorov_smirnov"]:
        made = MethodFactory.create(
            key=method,
            feature_type=kind,
            chunker=CountBasedChunker(1),
            threshold=ConstantThreshold(upper=0.1),
            computation_params={"calculation_method": "auto", "n_bins": 10_000} if method[0] == "k" else None,
        )
        parts[f"{column} {method}"] = float(made.fit(reference).calculate(current)) / 0.1
    parts[f"{column} missing"] = abs(float(current.isna().mean() - reference.isna().mean())) / _SMALL_SHARE
    if is_words(reference):
        parts[f"{column} unseen"] = float(1 - current.isin(reference.unique()).mean()) / _SMALL_SHARE
    return parts


def nannyml(scorer: ByColumn, reference: Any, current: Any, *, is_null: bool) -> Scored:
    """Score each column; the defaults, ten chunks of each side, are asked of unchanged data alone: they take long."""
    import nannyml as nml

    alarms = {}
    if is_null:
        columns = list(reference.columns)
        words = [column for column in columns if is_words(reference[column])]
        default = nml.UnivariateDriftCalculator(column_names=columns, treat_as_categorical=words).fit(reference)
        table = default.calculate(current).filter(period="analysis").to_df()
        alarms["any column, ten chunks"] = any(bool(table[name].any()) for name in table.columns if name[2] == "alert")
    return scorer(reference, current), alarms


def _whylogs(column: str, reference: Any, current: Any) -> dict[str, float]:
    import whylogs as why
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

    old, new = (why.log(side.to_frame()).profile().view() for side in (reference, current))
    found = calculate_drift_scores(new, old, with_thresholds=True)[column]
    if found is None:
        return {}
    return {f"{column} {found['algorithm']}": of_p(found["pvalue"])}


def whylogs(scorer: ByColumn, reference: Any, current: Any, **_: bool) -> Scored:
    """Compare the profiles of each column; drift is a p-value of at most 5 %, as its report has it."""
    parts = scorer(reference, current)
    return parts, {"any column": any(ratio > 1 for ratio in parts.values())}


def deepchecks(_scorer: None, reference: Any, current: Any, **_: bool) -> Scored:
    """Run those checks of the train-test suite that measure drift, the delay on arrival as label."""
    from deepchecks.tabular import Dataset, checks

    words = [column for column in reference.columns if is_words(reference[column])]
    sides = [
        Dataset(rows.set_axis(rows.index + 10**7 * number), cat_features=words, label=TARGET, label_type="regression")
        for number, rows in enumerate((reference, current))
    ]
    asked = {
        "feature drift": checks.FeatureDrift().add_condition_drift_score_less_than(),
        "label drift": checks.LabelDrift().add_condition_drift_score_less_than(),
        "new categories": checks.NewCategoryTrainTest().add_condition_new_category_ratio_less_or_equal(),
        "correlation with the label": checks.FeatureLabelCorrelationChange()
        .add_condition_feature_pps_difference_less_than(),
        "multivariate drift": checks.MultivariateDrift().add_condition_overall_drift_value_less_than(),
    }  # fmt: skip
    parts, failed = {}, {}
    for name, check in asked.items():
        result = check.run(*sides, with_display=False)
        parts |= {f"{name} {part}": ratio for part, ratio in _deepchecks_parts(name, result.value).items()}
        failed[name] = not result.passed_conditions()
    return parts, {"feature drift": failed["feature drift"], "any of the drift checks": any(failed.values())}


def _deepchecks_parts(check: str, value: Any) -> dict[str, float]:
    if check == "feature drift":
        return {column: float(found["Drift score"] or 0) / 0.2 for column, found in value.items()}
    if check == "label drift":
        return {"": float(value["Drift score"] or 0) / 0.15}
    if check == "new categories":
        return {column: float(share) / _SMALL_SHARE for column, share in value["Ratio of New Categories"].items()}
    if check == "multivariate drift":
        return {"": float(value["domain_classifier_drift_score"]) / 0.25}
    return {column: abs(float(change)) / 0.2 for column, change in value["train-test difference"].items()}


TOOLS: dict[str, tuple[Callable[..., Scored], Callable[..., dict[str, float]] | None]] = {
    "evidently": (evidently, _evidently),
    "deepchecks": (deepchecks, None),
    "nannyml": (nannyml, _nannyml),
    "whylogs": (whylogs, _whylogs),
}


def main(tool: str, pairs: Path, scores: Path) -> None:
    """Score each pair; a crash is what the tool says of it."""
    import pandas as pd

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    os.environ["DO_NOT_TRACK"] = "1"
    found, began = {}, time.process_time()
    run, of_column = TOOLS[tool]
    scorer = ByColumn(of_column) if of_column else None
    for key, (reference, current) in json.loads(pairs.read_text(encoding="utf-8")).items():
        sides = [pd.read_parquet(path) for path in (reference, current)]
        try:
            parts, alarms = run(scorer, *sides, is_null=key.endswith("nothing"))
            found[key] = {"parts": {name: round(ratio, 5) for name, ratio in parts.items()}, "alarms": alarms}
        except Exception:  # noqa: BLE001 - whatever a tool raises is its answer
            found[key] = {"crash": traceback.format_exc(limit=-2)[-500:]}
    scores.write_text(json.dumps(found), encoding="utf-8")
    print(f"{tool}: {len(found)} pairs, {(time.process_time() - began) / max(len(found), 1):.2f} CPU s a pair")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
