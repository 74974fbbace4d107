"""The trend of a load: each run of it leaves a line in a file of its check, and draws those before it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pytest_mlops.core.baseline import file_of_check
from pytest_mlops.core.provenance import host_words
from pytest_mlops.report.files import make_report_folder

if TYPE_CHECKING:
    from pytest_mlops.core.plain import Json
    from pytest_mlops.core.result import Result
    from pytest_mlops.plugin.tool import Tool


def kept_with_trend(tool: Tool, result: Result, asked: Json) -> Result:
    """Return a result that draws its trend, and keep it for the next; its judgements go to the recorder of the test.

    Parameters
    ----------
    asked
        What was asked of the run: one that was asked for something else is no part of its trend.

    Raises
    ------
    ToolError
        When its file can't be read or written.
    """
    from pytest_mlops.stages.load import keep_run, read_runs, run_of, with_trend

    run = run_of(
        result,
        asked,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=_commit(tool),
        machine=host_words(),
    )
    if run is not None:
        path = file_of_check(tool.state.trends, tool.request.node.nodeid, result.subject, ".jsonl")
        earlier = read_runs(path)
        make_report_folder(tool.state.report_dir)
        keep_run(path, run, earlier)
        result = with_trend(result, run, earlier)
    return tool.kept(result)


def _commit(tool: Tool) -> str:
    commit, clean = (tool.state.git[name] for name in ("commit", "clean"))
    return "" if commit is None else f"{str(commit)[:12]}{'' if clean else '+'}"
