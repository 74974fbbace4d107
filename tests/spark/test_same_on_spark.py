"""The same suites and verdicts on a real Spark, through its own engine; the rows stay there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pytest_mlops.adapters.great_expectations import run_suite
from pytest_mlops.stages.data import expectations, measure_entries, measure_suite, read_suite
from tests.parity.drawn import EXPECTATIONS, entries, tables
from tests.parity.table import PAGE, page
from tests.spark.session import frame_of, spark_session

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("pyspark", reason="the environment spark has it")
pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # the sockets of the session, while it lives
]
FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    session = spark_session()
    yield session
    session.stop()


def test_the_suite_of_the_flights_has_the_same_counts(spark: Any) -> None:
    """The committed suite, on a file and on Spark."""
    path, suite = FIXTURES / "flights/2013-01.parquet", read_suite(FIXTURES / "expectations/flights.json")
    frame = spark.read.parquet(str(path))
    here, there = measure_entries(path, suite.entries), measure_entries(frame, suite.entries)
    assert [(o.success, o.unexpected, o.missing, o.seen) for o in there] == [
        (o.success, o.unexpected, o.missing, o.seen) for o in here
    ]
    measure_suite(frame, suite, name="january").require(expectations())


def test_no_row_is_collected(spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes back from Spark is a row of counts for each round, also for functions of Python."""
    fetched: list[int] = []
    frame = spark.createDataFrame([(str(number), number) for number in range(5000)], schema="text string, number long")
    kind = type(frame)
    for name in ("collect", "toPandas", "toArrow"):
        whole = getattr(kind, name)

        def counting(self: Any, *words: Any, _whole: Any = whole) -> Any:
            answer = _whole(self, *words)
            fetched.append(len(answer))
            return answer

        monkeypatch.setattr(kind, name, counting)
    rules: list[dict[str, Any]] = [
        {"type": "expect_column_values_to_be_json_parseable", "kwargs": {"column": "text"}},
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "text", "regex": r"^\d+$"}},
        {"type": "expect_column_values_to_match_strftime_format",
         "kwargs": {"column": "text", "strftime_format": "%j"}},
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "number"}},
        {"type": "expect_column_quantile_values_to_be_between",
         "kwargs": {"column": "number", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[2499, 2500]]}}},
    ]  # fmt: skip
    outcomes = measure_entries(frame, rules)
    assert [outcome.success for outcome in outcomes] == [True, True, False, True, True]
    assert outcomes[2].unexpected == 5000 - 366
    assert max(fetched) == 1


def test_drawn_tables_have_the_same_verdicts(spark: Any) -> None:
    """Every type of expectation at once, so that one round of Spark answers them."""
    kinds = [kind for kind in EXPECTATIONS if not kind.endswith(("_increasing", "_decreasing"))]

    @settings(max_examples=4, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(tables(), st.tuples(*map(entries, kinds)))
    def compare(table: Any, drawn: tuple[dict[str, Any], ...]) -> None:
        theirs = run_suite(table.to_pandas(), {"expectations": drawn})
        ours = measure_entries(frame_of(spark, table), drawn)
        for entry, their, our in zip(drawn, theirs, ours, strict=True):
            if "Invalid result values" in their.error:
                continue
            seen = (json.dumps(entry, default=str), table.to_pydict(), their, our)
            assert bool(our.error) == bool(their.error), seen
            if not their.error:
                assert our.success == their.success, seen
                assert their.unexpected is None or our.unexpected == their.unexpected, seen

    compare()


def test_without_an_order_rows_do_not_increase(spark: Any) -> None:
    frame = spark.createDataFrame([(1,), (2,)], schema="a long")
    rule = {"type": "expect_column_values_to_be_increasing", "kwargs": {"column": "a"}}
    (outcome,) = measure_entries(frame, [rule])
    assert "the rows of pyspark have no order" in outcome.error


def test_the_page_of_parity_is_what_the_engines_do(spark: Any) -> None:
    from tests.parity.frames import ENGINES

    engines = {**ENGINES, "Spark": lambda table, _: frame_of(spark, table)}
    assert PAGE.read_text(encoding="utf-8") == page(engines), "run: python -m tests.parity.table"


def test_parquet_written_by_arrow_reads_the_same(spark: Any, tmp_path: Path) -> None:
    """Times have a zone when they come back from Spark; their kind is that of the column."""
    table = pq.read_table(FIXTURES / "flights/2013-01.parquet")
    pq.write_table(table.slice(0, 100), tmp_path / "some.parquet")
    rule = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 100}}
    assert measure_entries(spark.read.parquet(str(tmp_path / "some.parquet")), [rule])[0].success
