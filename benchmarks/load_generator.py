"""What a load generator costs, and how late it is: the open loop beside Locust and, where it is installed, wrk.

python benchmarks/load_generator.py [rounds] [--seconds S] [--into FILE.json] [--page FILE.md]

All ask the same service, one after the other in each round, in an order that changes. CPU a request is that of the
generator alone, without its start: of Locust, bare and by our runner, it is what its processes used between two looks
at them, by the requests a second of the run. `bare loop` is what any generator pays at that rate in Python: it sleeps,
sends, waits and receives, and does nothing else. With `--into` a run goes on from the rounds that stand there. It wants
a calm machine.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil

sys.path.append(str(Path(__file__).parents[1]))

from load_truth_part import table

from pytest_mlops.adapters.http import Request
from pytest_mlops.stages.load import Load, closed, measure_load, measure_locust, server
from pytest_mlops.stages.load.record import read_records
from pytest_mlops.stages.service import Service, start_service
from pytest_mlops.stats.quantiles import quantile
from tests.broken_services import queue_service

if TYPE_CHECKING:
    from collections.abc import Callable

ASK = [Request(method="POST", path="/", body=b"{}")]
RATE, USERS = 200.0, 10
KINDS = ("FastHttpUser", "HttpUser")
AT_RATE = f"FastHttpUser, {RATE:g}/s"
_SETTLE_S = 3.0
_LOCUSTFILE = """
from locust import {kind}, constant, constant_throughput, task


class It({kind}):
    wait_time = {wait}

    @task
    def ask(self):
        self.client.post("/", data=b"{{}}", headers={{"Content-Type": "application/json"}})
"""
Numbers = dict[str, float]


def cpu_of_children() -> float:
    """Return the CPU seconds of the processes that ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(service: Service, folder: Path, scenario: Any, seconds: float) -> Numbers:
    """Run the open-loop generator."""
    begun_s = time.time()
    asked = Load(scenario=scenario, duration_s=seconds, warmup_s=0.5, seed=1, workdir=folder)
    facts: Any = measure_load(service, asked, ASK, name="it").details["facts"]
    record = read_records(folder / "load-it/records", facts)
    late = record.measured().lateness_ms
    return {
        "cpu_us": 1e6 * facts["cpu_s"] / len(record), "late_p50_ms": quantile(late, 0.5),
        "late_p99_ms": quantile(late, 0.99), "first_s": facts["begun_s"] + float(record.sent_s[0]) - begun_s,
        "a_second": len(record.measured()) / seconds,
    }  # fmt: skip


def bare_loop(service: Service, seconds: float) -> Numbers:
    """Send a request when it is due and wait for its answer: nothing that could be left out."""
    message = b"POST / HTTP/1.1\r\nHost: it\r\nContent-Length: 2\r\n\r\n{}"
    count = int(RATE * seconds)
    with socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2])), timeout=5) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)  # noqa: FBT003 - the library's own signature
        begun, cpu = time.perf_counter(), time.process_time()
        for number in range(count):
            select.select((), (), (), max(begun + number / RATE - time.perf_counter(), 0.0))
            sock.send(message)
            select.select((sock,), (), (), 5.0)
            sock.recv(1 << 16)
        return {"cpu_us": 1e6 * (time.process_time() - cpu) / count, "a_second": RATE}


def our_locust(service: Service, folder: Path, locustfile: Path, seconds: float) -> Numbers:
    """Run our runner of Locust."""
    length, begun_s = _SETTLE_S + seconds + 1.0, time.time()
    with CpuOfChildren(seconds) as cpu:
        asked = Load(scenario=closed(USERS), duration_s=length, warmup_s=0.0, seed=1, workdir=folder)
        facts: Any = measure_locust(service, asked, locustfile, name="it").details["facts"]
    lines = (folder / "load-it/records").read_text(encoding="utf-8").splitlines()
    first_s = facts["begun_s"] + min(float(json.loads(line)[0]) for line in lines) - begun_s
    rate = len(lines) / length
    return {"cpu_us": 1e6 * cpu.a_second / rate, "a_second": rate, "first_s": first_s}


def bare_locust(service: Service, folder: Path, locustfile: Path, seconds: float) -> Numbers:
    """Run `locust --headless`."""
    length = _SETTLE_S + seconds + 1.0
    command = [
        sys.executable, "-m", "locust", "--headless", "--only-summary", "-f", str(locustfile), "-u", str(USERS),
        "-r", str(USERS), "-t", f"{length:g}s", "--host", service.url, "--csv", str(folder / "bare"),
    ]  # fmt: skip
    with CpuOfChildren(seconds) as cpu:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    with (folder / "bare_stats.csv").open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
    rate = float(row["Requests/s"])
    return {"cpu_us": 1e6 * cpu.a_second / rate, "a_second": rate}


class CpuOfChildren:
    """CPU seconds a second of the processes that start in a block, over a time after they have settled."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.a_second = seconds, 0.0
        self.others = {child.pid for child in psutil.Process().children(recursive=True)}
        self.thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join()

    def _look(self) -> None:
        time.sleep(_SETTLE_S)
        begun, before = time.perf_counter(), self._used()
        time.sleep(self.seconds)
        self.a_second = (self._used() - before) / (time.perf_counter() - begun)

    def _used(self) -> float:
        new = [child for child in psutil.Process().children(recursive=True) if child.pid not in self.others]
        return sum(sum(child.cpu_times()[:2]) for child in new)


def wrk(service: Service, folder: Path, seconds: float) -> Numbers:
    """Run wrk with one thread."""
    script = folder / "post.lua"
    script.write_text('wrk.method = "POST"\nwrk.body = "{}"\n', encoding="utf-8")
    cpu = cpu_of_children()
    command = ["wrk", "-t1", f"-c{USERS}", f"-d{seconds:g}s", "-s", str(script), service.url]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    n = next(int(line.split()[0]) for line in said.splitlines() if "requests in" in line)
    return {"cpu_us": 1e6 * (cpu_of_children() - cpu) / n, "a_second": n / seconds}


def one_round(seconds: float) -> dict[str, Numbers]:
    """Run all of them once, each on a service of its own."""
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        files = {kind: folder / f"{kind}.py" for kind in KINDS}
        files[AT_RATE] = folder / "at_rate.py"
        for kind, file in files.items():
            wait = f"constant_throughput({RATE / USERS:g})" if kind == AT_RATE else "constant(0)"
            file.write_text(_LOCUSTFILE.format(kind=kind.partition(",")[0], wait=wait), encoding="utf-8")
        runs: dict[str, Callable[[Service, Path], Numbers]] = {
            f"bare loop, {RATE:g}/s": lambda it, _: bare_loop(it, seconds),
            f"open loop, {RATE:g}/s": lambda it, at: ours(it, at, server(RATE), seconds),
            f"its closed loop, {USERS} users": lambda it, at: ours(it, at, closed(USERS), seconds),
        }
        for kind, file in files.items():
            runs[f"{kind}, our runner"] = lambda it, at, file=file: our_locust(it, at, file, seconds)
            runs[f"{kind}, locust --headless"] = lambda it, at, file=file: bare_locust(it, at, file, seconds)
        if shutil.which("wrk"):
            runs["wrk"] = lambda it, at: wrk(it, at, seconds)
        found = {}
        names = [*runs]
        random.shuffle(names)
        for number, name in enumerate(names):
            at = folder / str(number)
            command = [sys.executable, queue_service.__file__, "--port", "{port}"]
            with start_service(command, name="it", workdir=at) as service:
                found[name] = runs[name](service, at)
            print(name, {key: round(value, 4) for key, value in found[name].items()}, flush=True)
        return {name: found[name] for name in runs}


def page(rounds: list[dict[str, Numbers]]) -> str:
    """Return the page: the median of the rounds."""
    names = [*rounds[0]]
    middle = {
        name: {key: statistics.median(one[name][key] for one in rounds if name in one) for key in rounds[0][name]}
        for name in names
    }
    least = middle[names[1]]["cpu_us"]
    keys = ("first_s", "late_p50_ms", "late_p99_ms")
    rows = [
        [name, f"{said['cpu_us']:.0f}", f"{said['cpu_us'] / least:.1f}", f"{said['a_second']:,.0f}",
         *(f"{said[key]:.2f}" if key in said else "-" for key in keys)]
        for name, said in middle.items()
    ]  # fmt: skip
    heads = [f"median of {len(rounds)}", "CPU µs a request", "of the open loop's", "requests a second",
             "first request after, s", "late p50, ms", "late p99, ms"]  # fmt: skip
    over = [_over(rounds, kind) for kind in (*KINDS, AT_RATE)]
    return "\n".join([_HEAD, table(heads, rows), "", *over]) + "\n"


def _over(rounds: list[dict[str, Numbers]], kind: str) -> str:
    """Say how much more our runner costs than Locust alone, round by round: what the machine does hits both alike."""
    pairs = [(one[f"{kind}, our runner"]["cpu_us"], one[f"{kind}, locust --headless"]["cpu_us"]) for one in rounds]
    more = [ours / bare - 1 for ours, bare in pairs]
    return (
        f"- {kind}: our runner costs {statistics.median(more):+.0%} CPU a request over bare `locust --headless` "
        f"({', '.join(f'{one:+.0%}' for one in sorted(more))})."
    )


_HEAD = """# What a load generator costs

`benchmarks/load_generator.py` says what is measured; `--into docs/benchmarks/load_generator.json` goes on from the
rounds there. The service answers at once, on the same machine. **first request after**: from the order to start.
"""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="what a load generator costs")
    parser.add_argument("rounds", nargs="?", type=int, default=5, help="with those that are known")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each run")
    parser.add_argument("--into", type=Path, help="keep the rounds in this file of JSON")
    parser.add_argument("--page", type=Path, help="write the table into this file")
    said = parser.parse_args()
    known = json.loads(said.into.read_text(encoding="utf-8")) if said.into and said.into.exists() else []
    while len(known) < said.rounds:
        known.append(one_round(said.seconds))
        if said.into:
            said.into.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    print(page(known))
    if said.page:
        said.page.write_text(page(known), encoding="utf-8")
