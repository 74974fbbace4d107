"""Drift on a real Spark, in its own engine: the verdicts of the same rows on pandas; the rows stay there."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from pytest_mlops.stages.drift import measure_drift, no_drift, reference_of, reference_text
from tests.spark.session import frame_of, spark_session
from tests.stages.test_drift import NEW, OLD

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from pytest_mlops.core.result import Result

pytest.importorskip("pyspark", reason="the environment spark has it")
pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # the sockets of the session, while it lives
]
FLIGHTS = Path(__file__).parents[2] / "fixtures/flights"


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    session = spark_session()
    yield session
    session.stop()


def there(spark: Any, rows: pd.DataFrame, partitions: int = 5) -> Any:
    """Return rows on Spark, in several partitions."""
    return frame_of(spark, pa.Table.from_pandas(rows, preserve_index=False)).repartition(partitions)


def told(result: Result) -> list[tuple[str, str, float | None, object]]:
    return [(m.subject, m.name, m.value, m.parameters.get("p_value")) for m in result.measurements]


CURRENT = {
    "unchanged": NEW,
    "shifted": NEW.assign(count=NEW["count"] + 3),
    "a renamed category": NEW.assign(kind=NEW["kind"].replace("b", "B")),
    "nulls": NEW.assign(size=NEW["size"].mask(NEW.index % 5 == 0)),
}


@pytest.mark.parametrize("unit", ["day", None])
@pytest.mark.parametrize("name", CURRENT)
def test_the_verdicts_are_those_of_pandas(spark: Any, name: str, unit: str | None) -> None:
    """By day, and by the days of the column of times where no unit is said."""
    here = measure_drift(CURRENT[name], reference=OLD, name="new", unit=unit)
    on_spark = measure_drift(there(spark, CURRENT[name]), reference=there(spark, OLD, 3), name="new", unit=unit)
    assert told(on_spark) == told(here)
    assert ("fail" in {str(j.verdict) for j in no_drift().judge(on_spark)}) == (name != "unchanged")


def test_blocks_and_random_groups_of_rows(spark: Any) -> None:
    """Rows of Spark have no order of their own: blocks of its partitions, and the verdict that the rows have."""
    rows = [frame.drop(columns=["seen", "day"]) for frame in (OLD, NEW)]
    for unit in (None, "row"):
        result = measure_drift(there(spark, rows[1]), reference=there(spark, rows[0]), name="new", unit=unit)
        result.require(no_drift())


def test_the_reference_is_the_same_file(spark: Any) -> None:
    """Of a real month, read by Spark from Parquet."""
    path = FLIGHTS / "2013-01.parquet"
    here, on_spark = (reference_of(data, unit="day").sketch for data in (path, spark.read.parquet(str(path))))
    assert on_spark.rows.tolist() == here.rows.tolist()
    for name, column in here.columns.items():
        assert on_spark.columns[name].tally.counts.tolist() == column.tally.counts.tolist(), name
        assert on_spark.columns[name].labels == column.labels


def test_no_row_is_collected(spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes back is a row for each partition, or one of numbers: the sample that chooses the bins, and counts."""
    fetched: list[int] = []
    frame = there(spark, OLD, 4)
    for name in ("collect", "toPandas", "toArrow"):
        whole = getattr(type(frame), name)

        def counting(self: Any, *words: Any, _whole: Any = whole) -> Any:
            answer = _whole(self, *words)
            fetched.append(len(answer))
            return answer

        monkeypatch.setattr(type(frame), name, counting)
    reference_text(reference_of(frame, unit="day"))
    assert fetched
    assert max(fetched) <= 4


def test_an_empty_frame_says_so(spark: Any) -> None:
    result = measure_drift(there(spark, NEW).where("day < 0"), reference=OLD, name="new", unit="day")
    assert "nothing to compare: 6,000 rows in the reference, 0 now" in {m.note for m in result.measurements}


def test_a_sketch_is_small_on_the_way() -> None:
    assert len(pickle.dumps(reference_of(OLD, unit="day").sketch)) < 300_000
