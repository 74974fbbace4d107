"""The Markdown report, to the letter."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.digest import digest_bytes
from pytest_mlops.report.markdown import render_markdown
from pytest_mlops.report.record_json import render_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlops.core.record import CheckRecord

GREEN = """\
## mlops ci: pass

1 of 1 checks pass

| stage | checks | verdict | what was measured |
| :-- | --: | :-- | :-- |
| data | 1 | pass | january n = 27,004 |

Not run: features, privacy, model, reproducibility, serving, batch, edge, load, drift, release

### What it is about

| | |
| :-- | :-- |
| commit | <code>c0ffee0000000000000000000000000000000000</code> |
| tree | <code>clean</code> |
| environment | <code>sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb</code> |
| Python | <code>3.11.7</code> |
| data:january | <code>sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</code> |
| run record | <code>DIGEST</code> |

### How to reproduce

<pre>
pytest --mlops
</pre>

seed 7, started 2026-11-23T16:00:00+00:00, 61.2 s
"""

RED = """\
### Gates that are not met

- stages: no evidence for the required stage 'batch'

### Checks that are not green (3)

<details><summary>error: serving: <code>test_contract&#91;no 5xx&#93;</code></summary>

<pre>
call raised ToolError: the service stopped
  error: delay_api: serving.violations must be at most 0, got nan (n = 12). The value is not a number (nan). The service stopped

pytest --mlops -k "test_contract[no and 5xx]"
</pre>

</details>

<details><summary>fail: drift: <code>test_february</code></summary>

<pre>
1 of 2 requirements not met
  fail: february.dep_delay: drift.ks must be at most 0.1
  fail: february.dep_delay: drift.ks must be at most 0.1, got 0.31 (0.99 interval 0.3 to 0.32, n = 24,951, limit at checks/test_drift.py:11); off by 0.21

pytest --mlops -k "test_february"
</pre>

</details>

<details><summary>inconclusive: load: <code>test_service_level</code></summary>

<pre>
n = 1,200 is too few
  inconclusive: delay_api: load.p95 must be at most 50 ms, got 14.2 ms (0.95 interval 12 to 60, n = 1,200, limit at checks/test_load.py:14). The interval crosses the limit; n = 1,965 would decide at this value

pytest --mlops -k "test_service_level"
</pre>

</details>

### Not green, and excused

- warned: <code>test_auc</code>: AssertionError: 0.79 is below 0.8

### What it is about
"""  # noqa: E501 - the lines of a story are as long as it is


def test_green_run(green_record: dict[str, Any]) -> None:
    digest = digest_bytes(render_json(green_record).encode())
    assert render_markdown(green_record) == GREEN.replace("DIGEST", digest)


def test_red_run_tells_the_whole_story(red_record: dict[str, Any]) -> None:
    text = render_markdown(red_record)
    assert text.startswith("## mlops ci: error\n\nstages: no evidence for the required stage 'batch'; test_contract")
    assert RED in text


def test_empty_run_says_that_nothing_ran(empty_record: dict[str, Any]) -> None:
    assert render_markdown(empty_record).startswith("## mlops ci: not run\n\nno lifecycle check gave evidence\n")


def test_hostile_text_does_not_format_link_or_mention(hostile_record: dict[str, Any]) -> None:
    text = render_markdown(hostile_record)
    assert "<script>" not in text
    assert text.count("<pre>") == text.count("</pre>")
    outside = "".join(part.partition("</pre>")[2] for part in ("</pre>" + text).split("<pre>"))
    assert not {"@all", "https://e", "![x]", "`", "\x1b", "\x00", "\u202e"} & {
        word for word in ("@all", "https://e", "![x]", "`", "\x1b", "\x00", "\u202e") if word in outside
    }
    cells = [line for line in text.splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in cells} <= {3, 5}


def test_a_thousand_red_checks_stay_a_comment(build_record: Callable[..., Any], drift_check: CheckRecord) -> None:
    checks = [replace(drift_check, id=f"a.py::test[{i}]", reason="x" * 10_000) for i in range(1000)]
    text = render_markdown(build_record(checks))
    assert len(text) < 65_536
    assert "\n… and 991 more, in report.html and report.json\n" in text


def test_long_lists_of_digests_are_counted(green_record: dict[str, Any]) -> None:
    green_record["provenance"]["subjects"] = {f"data:{i}": "sha256:" + "a" * 64 for i in range(1000)}
    assert "\n… and 950 more digests, in report.json\n" in render_markdown(green_record)


def test_it_is_made_of_plain_json(red_record: dict[str, Any]) -> None:
    assert render_markdown(json.loads(render_json(red_record))) == render_markdown(red_record)
