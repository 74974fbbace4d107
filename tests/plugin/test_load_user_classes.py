"""`mlops_load(user_classes=...)`: of a locustfile, and of nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

BROKEN = Path(__file__).parents[1] / "broken_services"
CHECK = f"""
import sys, pytest
from pytest_mlops import at_most

@pytest.fixture
def api(mlops_service):
    return mlops_service([sys.executable, {str(BROKEN / "model_service.py")!r}, "--port", "{{port}}"], name="api")

def test_level(mlops_load, api):
    file = {str(BROKEN / "locustfiles/two_kinds.py")!r}
    mlops_load(api, locustfile=file, user_classes=["Watcher"], users=4, duration="1s").require(failures=at_most(0))
"""


def test_the_check_says_which_users_it_was_of(project: Project) -> None:
    project.write({"checks/test_api.py": CHECK}).run("--mlops").assert_outcomes(passed=1)
    (check,) = project.record()["checks"]
    assert "'user_classes': ['Watcher']" in str(check)


def test_without_a_locustfile_there_are_none(project: Project) -> None:
    text = CHECK.replace("locustfile=file", "rows=[]")
    project.write({"checks/test_api.py": text}).run("--mlops").assert_outcomes(failed=1)
    (check,) = project.record()["checks"]
    assert "user_classes= are of a locustfile. Hint: locustfile=" in str(check)
