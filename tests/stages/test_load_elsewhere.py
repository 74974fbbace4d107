"""Results of JMeter, Gatling and k6, in formats that these document: every request is counted, mistakes are named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_mlops import DeclarationError, RequirementNotMet, at_least, at_most
from pytest_mlops.stages.load import measure_results

if TYPE_CHECKING:
    from pathlib import Path

HEADER = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,"
    "grpThreads,allThreads,URL,Latency,IdleTime,Connect"
)


def jtl_csv(n: int = 100) -> str:
    lines = [
        f'{1_509_841_690_552 + 20 * i},{10 + i},"score, one row",200,OK,users 1-1,text,true,,2781,133,1,1,null,9,0,1'
        for i in range(n)
    ]
    lines[7] = "1509841690692,17,score,500,Error,users 1-1,text,false,Test failed: code,10,133,1,1,null,9,0,1"
    return "\n".join([HEADER, *lines]) + "\n"


def jtl_xml() -> str:
    samples = "\n".join(
        f'<httpSample t="{10 + i}" it="0" lt="9" ts="{1_133_521_593_546 + 20 * i}" s="{"false" if i == 7 else "true"}" '
        f'lb="score" rc="{500 if i == 7 else 200}" rm="OK" tn="users 1-1" dt="text" by="120">'
        '<httpSample t="3" ts="1133521593547" s="false" lb="inner" rc="200"/></httpSample>'
        for i in range(100)
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testResults version="1.2">\n{samples}\n</testResults>\n'


def gatling(version: int) -> str:
    lines = ["RUN\tSimulation\tsimulation\t1481907959927\t \t3.9.5", "USER\tusers\tSTART\t1481907961664"]
    for i in range(100):
        end = "KO\tstatus.find.is(200), but actually found 500" if i == 7 else "OK\t "
        sent = 1_481_908_081_520 + 20 * i
        before = "REQUEST\tusers\t1\t" if version == 2 else "REQUEST\t"
        lines.append(f"{before}\tscore\t{sent}\t{sent + 10 + i}\t{end}")
    return "\n".join([*lines, "USER\tusers\tEND\t1481907969999"]) + "\n"


FORMATS = {
    "JMeter's CSV": ("results.jtl", jtl_csv()),
    "JMeter's XML": ("results.jtl", jtl_xml()),
    "Gatling 2": ("simulation.log", gatling(2)),
    "Gatling 3": ("simulation.log", gatling(3)),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_request_is_counted(name: str, tmp_path: Path) -> None:
    file, text = FORMATS[name]
    (tmp_path / file).write_text(text, encoding="utf-8")
    result = measure_results(tmp_path / file, name="api")
    assert float(result["requests"]) == 100
    assert float(result["failures"]) == 0.01
    assert float(result["p50"]) == pytest.approx(60, abs=0.01)  # of 10 to 109 ms, of which 17 failed and is the longest
    assert float(result["duration"]) == pytest.approx((99 * 20 + 109) / 1000, abs=1e-6)
    assert float(result["throughput"]) == pytest.approx(99 / 2.089, abs=1e-3)
    result.require(p90=at_most(120, "ms", by="point"), failures=at_most(0.02))
    with pytest.raises(DeclarationError, match="must not be finer than 1 ms"):
        result.require(p50=at_most(0.5, "ms"))
    with pytest.raises(RequirementNotMet, match=r"inconclusive: api: load.p95 must be at most 500 ms"):
        result.require(p95=at_most(500, "ms"))


def summary(*, is_export: bool) -> str:
    metrics = {
        "http_req_duration": {"avg": 12.0, "min": 1.5, "med": 10.0, "max": 99.0, "p(90)": 20.0, "p(95)": 25.0},
        "http_reqs": {"count": 1800, "rate": 60.0},
        "http_req_failed": {"value": 0.01, "passes": 18, "fails": 1782} if is_export else {"rate": 0.01, "passes": 18},
    }
    kinds = {"http_req_duration": "trend", "http_reqs": "counter", "http_req_failed": "rate"}
    given = {name: {"type": kinds[name], "contains": "default", "values": one} for name, one in metrics.items()}
    return json.dumps({"root_group": {}, "metrics": metrics if is_export else given})


@pytest.mark.parametrize("is_export", [True, False], ids=["--summary-export", "handleSummary"])
def test_k6_says_numbers_without_intervals(is_export: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter
    path = tmp_path / "summary.json"
    path.write_text(summary(is_export=is_export), encoding="utf-8")
    result = measure_results(path, name="api")
    result.require(p50=at_most(10, "ms"), p95=at_most(25, "ms"), failures=at_most(0.01), throughput=at_least(59, "1/s"))
    with pytest.raises(RequirementNotMet, match=r"not run: .*The summary has no p\(99\). Hint: summaryTrendStats"):
        result.require(p99=at_most(100, "ms"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HEADER + "\n", "the results hold no request"),
        (jtl_csv(12), "12 requests are too few to judge a service by"),
        (gatling(3).replace("OK\t ", "KO\tgone"), "all 100 requests failed"),
    ],
)
def test_what_is_no_run_is_never_green(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "results"
    path.write_text(text, encoding="utf-8")
    result = measure_results(path, name="api")
    assert result.details["why"] == why
    assert not any(one <= 1e9 for one in result.measurements)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must be JMeter's JTL"),
        ("some,other,csv\n1,2,3\n", "got 'some,other,csv"),
        (HEADER + "\n1509841690552,soon,x,200", "can't be read as JMeter's CSV: line 2: timeStamp and elapsed must be"),
        ('<?xml version="1.0"?><testResults><httpSample t="1"/>', "can't be read as JMeter's XML: no element found"),
        (
            '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><testResults/>',
            "a document type, which results have none",
        ),
        ("RUN\tS\ts\t1\t \t3\nREQUEST\t\tscore\t1\t2\n", "line 2: a REQUEST must say OK or KO after its times"),
        ('{"metrics": {}}', "can't be read as k6's summary: it must have http_reqs"),
        ('{"metrics": {', "can't be read as JSON: Expecting"),
        ('{"results": {}}', "or NeoLoad's raw data in CSV"),
    ],
)
def test_what_is_no_result_is_named(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "results"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        measure_results(path, name="api")
    assert why in str(caught.value)
    with pytest.raises(DeclarationError, match="must be results of a load run: No such file"):
        measure_results(tmp_path / "none", name="api")
