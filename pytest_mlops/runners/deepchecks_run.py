"""One run of deepchecks, in the old interpreter that it needs: a job in JSON in, every check's result in JSON out.

    python -I -B deepchecks_run.py JOB.json
    python -I -B deepchecks_run.py --list > checks.json

JOB holds `train` and `test` ({"path": a Parquet file, "encoded": columns whose values are JSON texts}, test may be
None), `label`, `categorical`, `features`, `index`, `datetime`, `label_type`, `predictions` (paths of Parquet by side),
`classes`, `suites`, `checks` (`name`, `parameters`, `conditions`), `without`, `seed`, `show` and `answer`, the path to
write. Words that deepchecks put together with values of the data leave this process only where `show` is true; else
its own sentences do, with `…` for what it put into them. `--list` writes the names of all checks, suites and
conditions. The standard library, and what deepchecks brings.
"""

from __future__ import annotations

import ast
import functools
import json
import math
import os
import random
import re
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

# Its import would else open a connection to its maker and write into site-packages; set before, whoever started us.
os.environ["DISABLE_DEEPCHECKS_ANONYMOUS_TELEMETRY"] = os.environ["DISABLE_LATEST_VERSION_CHECK"] = "1"
os.environ["MPLBACKEND"] = "Agg"

SUITES = ("data_integrity", "train_test_validation", "model_evaluation", "production_suite", "full_suite")
_ADD = "add_condition_"
_KINDS = {"SingleDatasetCheck": "single", "TrainTestCheck": "pair", "ModelOnlyCheck": "model"}
_SCORE = "Drift score"
_LOOKED_AT_NOTHING = re.compile(r"No relevant |Passed for 0 |0 columns passed")  # and passed
_LONGEST = 2000  # letters of a sentence


def main(job_path: str) -> None:
    """Do a job; whatever happens, its answer says it."""
    job = json.loads(Path(job_path).read_text(encoding="utf-8"))
    answer: dict[str, Any] = {"python": sys.version.split()[0], "deepchecks": None, "results": [], "failure": None}
    try:
        deepchecks = _import_deepchecks()
        answer["deepchecks"] = deepchecks.__version__
        answer["results"] = _run(job)
    except Exception as exc:  # noqa: BLE001 - the parent says it
        traceback.print_exc()
        answer["failure"] = _failure(exc, job)
    part = Path(f"{job['answer']}.part")
    part.write_text(json.dumps(answer, indent=1), encoding="utf-8")
    part.replace(job["answer"])


def _import_deepchecks() -> Any:
    import numpy as np

    gone = {"Inf": np.inf, "infty": np.inf, "PINF": np.inf, "NINF": -np.inf, "NaN": np.nan, "float_": np.float64}
    for name, value in gone.items():
        if name not in np.__dict__:  # NumPy 2 took them away
            setattr(np, name, value)
    warnings.simplefilter("ignore")
    from sklearn import metrics

    metrics.mean_squared_error = _with_squared(metrics.mean_squared_error)
    import deepchecks
    from deepchecks.tabular import context

    # scikit-learn >= 1.5 asks for the name of the function that stands for a model.
    context._DummyModel._predict.__name__ = "predict"  # noqa: SLF001
    context._DummyModel._predict_proba.__name__ = "predict_proba"  # noqa: SLF001
    return deepchecks


def _with_squared(metric: Any) -> Any:
    """Return the metric as it was before scikit-learn 1.6, which took `squared` away."""

    @functools.wraps(metric)
    def mean_squared_error(*arguments: Any, squared: bool = True, **options: Any) -> Any:
        mean = metric(*arguments, **options)
        return mean if squared else mean**0.5

    return mean_squared_error


def _run(job: dict[str, Any]) -> list[dict[str, Any]]:
    import numpy as np
    from deepchecks.tabular import Suite

    random.seed(job["seed"])
    np.random.seed(job["seed"])  # noqa: NPY002 - deepchecks draws from the global one
    train = _dataset(job, "train", 0, job["categorical"])
    test = None
    if job["test"] is not None:  # the same index twice would mix up the predictions of the two
        test = _dataset(job, "test", len(train), train.cat_features)
    suite = Suite("pytest-mlops", *_checks(job))
    done = suite.run(train, test, with_display=False, model_classes=job["classes"], **_predictions(job))
    return [_result(result, job) for result in done.results]


def _dataset(job: dict[str, Any], side: str, first: int, categorical: list[str] | None) -> Any:
    import pandas as pd
    from deepchecks.tabular import Dataset

    frame = pd.read_parquet(job[side]["path"])
    for column in job[side]["encoded"]:
        frame[column] = [None if text is None else json.loads(text) for text in frame[column]]
    frame.index = pd.RangeIndex(first, first + len(frame))
    return Dataset(
        frame, label=job["label"], features=job["features"], cat_features=categorical, index_name=job["index"],
        datetime_name=job["datetime"], label_type=job["label_type"],
    )  # fmt: skip


def _predictions(job: dict[str, Any]) -> dict[str, Any]:
    import pandas as pd

    given: dict[str, Any] = {}
    for side, path in job["predictions"].items():
        frame = pd.read_parquet(path)
        given[f"y_pred_{side}"] = frame.pop("prediction").to_numpy()
        if len(frame.columns):
            given[f"y_proba_{side}"] = frame.to_numpy()
    return given


def _checks(job: dict[str, Any]) -> list[Any]:
    """Return the checks of the suites, and those that are named; these stand in place of a suite's."""
    from deepchecks.tabular import checks, suites

    found = {
        type(check).__name__: check
        for suite in job["suites"]
        for check in getattr(suites, suite)(random_state=job["seed"]).checks.values()
    }
    for asked in job["checks"]:
        check = getattr(checks, asked["name"])(**asked["parameters"])
        for condition, parameters in asked["conditions"].items():
            getattr(check, _ADD + condition)(**parameters)
        found[asked["name"]] = check
    return [check for name, check in found.items() if name not in job["without"]]


def _result(result: Any, job: dict[str, Any]) -> dict[str, Any]:
    header = result.get_header()
    side = re.search(r" - (Train|Test) Dataset$", header)
    found: dict[str, Any] = {
        "check": type(result.check).__name__,
        "side": side[1].lower() if side else "",
        "header": header,
        "conditions": [],
        "scores": {},
        "failure": None,
    }
    if hasattr(result, "exception"):
        return {**found, "failure": _failure(result.exception, job)}
    conditions = [
        {
            "name": one.name,
            "status": one.category.value,
            "looked": not _LOOKED_AT_NOTHING.match(one.details) and not _says_unable(result.value),
            "details": " ".join(one.details.split())[:_LONGEST] if job["show"] else "",
        }
        for one in result.conditions_results
    ]
    return {**found, "conditions": conditions, "scores": _scores(result.value, job["columns"])}


def _says_unable(value: Any) -> bool:
    """Say whether the weak segments were not looked for: deepchecks then passes with a message."""
    return isinstance(value, dict) and "message" in value


def _scores(value: Any, columns: list[str]) -> dict[str, Any]:
    """Return the drift score and its method by column; of a single column, or all together, under the name ''."""
    if not isinstance(value, dict):
        return {}
    if "domain_classifier_drift_score" in value:
        return {"": [_number(value["domain_classifier_drift_score"]), "domain classifier"]}
    entries = {"": value} if _SCORE in value else value
    return {
        column if column in columns else "": [_number(entry[_SCORE]), str(entry.get("Method", ""))]
        for column, entry in entries.items()
        if isinstance(entry, dict) and _SCORE in entry
    }


def _number(value: Any) -> float | None:
    """Return a score, the largest where each class has one; None where there is none."""
    if isinstance(value, dict):
        each = [_number(score) for score in value.values()]
        return None if None in each else max(filter(None, each), default=0.0)
    return float(value) if isinstance(value, float | int) and math.isfinite(value) else None


def _failure(exc: BaseException, job: dict[str, Any]) -> dict[str, Any]:
    own = any(kind.__name__ == "DeepchecksBaseError" for kind in type(exc).__mro__)
    missing = exc.name if isinstance(exc, ModuleNotFoundError) else None
    text = str(exc)[:_LONGEST] if job["show"] else _own_words(exc, job) if own else ""
    return {"type": type(exc).__name__, "own": own, "text": text, "missing": missing}


def _own_words(exc: BaseException, job: dict[str, Any]) -> str:
    """Return the words of an error of deepchecks' own, with `…` for what is neither its text nor a column's name."""
    frames = [Path(frame.filename) for frame in traceback.extract_tb(exc.__traceback__)]
    suite = Path(sys.modules["deepchecks"].__file__ or "").parent / "tabular" / "suite.py"  # its own have no traceback
    columns = {str(job[key]) for key in ("label", "index", "datetime")} | set(job["columns"])
    text = str(exc)
    for file in reversed([suite, *(frame for frame in frames if "deepchecks" in frame.parts)]):
        for pieces in _sentences(file):
            found = re.fullmatch("(.*?)".join(map(re.escape, pieces)), text, flags=re.DOTALL)
            if found:
                holes = [hole if hole in columns else "…" for hole in found.groups()]
                return "".join(map("".join, zip(pieces, [*holes, ""], strict=True)))[:_LONGEST]
    return ""


def _sentences(file: Path) -> list[list[str]]:
    """Return the texts in a source file, each as the pieces between what is put into it; the longest first."""
    found: list[list[str]] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append([node.value])
        elif isinstance(node, ast.JoinedStr):
            pieces = [""]
            for part in node.values:  # noqa: PD011 - no frame
                if isinstance(part, ast.Constant):
                    pieces[-1] += str(part.value)
                else:
                    pieces.append("")
            found.append(pieces)
    worded = [pieces for pieces in found if " " in "".join(pieces)]
    return sorted(worded, key=lambda pieces: -len("".join(pieces)))


def write_list() -> None:
    """Print the names of all suites, checks and conditions, and the conditions that the suites set."""
    deepchecks = _import_deepchecks()
    from deepchecks.tabular import checks, suites

    kept: dict[str, Any] = {}
    classes = {name: getattr(checks, name) for name in sorted(set(checks.__all__))}
    for name, kind in classes.items():
        bases = [_KINDS[base.__name__] for base in kind.__mro__ if base.__name__ in _KINDS]
        if bases:  # MultiModelPerformanceReport compares several models
            kept[name] = {"kind": bases[0], "conditions": _conditions_of(kind), "default": []}
    called = _watch(classes)
    known = {suite: [type(check).__name__ for check in getattr(suites, suite)().checks.values()] for suite in SUITES}
    for name, condition in called:
        if condition not in kept[name]["default"]:
            kept[name]["default"].append(condition)
    json.dump({"deepchecks": deepchecks.__version__, "suites": known, "checks": kept}, sys.stdout, indent=1)
    print()


def _conditions_of(kind: Any) -> list[str]:
    return sorted(name.removeprefix(_ADD) for name in dir(kind) if name.startswith(_ADD))


def _watch(classes: dict[str, Any]) -> list[tuple[str, str]]:
    """Let every method that adds a condition write down that it was called."""
    called: list[tuple[str, str]] = []

    def watched(method: Any, condition: str) -> Any:
        def add(self: Any, *arguments: Any, **parameters: Any) -> Any:
            if arguments or parameters:
                raise SystemExit(f"a suite gives parameters to {condition}: they must be listed too")
            called.append((type(self).__name__, condition))
            return method(self)

        return add

    owners = {owner for kind in classes.values() for owner in kind.__mro__ if owner is not object}
    for owner in owners:
        for name in [name for name in vars(owner) if name.startswith(_ADD)]:
            setattr(owner, name, watched(vars(owner)[name], name.removeprefix(_ADD)))
    return called


if __name__ == "__main__":
    write_list() if sys.argv[1:] == ["--list"] else main(sys.argv[1])
