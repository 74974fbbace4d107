"""Services and child processes: started, waited for, and gone afterwards, whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_mlops.core.errors import DeclarationError, SubprocessError
from pytest_mlops.core.process import run, start
from pytest_mlops.stages.service import Service, start_service
from pytest_mlops.stages.service_endpoint import endpoint

ROOT = Path(__file__).parents[2]
SERVICE = [sys.executable, str(ROOT / "tests/broken_services/model_service.py"), "--port", "{port}"]
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
# Starts a stubborn grandchild in its group, and another that left it for a session of its own.
FAMILY = f"""
import subprocess, sys, time
near = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}])
far = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}], start_new_session=True)
print(near.pid, far.pid, flush=True)
time.sleep(60)
"""


def serve(workdir: Path, *extra: str, **options: object) -> Service:
    return start_service([*SERVICE, *extra], name="delay_api", workdir=workdir, **options)  # type: ignore[arg-type]


def exists(pid: int) -> bool:
    """Say whether a process lives (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def gone(*pids: int, within_s: float = 5.0) -> bool:
    deadline = time.monotonic() + within_s
    while any(map(exists, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(exists, pids))


def family_pids(log: Path) -> list[int]:
    deadline = time.monotonic() + 10
    while len(log.read_text(encoding="utf-8").split()) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    return [int(word) for word in log.read_text(encoding="utf-8").split() if word.isdecimal()]


def test_a_service_is_ready_and_then_gone(tmp_path: Path) -> None:
    said: list[str] = []
    with serve(tmp_path, progress=said.append) as service:
        assert service.alive
        assert service.url == f"http://127.0.0.1:{service.port}"
        assert exists(service.pid)
        assert 0 < service.started_in_s < 30
        assert service.log_path.parent == tmp_path
    service.stop()
    assert not service.alive
    assert gone(service.pid)
    assert [sentence.split(":")[0] for sentence in said] == ["delay_api", "delay_api"]
    assert "ready after" in said[-1]


def test_a_service_that_dies_at_start_shows_its_log(tmp_path: Path) -> None:
    with pytest.raises(SubprocessError, match=r"(?s)got its end with exit code 3 .*no model found"):
        start_service(["sh", "-c", "echo no model found; exit 3", "{port}"], name="delay_api", workdir=tmp_path)


def test_a_service_that_cannot_be_started_says_so(tmp_path: Path) -> None:
    with pytest.raises(SubprocessError, match="could not be started: FileNotFoundError"):
        start_service(["no-such-program", "{port}"], name="delay_api", workdir=tmp_path)


def test_a_service_that_never_gets_ready_is_ended(tmp_path: Path) -> None:
    with pytest.raises(
        SubprocessError, match=r"must answer 2xx at http://127.0.0.1:\d+/health within 1 s, got status 404"
    ):
        serve(tmp_path, ready_path="/health", ready_timeout_s=1.0)
    with pytest.raises(SubprocessError, match=r"within 0.5 s, got ConnectionRefusedError"):
        start_service(["sh", "-c", "echo $$; sleep 60", "{port}"], name="mute", workdir=tmp_path, ready_timeout_s=0.5)
    assert gone(int((tmp_path / "mute.log").read_text(encoding="utf-8")))


def test_a_held_port_is_said_after_three_attempts(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        command = [*SERVICE[:-1], str(held.getsockname()[1]), "--fault", "{port}"]
        with pytest.raises(SubprocessError, match=r"(?s)got its end with exit code 1.*Address already in use"):
            start_service(command, name="delay_api", workdir=tmp_path)


def test_a_port_that_was_taken_meanwhile_is_no_failure(tmp_path: Path) -> None:
    flag = tmp_path / "tried"
    script = f'[ -e {flag} ] || {{ touch {flag}; echo "Address already in use"; exit 1; }}; exec "$@"'
    with start_service(["sh", "-c", script, "sh", *SERVICE], name="delay_api", workdir=tmp_path) as service:
        assert service.alive


def test_a_command_without_a_port_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"must hold \{port\}"):
        start_service(["true"], name="delay_api", workdir=tmp_path)


def test_the_port_may_come_by_the_environment(tmp_path: Path) -> None:
    command = ["sh", "-c", f'exec {sys.executable} {SERVICE[1]} --port "$PORT"']
    with start_service(command, name="delay_api", workdir=tmp_path, env={"PORT": "{port}"}) as service:
        assert service.alive


def test_a_proxy_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serve(tmp_path) as service:
        assert service.alive


@pytest.mark.parametrize("address", ["http://example.org", "http://10.1.2.3:80"])
def test_another_host_must_be_allowed_by_name(address: str) -> None:
    with pytest.raises(DeclarationError, match="must be on loopback or on an allowed host"):
        endpoint(address)
    host = address.split("/")[2].split(":", maxsplit=1)[0]
    assert endpoint(address, allowed_hosts={host}).url == address


def test_stopping_ends_stubborn_grandchildren_too(tmp_path: Path) -> None:
    child = start([sys.executable, "-c", FAMILY], log=tmp_path / "log")
    pids = family_pids(child.log)
    assert len(pids) == 2
    assert all(map(exists, pids))
    child.stop(grace_s=0.2)
    assert not child.alive
    assert gone(child.pid, *pids)


def test_a_time_limit_ends_the_whole_family(tmp_path: Path) -> None:
    with pytest.raises(SubprocessError, match="must end within 1 s, got still running"):
        run([sys.executable, "-c", FAMILY], log=tmp_path / "log", timeout_s=1.0)
    pids = family_pids(tmp_path / "log")
    assert len(pids) == 2
    assert gone(*pids)


def test_a_command_that_ends_leaves_nothing_behind(tmp_path: Path) -> None:
    completed = run(["sh", "-c", "sleep 60 & echo $!; exit 3"], log=tmp_path / "log", timeout_s=10)
    assert completed.returncode == 3
    assert gone(int(completed.log_text))


def test_a_signal_is_told_from_an_exit_code(tmp_path: Path) -> None:
    assert run(["sh", "-c", "kill -9 $$"], log=tmp_path / "log", timeout_s=10).returncode == -signal.SIGKILL


@pytest.mark.parametrize("victim", ["asker", "guard"])
def test_kill_minus_nine_leaves_nothing(tmp_path: Path, victim: str) -> None:
    log = tmp_path / "log"
    asker = (
        "import sys, time; from pathlib import Path; from pytest_mlops.core.process import start\n"
        f"child = start([sys.executable, '-c', {FAMILY!r}], log=Path({str(log)!r}))\n"
        "print(child.pid, child._guard.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", asker], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        command, guard = map(int, process.stdout.readline().split())
        near, far = family_pids(log)
        os.kill(process.pid if victim == "asker" else guard, signal.SIGKILL)
        try:
            # Without its guard the command still ends; its own children then depend on the command.
            assert gone(command, *((near, far, guard) if victim == "asker" else ()))
        finally:
            process.kill()
            for pid in (near, far):
                if exists(pid):
                    os.kill(pid, signal.SIGKILL)
