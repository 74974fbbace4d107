"""What a load generator costs, and how late it is: the open loop beside Locust and, where it is installed, wrk.

python benchmarks/load_generator.py [rounds] [--seconds S] [--into FILE.json] [--page FILE.md]

All ask the same service, one after the other in each round. CPU a request is that of the generator alone, without its
start: of Locust by bare `locust --headless` it is the difference of a long run and a short one, and so is ours on the
same locustfile. With `--into` a run goes on from the rounds that stand there. It wants a calm machine.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))

from load_truth_part import table

from pytest_mlops.adapters.http import Request
from pytest_mlops.stages.load import Load, closed, measure_load, measure_locust, server
from pytest_mlops.stages.load.record import read_records
from pytest_mlops.stages.service import Service, start_service
from pytest_mlops.stats.quantiles import quantile
from tests.broken_services import queue_service

ASK = [Request(method="POST", path="/", body=b"{}")]
RATE, USERS = 200.0, 10
KINDS = ("FastHttpUser", "HttpUser")
AT_RATE = f"FastHttpUser, {RATE:g}/s"
_SHORT_S = 2.0
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


def our_locust(service: Service, folder: Path, locustfile: Path, seconds: float) -> Numbers:
    """Run our runner of Locust, for a long and a short time, as `bare_locust` does."""
    found = []
    first_s = 0.0
    for length in (_SHORT_S, _SHORT_S + seconds):
        cpu, begun_s = cpu_of_children(), time.time()
        asked = Load(scenario=closed(USERS), duration_s=length, warmup_s=0.0, seed=1, workdir=folder)
        facts: Any = measure_locust(service, asked, locustfile, name="it").details["facts"]
        lines = (folder / "load-it/records").read_text(encoding="utf-8").splitlines()
        first_s = facts["begun_s"] + min(float(json.loads(line)[0]) for line in lines) - begun_s
        found.append((cpu_of_children() - cpu, len(lines)))
    return {**_difference(found, seconds), "first_s": first_s}


def bare_locust(service: Service, folder: Path, locustfile: Path, seconds: float) -> Numbers:
    """Run `locust --headless` for a long and a short time."""
    found = []
    for length in (_SHORT_S, _SHORT_S + seconds):
        cpu = cpu_of_children()
        command = [
            sys.executable, "-m", "locust", "--headless", "--only-summary", "-f", str(locustfile), "-u", str(USERS),
            "-r", str(USERS), "-t", f"{length:g}s", "--host", service.url, "--csv", str(folder / "bare"),
        ]  # fmt: skip
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
        with (folder / "bare_stats.csv").open(encoding="utf-8", newline="") as file:
            n = next(int(row["Request Count"]) for row in csv.DictReader(file) if row["Name"] == "Aggregated")
        found.append((cpu_of_children() - cpu, n))
    return _difference(found, seconds)


def _difference(found: list[tuple[float, int]], seconds: float) -> Numbers:
    (short_cpu, short_n), (long_cpu, long_n) = found
    return {"cpu_us": 1e6 * (long_cpu - short_cpu) / (long_n - short_n), "a_second": (long_n - short_n) / seconds}


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
        runs = {
            f"open loop, {RATE:g}/s": lambda it, at: ours(it, at, server(RATE), seconds),
            f"its closed loop, {USERS} users": lambda it, at: ours(it, at, closed(USERS), seconds),
        }
        for kind, file in files.items():
            runs[f"{kind}, our runner"] = lambda it, at, file=file: our_locust(it, at, file, seconds)
            runs[f"{kind}, locust --headless"] = lambda it, at, file=file: bare_locust(it, at, file, seconds)
        if shutil.which("wrk"):
            runs["wrk"] = lambda it, at: wrk(it, at, seconds)
        found = {}
        for number, (name, run) in enumerate(runs.items()):
            at = folder / str(number)
            command = [sys.executable, queue_service.__file__, "--port", "{port}"]
            with start_service(command, name="it", workdir=at) as service:
                found[name] = run(service, at)
            print(name, {key: round(value, 4) for key, value in found[name].items()}, flush=True)
        return found


def page(rounds: list[dict[str, Numbers]]) -> str:
    """Return the page: the median of the rounds."""
    names = [*rounds[0]]
    middle = {
        name: {key: statistics.median(one[name][key] for one in rounds if name in one) for key in rounds[0][name]}
        for name in names
    }
    least = middle[names[0]]["cpu_us"]
    keys = ("first_s", "late_p50_ms", "late_p99_ms")
    rows = [
        [name, f"{said['cpu_us']:.0f}", f"{said['cpu_us'] / least:.1f}", f"{said['a_second']:,.0f}",
         *(f"{said[key]:.2f}" if key in said else "-" for key in keys)]
        for name, said in middle.items()
    ]  # fmt: skip
    heads = [f"median of {len(rounds)}", "CPU µs a request", "of the open loop's", "requests a second",
             "first request after, s", "late p50, ms", "late p99, ms"]  # fmt: skip
    over = [
        f"- {kind}: our runner costs {middle[f'{kind}, our runner']['cpu_us'] / bare['cpu_us'] - 1:+.1%} CPU a request "
        f"over bare `locust --headless`."
        for kind in KINDS
        if (bare := middle.get(f"{kind}, locust --headless"))
    ]
    return "\n".join([_HEAD, table(heads, rows), "", *over]) + "\n"


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
