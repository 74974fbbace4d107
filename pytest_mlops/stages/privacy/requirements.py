"""What may be required of a scan: no personal data, k-anonymity, l-diversity, no forbidden feature, retention."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_mlops.adapters.dates import parse_date
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.judge import Judgement, judge
from pytest_mlops.core.limit import Limit
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.source import calling_place
from pytest_mlops.stages.privacy.measure import PrivacyScan
from pytest_mlops.stages.tables import Columns, names_of, seconds_between

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_mlops.core.result import Result
    from pytest_mlops.stages.data.table import Table


def _scan(result: Result) -> PrivacyScan:
    if not isinstance(result, PrivacyScan):
        raise DeclarationError("this requirement is about a scan. Hint: mlops_privacy(data).require(...)")
    return result


@dataclass(frozen=True)
class NoPersonalData:
    """No personal data but what is allowed, by column (or file) and kind."""

    but: Mapping[str, Sequence[str]]
    source: str

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge each find, and the scan as a whole."""
        scan = _scan(result)
        overall, *found = scan.measurements
        refused = [one for one in found if not self._allows(scan, one)]
        counted = Measurement(
            name="privacy.kinds_found", subject=overall.subject, method=overall.method, n=overall.n,
            value=None if overall.value is None else len(refused), note=_listed(refused),
        )  # fmt: skip
        yield judge(counted, Limit(high=0, by="point", source=self.source))
        for one in refused:
            yield judge(one, Limit(high=0, by="point", source=self.source))

    def _allows(self, scan: PrivacyScan, one: Measurement) -> bool:
        place, kind = one.subject.removeprefix(f"{scan.subject}."), one.name.removeprefix("privacy.")
        return any(kind == allowed or kind.partition("[")[0] == allowed for allowed in self.but.get(place, ()))


def _listed(found: Sequence[Measurement]) -> str:
    names = [f"{one.subject}: {one.name.removeprefix('privacy.')}" for one in found[:5]]
    return f"found {', '.join(names)}{' …' if len(found) > len(names) else ''}" if names else ""


def no_personal_data(*, but: Mapping[str, Sequence[str]] | None = None) -> NoPersonalData:
    """Require that nothing found is personal data; `but={"mail": ["email"]}` allows a kind in a column, or a file."""
    return NoPersonalData(dict(but or {}), calling_place())


@dataclass(frozen=True)
class Grouped:
    """The smallest group of rows (or of different sensitive values) that share their quasi-identifiers."""

    columns: tuple[str, ...]
    least: int
    sensitive: str = ""
    source: str = field(default_factory=calling_place)

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge the size of the smallest group."""
        scan = _scan(result)
        size, groups, small = _smallest(scan.data, self.columns, self.sensitive, self.least)
        what = "different values" if self.sensitive else "rows"
        measured = Measurement(
            name="privacy.l_diversity" if self.sensitive else "privacy.k_anonymity",
            subject=f"{scan.subject}.{','.join(self.columns)}",
            value=size,
            unit=what,
            n=groups,
            method=f"smallest of {groups:,} groups",
            note=f"{small:,} groups are smaller" if small else "",
        )
        yield judge(measured, Limit(low=self.least, unit=what, by="point", source=self.source))


def k_anonymous(k: int, *, by: Columns) -> Grouped:
    """Require that each combination of quasi-identifiers is shared by at least k rows.

    Samarati and Sweeney, "Protecting privacy when disclosing information", SRI-CSL-98-04, 1998.
    """
    return Grouped(names_of(by), k, source=calling_place())


def l_diverse(l_: int, *, by: Columns, sensitive: str) -> Grouped:
    """Require at least l different sensitive values of each combination of quasi-identifiers (distinct l-diversity).

    Machanavajjhala et al., "l-diversity: privacy beyond k-anonymity", ACM TKDD 1(1), 2007.
    """
    return Grouped(names_of(by), l_, sensitive, source=calling_place())


def _smallest(table: Table, columns: Sequence[str], sensitive: str, least: int) -> tuple[int | None, int, int]:
    import narwhals as nw

    if not columns:
        raise DeclarationError("by must name at least one quasi-identifier")
    keys = {name: f"mlops_key_{number}" for number, name in enumerate([*columns, *([sensitive] if sensitive else [])])}
    keyed = table.frame.select(*(table.value(name).alias(key) for name, key in keys.items()))
    by = [keys[name] for name in columns]
    if sensitive:
        keyed = keyed.filter(~nw.col(keys[sensitive]).is_null()).unique()
    sizes = keyed.group_by(by).agg(nw.len().alias("size"))
    size = nw.col("size")
    small = (size < least).cast(nw.Int64()).sum()
    answer = table.fetch(sizes.select(size.min().alias("least"), nw.len().alias("groups"), small.alias("small")))
    groups = int(answer["groups"][0] or 0)
    return (int(answer["least"][0]) if groups else None), groups, int(answer["small"][0] or 0)


@dataclass(frozen=True)
class NoForbiddenFeatures:
    """Columns that must not be there."""

    columns: tuple[str, ...]
    source: str

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge the number of forbidden columns that are there, in any way of writing."""
        scan = _scan(result)
        plain = {_plain(name): name for name in scan.data.columns}
        found = [plain[_plain(name)] for name in self.columns if _plain(name) in plain]
        measured = Measurement(
            name="privacy.forbidden_features", subject=scan.subject, value=len(found), unit="columns",
            n=len(scan.data.columns), note=f"there is {', '.join(found)}" if found else "",
        )  # fmt: skip
        yield judge(measured, Limit(high=0, unit="columns", by="point", source=self.source))


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def no_forbidden_features(columns: Columns) -> NoForbiddenFeatures:
    """Require that none of some columns is there, however it is written (`Birth Date`, `birth_date`)."""
    return NoForbiddenFeatures(names_of(columns), calling_place())


@dataclass(frozen=True)
class Retained:
    """The age of the oldest row."""

    time: str
    within: dt.timedelta
    now: str | dt.datetime | None
    source: str

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge the age of the oldest row."""
        scan = _scan(result)
        table = scan.data
        kind = table.kind(self.time)
        if kind not in {"date", "time", "zoned"}:
            raise DeclarationError(f"{scan.subject}.{self.time} must be a column of dates or times, it is none")
        oldest = table.fetch(table.frame.select(table.value(self.time).min().alias("oldest")))["oldest"][0]
        now = (parse_date(self.now) if isinstance(self.now, str) else self.now) or dt.datetime.now(dt.UTC)
        age = None if oldest is None else seconds_between(oldest, now, zoned=kind == "zoned") / 86_400
        measured = Measurement(
            name="privacy.oldest_row", subject=f"{scan.subject}.{self.time}", value=age, unit="days",
            n=table.count_present(self.time),
        )  # fmt: skip
        yield judge(
            measured, Limit(high=self.within.total_seconds() / 86_400, unit="days", by="point", source=self.source)
        )


def retained_at_most(within: dt.timedelta, *, time: str, now: str | dt.datetime | None = None) -> Retained:
    """Require that no row is older than a span of time."""
    return Retained(time, within, now, calling_place())
