"""What a drifted column says in the terminal, and that it is in every report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

DECLARED = """
[data.old]
path = "old.parquet"
public = ["kind"]
[data.new]
path = "new.parquet"
[drift.new]
data = "new"
reference = "old"
columns = ["size", "kind"]
"""
STORY = [
    "  fail: new.size: drift.ks must be at most 0.1, got 0.7*",
    "    0.99 interval * to *, n = 3,000; off by *",
    "    The whole interval lies beyond the material limit (adjusted p *)",
    "    these rows would have shown a distance of *, as a shift of * sd makes",
    "    before * now * (* to *)",
    "    likely a change of unit: multiplied by 1.609, as from miles to km",
    "    limit at mlops.toml: [[]drift.new[]]",
]


def month(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(30), 100)
    kinds = rng.choice(["a", "b", "c"], len(day), p=[0.5, 0.3, 0.2])
    seen = pd.Timestamp("2013-01-01") + pd.to_timedelta(day, "D")
    return pd.DataFrame({"seen": seen, "size": rng.normal(50, 10, len(day)), "kind": kinds})


def test_the_story_of_a_drifted_column(project: Project) -> None:
    """Before and after, the likely cause, and no line that a terminal would break."""
    month(1).to_parquet(project.pytester.path / "old.parquet")
    new = month(2)
    new.assign(size=new["size"] * 1.609344).to_parquet(project.pytester.path / "new.parquet")
    result = project.write({"mlops.toml": DECLARED}).run("--mlops", "--color=no", "--junitxml=out.xml")
    result.stdout.fnmatch_lines(STORY)
    told = [line for line in result.outlines if line.startswith("    ")]
    assert max(map(len, told)) <= 80
    for name in (".mlops/report.json", ".mlops/report.md", ".mlops/report.html", "out.xml"):
        text = (project.pytester.path / name).read_text(encoding="utf-8")
        assert "likely a change of unit: multiplied by 1.609, as from miles to km" in text, name
    assert project.verdicts()["kind"] == "pass"
