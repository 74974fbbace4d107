"""Each stage's red twin turns exactly its check red, with a message for strangers; its quiet twin turns none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.twins.conftest import Lifecycle

FRAME = """
@pytest.fixture(scope="session")
def {name}(tmp_path_factory):
    import pandas as pd
    frame = pd.read_parquet(ROOT / "fixtures/flights/2013-{month}.parquet")
    {change}
    path = tmp_path_factory.mktemp("twin") / "{name}.parquet"
    frame.to_parquet(path)
    return path
"""
SERVE = """
@pytest.fixture(scope="session")
def delay_api(mlops_service, champion_folder):
    words = [sys.executable, "-m", "tests.twins.broken", "serve", "{twin}"]
    return mlops_service([*words, "--model", str(champion_folder), "--port", "{{port}}"], name="delay_api")
"""


def red(verdicts: dict[str, str]) -> dict[str, str]:
    return {name: verdict for name, verdict in verdicts.items() if verdict != "pass"}


def test_a_wrong_unit_in_a_column(lifecycle: Lifecycle) -> None:
    change = 'frame["distance"] = frame["distance"] * 1.609344'
    verdicts = lifecycle.run("test_data.py", fixtures=FRAME.format(name="january", month="01", change=change))
    of_the_distance = ("values_to_be_between", "mean_to_be_between", "stdev_to_be_between",
                       "quantile_values_to_be_between", "values_to_be_of_type")  # fmt: skip
    assert red(verdicts) == {f"january_is_valid[expect_column_{rule}[distance]]": "fail" for rule in of_the_distance}
    assert "data.observed must be between 850 and 1250, got 16" in lifecycle.output


def test_valid_data_in_another_order(lifecycle: Lifecycle) -> None:
    change = "frame = frame.sample(frac=1, random_state=1)"
    verdicts = lifecycle.run("test_data.py", fixtures=FRAME.format(name="january", month="01", change=change))
    assert len(verdicts) == 48
    assert not red(verdicts)


def test_a_month_with_a_flight_twice(lifecycle: Lifecycle) -> None:
    change = "frame = pd.concat([frame, frame.tail(1)], ignore_index=True)"
    verdicts = lifecycle.run("test_data.py", fixtures=FRAME.format(name="january", month="01", change=change))
    assert red(verdicts) == {
        "january_is_valid[expect_column_values_to_be_unique[flight_id]]": "fail",
        "january_is_valid[expect_compound_columns_to_be_unique[month,day,carrier,flight,sched_dep_time]]": "fail",
        "each_flight_is_in_one_month_once": "fail",
    }
    assert "january.flight_id: data.repeated_keys must be at most 0 rows, got 2" in lifecycle.output


def test_a_month_that_holds_flights_of_the_other(lifecycle: Lifecycle) -> None:
    change = "frame['flight_id'] = frame['flight_id'] - frame['flight_id'].min()"
    verdicts = lifecycle.run("test_data.py", fixtures=FRAME.format(name="february", month="02", change=change))
    assert red(verdicts) == {"each_flight_is_in_one_month_once": "fail"}
    assert "january and february: data.shared_entities must be at most 0 rows, got " in lifecycle.output


def test_a_feature_that_knows_the_outcome(lifecycle: Lifecycle) -> None:
    """The delay at arrival, rounded to a quarter of an hour, came in with another name."""
    leaks = """
@pytest.fixture(scope="session")
def holdout():
    import pandas as pd
    flights = pd.read_parquet(ROOT / "fixtures/flights/holdout.parquet")
    return flights.assign(quality=flights["late"] * 3 + flights["flight_id"] % 3)
"""
    assert red(lifecycle.run("test_data.py", "-k", "gives", fixtures=leaks)) == {
        "no_feature_gives_the_delay_away": "fail"
    }
    assert "holdout.quality: data.told_by_one_feature must be at most 0.95, got 1" in lifecycle.output


BUILD = "from examples.flight_delay.features import build_features"


def built_by(name: str) -> tuple[str, str]:
    return BUILD, f"from tests.twins.broken import {name} as build_features"


def test_a_feature_in_another_unit(lifecycle: Lifecycle) -> None:
    assert red(lifecycle.run("test_features.py", edit=built_by("features_of_the_clock"))) == {
        "features_are_valid[expect_column_values_to_be_between[minute_of_day]]": "fail"
    }


def test_a_feature_that_looks_at_its_neighbours(lifecycle: Lifecycle) -> None:
    assert red(lifecycle.run("test_features.py", edit=built_by("features_of_the_neighbours"))) == {
        "a_flight_has_its_features_from_itself_alone": "fail"
    }
    assert "features.neighbour_dependent must be at most 0 cells, got 30" in lifecycle.output
    assert "ost in distance (30)" in lifecycle.output


def test_features_in_another_order_of_columns(lifecycle: Lifecycle) -> None:
    assert not red(lifecycle.run("test_features.py", edit=built_by("features_in_another_order")))


def test_an_address_in_a_column_of_remarks(lifecycle: Lifecycle) -> None:
    change = "frame['remark'] = ['gate changed'] * (len(frame) - 2) + ['ask anna@example.com'] * 2"
    verdicts = lifecycle.run("test_privacy.py", fixtures=FRAME.format(name="january", month="01", change=change))
    assert red(verdicts) == {"there_is_no_personal_data": "fail"}
    assert "remark: privacy.email must be at most 0, got 2" in lifecycle.output
    assert "anna" not in lifecycle.output


def test_a_column_of_numbers_that_look_like_those_of_cards(lifecycle: Lifecycle) -> None:
    change = "frame['booking'] = [f'{4_000_000_000_000_000 + 7919 * n}' for n in range(len(frame))]"
    verdicts = lifecycle.run("test_privacy.py", fixtures=FRAME.format(name="january", month="01", change=change))
    assert not red(verdicts)


def test_a_shifted_month(lifecycle: Lifecycle) -> None:
    """The clock of one source went to UTC: five hours later."""
    change = 'frame["hour"] = (frame["hour"] + 5) % 24'
    verdicts = lifecycle.run("test_drift.py", fixtures=FRAME.format(name="february", month="02", change=change))
    assert red(verdicts) == {"the_schedule_has_not_drifted[hour]": "fail"}
    assert "the whole interval lies beyond the material limit" in lifecycle.output.lower()


def test_an_equal_resample_of_the_days(lifecycle: Lifecycle) -> None:
    change = (
        "days = pd.Series(sorted(frame['day'].unique())).sample(28, replace=True, random_state=3);"
        " frame = pd.concat([frame[frame['day'] == day].assign(day=n) for n, day in enumerate(days)])"
    )
    verdicts = lifecycle.run("test_drift.py", fixtures=FRAME.format(name="february", month="01", change=change))
    assert len(verdicts) == 7
    assert not red(verdicts)


def test_a_month_with_a_break(lifecycle: Lifecycle) -> None:
    """From the 17th on one source is five hours ahead."""
    change = 'frame.loc[frame["day"] > 16, "hour"] = (frame["hour"] + 5) % 24'
    verdicts = lifecycle.run(
        "test_drift.py", "-k", "break", fixtures=FRAME.format(name="january", month="01", change=change)
    )
    assert verdicts == {"january_has_no_break": "fail"}
    assert "Changed between window 16 and window 17" in lifecycle.output


def test_an_unseeded_training(lifecycle: Lifecycle) -> None:
    edit = ('"examples.flight_delay.train:train", seed=7', '"tests.twins.broken:train", seed=7, twin="unseeded"')
    assert red(lifecycle.run("test_reproducibility.py", edit=edit)) == {"training_reproduces": "fail"}
    assert "fitted_state" in lifecycle.output


def test_float_noise_in_the_predictions(lifecycle: Lifecycle) -> None:
    edit = ('"examples.flight_delay.train:train", seed=7', '"tests.twins.broken:train", seed=7, twin="noise"')
    assert lifecycle.run("test_reproducibility.py", edit=edit) == {"training_reproduces": "pass"}


def test_a_service_that_answers_500_on_a_bad_row(lifecycle: Lifecycle) -> None:
    verdicts = lifecycle.run("test_serving.py", fixtures=SERVE.format(twin="crashes"))
    assert red(verdicts) == {
        "the_contract_is_kept[invalid_requests_are_refused]": "fail",
        "the_contract_is_kept[never_a_server_error]": "fail",
    }
    assert "curl" in lifecycle.output
    assert "RuntimeError: no such column" in lifecycle.output


def test_a_service_with_jitter(lifecycle: Lifecycle) -> None:
    assert not red(lifecycle.run("test_serving.py", fixtures=SERVE.format(twin="jitter")))


def test_a_batch_job_that_prepares_a_column_in_its_own_way(lifecycle: Lifecycle) -> None:
    """Skew between the two paths: the service is right, and so is the batch job by all that it shows alone."""
    batch = 'BATCH_JOB = ["tests.twins.broken", "batch", "celsius"]'
    assert red(lifecycle.run("test_serving.py", "-k", "batch_job or online_equals_offline", fixtures=batch)) == {
        "the_batch_job_answers_the_same": "fail"
    }
    assert "real row 0: .probability: online 0." in lifecycle.output


def test_a_batch_job_with_its_rows_in_another_order_answers_the_same(lifecycle: Lifecycle) -> None:
    batch = 'BATCH_JOB = ["tests.twins.broken", "batch", "another_order"]'
    assert lifecycle.run("test_serving.py", "-k", "batch_job", fixtures=batch) == {
        "the_batch_job_answers_the_same": "pass"
    }


def test_a_slow_service(lifecycle: Lifecycle) -> None:
    """Four threads, 0.2 s a request: 35 requests a second wait for each other."""
    assert lifecycle.run("test_load.py", "-k", "service_level", fixtures=SERVE.format(twin="slow")) == {
        "the_service_level_is_met": "fail"
    }
    assert "load.p95 must be at most 500 ms, got " in lifecycle.output


def test_a_service_with_jitter_under_load(lifecycle: Lifecycle) -> None:
    lifecycle.write(["test_load.py", "load_checks.py"], fixtures=SERVE.format(twin="jitter"))
    verdicts = [check["verdict"] for check in lifecycle.record()["checks"]]
    assert verdicts == ["pass"] * 3


def test_a_batch_job_that_drops_a_row(lifecycle: Lifecycle) -> None:
    edit = ('"examples.flight_delay.batch"', '"tests.twins.broken", "batch", "drops"')
    assert red(lifecycle.run("test_batch.py", edit=edit)) == {"february_is_scored": "fail"}
    assert "batch.missing_rows must be at most 0, got " in lifecycle.output


def test_a_batch_job_that_writes_in_another_order(lifecycle: Lifecycle) -> None:
    edit = ('"examples.flight_delay.batch"', '"tests.twins.broken", "batch", "another_order"')
    assert lifecycle.run("test_batch.py", edit=edit) == {"february_is_scored": "pass"}


def test_a_model_that_learnt_the_wrong_way_round(lifecycle: Lifecycle) -> None:
    flipped = """
@pytest.fixture(scope="session")
def champion(champion_folder):
    from examples.flight_delay.champion import load_champion
    loaded = load_champion(champion_folder)
    return lambda flights: 1 - loaded.predict_proba(flights)
"""
    verdicts = lifecycle.run("test_model.py", fixtures=flipped)
    assert set(red(verdicts)) == set(verdicts)
    assert "champion[origin=EWR]: model.roc_auc must be at least 0.6, got 0.3" in lifecycle.output


def test_a_model_on_rows_in_another_order(lifecycle: Lifecycle) -> None:
    shuffled = """
@pytest.fixture(scope="session")
def holdout():
    import pandas as pd
    return pd.read_parquet(ROOT / "fixtures/flights/holdout.parquet").sample(frac=1, random_state=1)
"""
    assert not red(lifecycle.run("test_model.py", fixtures=shuffled))
