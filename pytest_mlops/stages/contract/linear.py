"""The law of time: how long a request takes grows with its rows, not with their square."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_mlops.stages.contract.answers import wrong_with_answer
from pytest_mlops.stages.contract.faults import Rows, request
from pytest_mlops.stages.contract.findings import Findings, Violation

if TYPE_CHECKING:
    from pytest_mlops.adapters.http import Exchange
    from pytest_mlops.stages.contract.bench import Bench

TIMES_ROWS, TIMES_TIME = 20, 80  # between what 20 times the rows take in linear (20) and in quadratic time (400)
FLOOR_S = 0.001  # less for the few rows is no time at all
_MOST_ROWS = 1_000
_DIFFERENT_ROWS = 50
_LONG_S = 0.1  # for the few rows: then fewer of them, so that the many rows take some two seconds
_TIMES, _ROUNDS, _WARM_UP = 3, 5, 2


@dataclass
class _Stopwatch:
    """Times requests of so many rows, and keeps the best time of each number: what else the machine does adds only."""

    bench: Bench
    findings: Findings
    rows: Rows
    best: dict[int, Exchange] = field(default_factory=dict)

    def time(self, count: int, *, times: int = _TIMES) -> bool:
        """Send requests of `count` rows; False, and a violation, where one is not answered."""
        rows = list(itertools.islice(itertools.cycle(self.rows), count))
        for _ in range(times):
            exchange = self.bench.send(self.findings, request(self.bench.signature, rows))
            if problem := wrong_with_answer(exchange, self.bench.signature, count):
                self.findings.add(Violation("not_answered", problem, exchange, real=self.findings.real))
                return False
            self.best[count] = min(self.best.get(count, exchange), exchange, key=_elapsed)
        return True

    def beyond_one(self, count: int) -> float:
        """Return the seconds that so many rows take more than one row: what each request costs does not count."""
        return self.best[count].elapsed_s - self.best[1].elapsed_s


def _elapsed(exchange: Exchange) -> float:
    return exchange.elapsed_s


def time_is_linear(bench: Bench) -> Findings:
    """Time few rows and twenty times as many, the best of several; what looks too slow is timed again."""
    findings = Findings(phase="real row" if bench.examples else "drawn row")
    watch = _Stopwatch(bench, findings, bench.some_rows(_DIFFERENT_ROWS))
    most = min(bench.signature.max_rows, _MOST_ROWS)
    few = max(1, most // TIMES_ROWS)
    if not (watch.time(1, times=_WARM_UP + _TIMES) and watch.time(few)):
        return findings
    few = _fewer(watch, few)
    many = min(few * TIMES_ROWS, most)
    if not (watch.time(few) and _timed(watch, few, many)):
        return findings
    if many < few * TIMES_ROWS:
        findings.missing = f"the document lets a request have {many:,} rows, so that many were timed against one row"
    if _too_slow(watch, few, many):
        findings.add(Violation("time", _words(watch, few, many), watch.best[many], real=findings.real))
    return findings


def _fewer(watch: _Stopwatch, few: int) -> int:
    """Return fewer rows where each takes long."""
    took_s = watch.beyond_one(few)
    return few if took_s <= _LONG_S else max(1, int(few * _LONG_S / took_s))


def _timed(watch: _Stopwatch, few: int, many: int) -> bool:
    """Time many rows; as long as they look too slow, all again, up to five times."""
    for _ in range(_ROUNDS):
        if not watch.time(many, times=1):
            return False
        if not _too_slow(watch, few, many):
            return True
        if not (watch.time(1) and watch.time(few)):
            return False
    return True


def _too_slow(watch: _Stopwatch, few: int, many: int) -> bool:
    # One row takes no time beyond its own; then its whole time counts.
    took_s = watch.beyond_one(few) if few > 1 else watch.best[1].elapsed_s
    return watch.beyond_one(many) >= _times_time(few, many) * max(took_s, FLOOR_S)


def _times_time(few: int, many: int) -> float:
    return TIMES_TIME / TIMES_ROWS * many / few


def _words(watch: _Stopwatch, few: int, many: int) -> str:
    one, some, all_of_them = (1000 * watch.best[count].elapsed_s for count in (1, few, many))
    return (
        f"{many // few} times the rows must take less than {_times_time(few, many):.0f} times the time, beyond that of "
        f"one row, got {one:.1f} ms for 1 row, {some:.1f} ms for {few:,}, {all_of_them:,.1f} ms for {many:,}, "
        "the best of several"
    )
