"""One window against a history: each red twin turns exactly its measurement red, an ordinary window none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from pytest_mlops import DeclarationError, no_drift, same_within
from pytest_mlops.stages.drift import measure_drift, measure_windows, read_reference, reference_of, reference_text
from pytest_mlops.stages.drift.one_out import statistics_of
from pytest_mlops.stages.drift.windows import ByWindow, windows_of

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlops.core.judge import Judgement

COLUMNS = ["kind", "size"]


def history(weeks: int = 14, rows: int = 120, seed: int = 1) -> pd.DataFrame:
    """Return days that differ a little from each other, and by their weekday a lot."""
    rng = np.random.default_rng(seed)
    days = 7 * weeks
    day = np.repeat(np.arange(days), rows)
    weekend = (day % 7 >= 5).astype(float)
    level = rng.normal(0, 0.1, days)[day]
    share = np.where(rng.random(len(day)) < 0.3 + 0.3 * weekend, "b", "a")
    return pd.DataFrame(
        {
            "seen": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(day, "D")
            + pd.to_timedelta(rng.integers(0, 24, len(day)), "h"),
            "size": rng.normal(level + 1.5 * weekend, 1),
            "kind": share,
        }
    )


ALL = history()
LAST = ALL["seen"] >= pd.Timestamp("2024-04-01")
THEN, MONDAY = ALL[~LAST], ALL[(ALL["seen"] >= pd.Timestamp("2024-04-01")) & (ALL["seen"] < pd.Timestamp("2024-04-02"))]
SATURDAY = ALL[(ALL["seen"] >= pd.Timestamp("2024-04-06")) & (ALL["seen"] < pd.Timestamp("2024-04-07"))]


def judged(current: Any, reference: Any = THEN, **options: Any) -> list[Judgement]:
    asked = {"windows": "day", "match": "weekday", "columns": COLUMNS} | options
    return list(no_drift().judge(measure_windows(current, reference=reference, name="today", seed=5, **asked)))


def red(judgements: list[Judgement]) -> dict[str, str]:
    """Return the verdict of everything that is not a pass, by `column:kind`."""
    return {
        f"{j.measurement.subject.partition('.')[2]}:{j.measurement.short_name}": j.verdict.value
        for j in judgements
        if j.verdict != "pass"
    }


RED = {
    "a shift": (MONDAY.assign(size=MONDAY["size"] + 1), {"size:ks"}),
    "a renamed category": (
        MONDAY.assign(kind=MONDAY["kind"].replace("b", "B")),
        {"kind:total_variation", "kind:new_category_share"},
    ),
    "new nulls": (
        MONDAY.assign(size=MONDAY["size"].mask(np.arange(len(MONDAY)) % 6 == 0)),
        {"size:missing_share_change", ":duplicate_share_change"},  # of two kinds alone, rows are soon alike
    ),
    "a Saturday's rows on a Monday": (
        SATURDAY.assign(seen=SATURDAY["seen"] - pd.Timedelta(days=5)),
        {"size:ks", "kind:total_variation"},
    ),
}


@pytest.mark.parametrize("name", RED)
def test_red_twins(name: str) -> None:
    current, expected = RED[name]
    found = red(judged(current))
    assert set(found) == expected
    assert set(found.values()) == {"fail"}


@pytest.mark.parametrize("name", ["Monday", "Saturday"])
def test_an_ordinary_day_is_quiet_among_those_of_its_weekday(name: str) -> None:
    """Red twin: without windows the same day is told from the pooled history."""
    current = {"Monday": MONDAY, "Saturday": SATURDAY}[name]
    assert red(judged(current)) == {}
    pooled = measure_drift(current, reference=THEN, name="today", unit="row", columns=COLUMNS, seed=5)
    assert "size:ks" in red(list(no_drift().judge(pooled)))


def test_a_reason_says_what_windows_do_by_themselves() -> None:
    reasons = {j.measurement.name: j.reason for j in judged(MONDAY) if j.measurement.subject == "today.size"}
    assert reasons["drift.ks"].startswith("13 Mondays of seen are up to 0.")
    assert "would have been seen" in reasons["drift.ks"]
    failed = [j.reason for j in judged(RED["a shift"][0]) if j.verdict == "fail"]
    assert failed[0].startswith(
        "beyond the material limit, and further out than 13 Mondays of seen are from each other"
    )
    assert "rank among 91 windows of all seasons" in failed[0] or "by Student" in failed[0]


def test_too_few_windows_say_how_many_would_do() -> None:
    short = THEN[THEN["seen"] >= pd.Timestamp("2024-03-01")]
    verdicts = {j.measurement.name: (j.verdict.value, j.reason) for j in judged(MONDAY, short)}
    assert verdicts["drift.ks"] == (
        "inconclusive",
        "too few windows to learn a limit from: 4 Mondays of seen, 8 would do",
    )
    none = THEN[THEN["seen"].dt.day_of_week != 0]
    assert red(judged(MONDAY, none)) == {":ks": "not_run"}


def test_windows_that_differ_too_much_are_no_gate() -> None:
    """The level of each day is drawn anew with three times the spread of its rows."""
    rng = np.random.default_rng(1)
    day = np.repeat(np.arange(20), 50)
    wild = pd.DataFrame({"batch": day, "size": rng.normal(rng.normal(0, 3, 20)[day], 1)})
    found = judged(wild[day == 19], wild[day < 19], windows="batch", match=None, columns=["size"])
    ks = next(j for j in found if j.measurement.short_name == "ks")
    assert ks.verdict == "inconclusive"
    assert "19 values of batch differ too much from each other" in ks.reason


def test_a_list_of_data_is_a_history() -> None:
    days = [rows for _, rows in THEN.groupby(THEN["seen"].dt.date)]
    listed = judged(MONDAY, days, windows=None)
    together = judged(MONDAY)
    assert [j.measurement.value for j in listed] == pytest.approx([j.measurement.value for j in together], abs=0.02)
    assert {j.verdict for j in listed} == {"pass"}


def test_the_window_itself_is_no_part_of_its_history() -> None:
    own, without = judged(MONDAY, ALL[ALL["seen"] < pd.Timestamp("2024-04-02")]), judged(MONDAY)
    assert [j.measurement.parameters.get("windows") for j in own] == [
        j.measurement.parameters.get("windows") for j in without
    ]


def test_units_within_the_window_give_the_interval() -> None:
    rows = ALL.assign(hour=ALL["seen"].dt.hour)
    current, then = rows.loc[MONDAY.index], rows.loc[THEN.index]
    by_hour = judged(current.assign(size=current["size"] + 1), then, unit="hour")
    ks = next(j for j in by_hour if j.measurement.subject == "today.size")
    assert ks.verdict == "fail"
    assert ks.measurement.parameters["unit"] == "24 values of hour"
    assert ks.measurement.interval is not None
    assert ks.measurement.interval.low > 0.1


def test_an_equivalence_gate_judges_the_interval_of_a_window() -> None:
    result = measure_windows(MONDAY, reference=THEN, name="today", windows="day", match="weekday", columns=COLUMNS)
    verdicts = {j.measurement.name: j.verdict.value for j in same_within(0.5).judge(result)}
    assert verdicts["drift.ks"] == "pass"
    assert {j.verdict.value for j in same_within(0.01).judge(result) if j.measurement.name == "drift.ks"} == {
        "inconclusive"
    }


@pytest.mark.parametrize("engine", ["polars", "pyarrow", "parquet"])
def test_other_engines_give_the_same(engine: str, tmp_path: Path) -> None:
    def there(rows: pd.DataFrame, name: str) -> Any:
        frame = nw.from_native(rows.reset_index(drop=True), eager_only=True)
        if engine == "parquet":
            frame.write_parquet(tmp_path / f"{name}.parquet")
            return tmp_path / f"{name}.parquet"
        return frame.to_polars() if engine == "polars" else frame.to_arrow()

    elsewhere, here = judged(there(MONDAY, "now"), there(THEN, "then")), judged(MONDAY)
    assert [float(j.measurement) for j in elsewhere] == pytest.approx([float(j.measurement) for j in here], abs=1e-12)
    assert [j.measurement.parameters.get("p_value") for j in elsewhere] == [
        j.measurement.parameters.get("p_value") for j in here
    ]


def test_a_sketch_by_days_is_cut_into_windows(tmp_path: Path) -> None:
    """Without unit= its units are days, which say when they were; digests of a unit's values do not."""
    path = tmp_path / "kept.json"
    path.write_text(reference_text(reference_of(THEN, columns=COLUMNS)), encoding="utf-8")
    kept, here = judged(MONDAY, read_reference(path)), judged(MONDAY)
    values = [{(m.subject, m.name): float(m) for m in (j.measurement for j in side)} for side in (kept, here)]
    # A file does not tell which rows of a window repeat each other.
    assert {name for _, name in values[1].keys() - values[0].keys()} == {"drift.duplicate_share_change"}
    assert values[0] == pytest.approx({key: values[1][key] for key in values[0]}, abs=1e-12)
    by_kind = reference_of(THEN, columns=["size"], unit="kind")
    with pytest.raises(
        DeclarationError, match=r"a sketch of 2 values of kind can't be cut into windows='day'.*Hint: wit"
    ):
        judged(MONDAY, by_kind, columns=["size"])


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no column": (
        {"windows": "dya"},
        "windows must be hour, day, week, month, '7D' or a column, got 'dya'. Did you mean 'd",
    ),
    "no season": ({"match": "weekdays"}, "match must be weekday, month, hour, got 'weekdays'. Did you mean 'weekday'"),
    "too long": ({"windows": "week"}, "match='weekday' needs windows that lie in one, not weeks"),
    "no time": ({"time": "sene"}, "windows='day': there is no column 'sene'. Did you mean 'seen'"),
    "no times": ({"time": "size"}, "windows='day': time must name a column of times, 'size' is of Float64"),
    "values": ({"windows": "kind"}, "match='weekday' needs windows of time, not the values of 'kind'"),
    "rows": ({"measures": ["domain_auc"]}, "domain_auc needs rows, and windows are compared by their counts"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named(name: str) -> None:
    options, message = MISTAKES[name]
    with pytest.raises(DeclarationError) as raised:
        judged(MONDAY, **options)
    assert message in str(raised.value)


def test_several_windows_are_no_window() -> None:
    two = ALL[ALL["seen"] >= pd.Timestamp("2024-04-06")]
    with pytest.raises(
        DeclarationError, match=r"the data must be one window, got 2 days of seen\. Hint: mlops_timeline"
    ):
        judged(two)


def test_weeks_begin_on_mondays() -> None:
    """1 January 2024 was one; the reference was made with pandas."""
    days = pd.DataFrame({"seen": pd.date_range("2023-12-25", "2024-02-05", freq="6h")})
    cut = windows_of("week", None, [days])
    assert isinstance(cut, ByWindow)
    keys, codes = cut.of(nw.from_native(days, eager_only=True))
    starts = days["seen"].dt.to_period("W-SUN").dt.start_time
    assert [cut.label(keys[code]) for code in codes] == [str(start.date()) for start in starts]


@pytest.mark.parametrize(("match", "form"), [("weekday", "%A"), ("month", "%B"), ("hour", "%H:00")])
def test_seasons_are_those_of_the_calendar(match: str, form: str) -> None:
    hours = pd.date_range("1969-11-03", "1971-03-07", freq="7h")
    cut = ByWindow("seen", 1, "h")
    keys = cut.at(hours.to_numpy().astype("datetime64[s]"))
    assert [cut.season(int(key), match) for key in keys] == [*hours.strftime(form)]


def test_what_one_window_alone_has_is_looked_for_in_columns_of_many_values_too() -> None:
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"batch": np.repeat(np.arange(12), 300), "x": rng.normal(size=3600)})
    rows.loc[rows["batch"] == 5, "x"] += np.where(np.arange(300) < 9, 50, 0)
    owners, statistics = statistics_of(reference_of(rows, unit="batch").sketch, ())
    of_outside = statistics[[owner == ("x", "outside_share") for owner in owners]]
    assert len(of_outside) == 2
    assert np.sort(of_outside[-1])[-2:].tolist() == pytest.approx([0.0, 8**0.5])  # most of the nine rows


@pytest.mark.parametrize("rows", [1, 30, 79])
def test_a_part_of_a_window_is_no_window(rows: int) -> None:
    """Fewer rows are further from whole windows by chance alone."""
    for judgement in judged(MONDAY[:rows]):
        if judgement.measurement.interval is not None:
            assert judgement.verdict == "inconclusive"
            assert f"{rows} rows are no whole window: 13 Mondays of seen have 120 (median)" in judgement.reason
    assert not red(judged(MONDAY[:81]))


def test_smaller_windows_alarm_no_more_than_they_should() -> None:
    """Days of 200 rows and one of 140: seven of ten rows are a window."""
    alarms = 0
    for seed in range(25):
        rng = np.random.default_rng([seed, 4])
        days = np.append(np.repeat(np.arange(40), 200), np.full(140, 40))
        frame = pd.DataFrame({"seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(days, "D")})
        frame = frame.assign(x=rng.exponential(size=len(days)), kind=rng.choice(list("abc"), len(days)))
        result = measure_windows(frame[days == 40], reference=frame[days < 40], name="today", windows="day", seed=seed)
        alarms += min(float(m.parameters.get("p_value", 1)) for m in result.measurements) <= 0.05  # type: ignore[arg-type]
    assert alarms <= 5


@pytest.mark.parametrize(
    ("today", "cause"),
    [
        (MONDAY.assign(size=MONDAY["size"] * 1000), "likely a change of unit: multiplied by 1,0"),
        (MONDAY.assign(kind=MONDAY["kind"].replace("b", "z")), "likely renamed: 'b' is now 'z'"),
        (MONDAY.assign(size=MONDAY["size"] + 2), "likely shifted"),
    ],
    ids=["another unit", "a renamed category", "a shift"],
)
def test_why_a_window_moved_is_said(today: Any, cause: str) -> None:
    notes = [j.measurement.note for j in judged(today, public=["kind"]) if j.verdict == "fail"]
    told = [note for note in notes if "before " in note]
    assert len(told) == 1
    assert cause in told[0]
    assert all("told beside drift." in note for note in notes if note not in told)
