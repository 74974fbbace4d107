"""Some of the User classes of a locustfile: only those run, in one process and in several, and unknown ones in none."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import DeclarationError, RequirementNotMet
from pytest_mlops.core.limit import at_most
from pytest_mlops.stages.load import Load, Team, closed, measure_locust
from pytest_mlops.stages.service import Service, start_service
from tests.broken_services import model_service
from tests.broken_services.joining import Joiner

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_mlops.core.result import Result

FILE = Path(model_service.__file__).parent / "locustfiles/two_kinds.py"


@pytest.fixture(scope="module")
def delay_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    command = [sys.executable, model_service.__file__, "--port", "{port}"]
    with start_service(command, name="delay_api", workdir=tmp_path_factory.mktemp("service")) as service:
        yield service


def run(
    service: Service | str,
    workdir: Path,
    user_classes: Sequence[str],
    *,
    team: Team | None = None,
    joiner: Joiner | None = None,
) -> Result:
    load = Load(
        scenario=closed(4), duration_s=1.0, warmup_s=0.2, seed=1, workdir=workdir, tell=joiner or Joiner(changes=())
    )  # fmt: skip
    return measure_locust(service, load, FILE, name="delay_api", user_classes=user_classes, team=team)


def names_in(workdir: Path) -> set[str]:
    """Return what the requests that were written down are called."""
    lines = (workdir / "load-delay_api/records").read_text(encoding="utf-8").splitlines()
    return {json.loads(line)[3] for line in lines}


def names_counted(workdir: Path) -> set[str]:
    """Return what the requests that workers elsewhere counted are called."""
    rows = json.loads((workdir / "load-delay_api/histograms.json").read_text(encoding="utf-8"))
    return {word for row in rows for word in row if isinstance(word, str) and word.endswith("ing")}


@pytest.mark.parametrize(
    ("user_classes", "names"),
    [
        ((), {"booking", "watching"}),
        (["Booker"], {"booking"}),
        (["Watcher", "Watcher"], {"watching"}),
        (["Watcher", "Booker"], {"booking", "watching"}),
    ],
)
def test_only_those_run_that_are_named(
    delay_api: Service, tmp_path: Path, user_classes: Sequence[str], names: set[str]
) -> None:
    result = run(delay_api, tmp_path, user_classes)
    result.require(failures=at_most(0))
    assert names_in(tmp_path) == names
    assert result["p95"].parameters.get("user_classes", []) == sorted(set(user_classes))


@pytest.mark.parametrize("team", [Team(), Team(processes=2)], ids=["alone", "distributed"])
def test_an_unknown_name_ends_the_run(delay_api: Service, tmp_path: Path, team: Team) -> None:
    with pytest.raises(
        DeclarationError, match=r"^user_classes must be of Booker, Watcher \(.*two_kinds.py\), got 'Boker'"
    ):
        run(delay_api, tmp_path, ["Watcher", "Boker"], team=team)


def test_processes_take_the_same_users(delay_api: Service, tmp_path: Path) -> None:
    result = run(delay_api, tmp_path, ["Booker"], team=Team(processes=2))
    result.require(failures=at_most(0))
    assert names_in(tmp_path) == {"booking"}


def test_a_worker_elsewhere_joins_by_a_command_that_names_them(
    delay_api: Service, tmp_path: Path, joiner: Joiner
) -> None:
    result = run(delay_api, tmp_path, ["Watcher"], team=Team(expect_workers=1), joiner=joiner)
    ((code, said),) = joiner.ended()
    assert result.details["proved"] is True, result.details["why"]
    assert "two_kinds.py --user-class Watcher" in joiner.told[0]
    assert (code, json.loads(said)["requests"] > 0) == (0, True)
    assert names_counted(tmp_path) == {"watching"}


def test_all_of_several_names_are_in_the_command(delay_api: Service, tmp_path: Path, joiner: Joiner) -> None:
    result = run(delay_api, tmp_path, ["Watcher", "Booker"], team=Team(expect_workers=1), joiner=joiner)
    assert joiner.ended()[0][0] == 0
    assert result.details["proved"] is True, result.details["why"]
    assert "two_kinds.py --user-class Booker --user-class Watcher" in joiner.told[0]
    assert names_counted(tmp_path) == {"booking", "watching"}


def without_names(words: list[str]) -> list[str]:
    at = words.index("--user-class")
    return [*words[:at], *words[at + 2 :]]


def test_a_worker_with_other_users_of_the_same_file_proves_nothing(delay_api: Service, tmp_path: Path) -> None:
    joiner = Joiner(changes=[without_names])
    try:
        result = run(delay_api, tmp_path, ["Watcher"], team=Team(expect_workers=1), joiner=joiner)
    finally:
        joiner.kill()
    why = "1 of 1 workers had another locustfile, or other users of it"
    assert result.details["why"] == why
    with pytest.raises(RequirementNotMet, match=f"not run: .*The load run proves nothing: {why}"):
        result.require(failures=at_most(1))


@pytest.mark.parametrize("user_classes", ["Booker", [model_service]])
def test_what_is_no_list_of_names_is_refused(tmp_path: Path, user_classes: Any) -> None:
    with pytest.raises(DeclarationError, match=r'user_classes must be names, as \["Traveller"\], got '):
        run("http://127.0.0.1:9", tmp_path, user_classes)
