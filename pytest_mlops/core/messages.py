"""Sentences that a user reads. Pure functions; the tests hold their exact text."""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from pytest_mlops.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_mlops.core.judge import Judgement


_SYMBOL = 3  # letters of a unit that is a symbol, and no word
_SHOWN = 20  # names in one sentence


def number(value: float | None) -> str:
    """Return a number as people write it: four digits that matter, thousands apart.

    >>> number(27004.0), number(0.0123456), number(None), number(1e-12)
    ('27,004', '0.01235', 'nothing', '1e-12')
    """
    if value is None:
        return "nothing"
    if math.isfinite(value) and value == round(value) and abs(value) < 1e15:  # noqa: PLR2004 - floats above are not exact
        return f"{int(value):,}"
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.1f}"  # noqa: PLR2004 - from there on, digits are noise


def quantity(value: float | None, unit: str) -> str:
    """Return a number with its unit, one of a unit that is counted in the singular.

    >>> quantity(1, "rows"), quantity(2, "rows"), quantity(1, "ms"), quantity(None, "ms")
    ('1 row', '2 rows', '1 ms', 'nothing')
    """
    if value is None:
        return number(None)
    counted = unit if value != 1 or len(unit) <= _SYMBOL else unit.removesuffix("s")
    return f"{number(value)} {counted}".rstrip()


def explain(judgement: Judgement) -> str:
    """Return the whole story of a judgement: subject must limit, got value (interval, n, where).

    It is one line, unless the note has several: then facts, reason and each line of the note have one of their own.
    """
    measurement, limit = judgement.measurement, judgement.limit
    must = f" must {limit.words()}," if limit is not None else ""
    told = f"{measurement.subject}: {measurement.name}{must} got {quantity(measurement.value, measurement.unit)}"
    facts = list(_facts(judgement))
    off = ""
    if judgement.verdict is Verdict.FAIL and judgement.margin is not None and judgement.margin < 0:
        off = f"; off by {quantity(-judgement.margin, measurement.unit)}"
    note, *more = measurement.note.split("\n")
    where = facts[-1:] if limit is not None and limit.source else []
    reason, said = (_sentence(text) for text in (judgement.reason, note))
    if more:
        beside = f"{', '.join(facts[:-1] if where else facts)}{off}"
        lines = [told, beside, *reason.split("; "), said, *more, *where]
        return "\n".join(line for line in lines if line)
    return ". ".join(text for text in (f"{told} ({', '.join(facts)}){off}", reason, said) if text)


def indented(text: str, by: str) -> str:
    r"""Return text whose lines after the first stand further to the right.

    >>> indented("a\nb", "  ")
    'a\n  b'
    """
    return text.replace("\n", f"\n{by}")


def sentences(parts: Iterable[str]) -> str:
    """Return what is said of one thing as sentences, each but the first with a capital letter; empty parts are none.

    >>> sentences(["none of 10 failed", "", "a queue grew"])
    'none of 10 failed. A queue grew'
    """
    first, *more = [part for part in parts if part] or [""]
    return ". ".join([first, *map(_sentence, more)])


def _sentence(text: str) -> str:
    """Begin with a capital letter, but for a symbol such as `n = 12`."""
    return text if text.startswith("n = ") else f"{text[:1].upper()}{text[1:]}"


def _facts(judgement: Judgement) -> Iterable[str]:
    measurement = judgement.measurement
    interval = measurement.interval
    if interval is not None and not (math.isnan(interval.low) and math.isnan(interval.high)):
        low, high = ("unknown" if math.isnan(end) else number(end) for end in (interval.low, interval.high))
        yield f"{interval.confidence:.4g} interval {low} to {high}"
    yield f"n = {measurement.n:,}"
    if judgement.limit is not None and judgement.limit.source:
        yield f"limit at {judgement.limit.source}"


def story(judgements: Sequence[Judgement]) -> str:
    """Return the story of one `require`: what was not met first, the worst of it at the top, then what was."""
    not_met = sorted((item for item in judgements if not item), key=lambda item: -item.verdict.severity)
    shown, alike = _told(not_met)
    red = [f"{item.verdict.words}: {indented(explain(item), '    ')}" for item in shown]
    red += [f"{words}: {count:,} more for the like reason" for words, count in alike.items()]
    met = Counter(item.measurement.name for item in judgements if item)
    green = [name if times == 1 else f"{name} ({times:,} times)" for name, times in met.items()]
    lines = [f"{len(not_met)} of {len(judgements)} requirements not met", *(f"  {line}" for line in red)]
    if green:
        lines.append(f"  met: {', '.join(green[:12])}{' …' if len(green) > 12 else ''}")  # noqa: PLR2004 - one line
    return "\n".join(lines)


def _told(not_met: Sequence[Judgement]) -> tuple[list[Judgement], dict[str, int]]:
    """Return what is told in full, and how many more there are by verdict: of many reasons that are alike but some."""
    shown, times, more = [], Counter[tuple[str, str]](), Counter[str]()
    for item in not_met:
        key = item.verdict.words, re.sub(r"[\d.,]+", "#", item.reason)[:_ALIKE]
        times[key] += 1
        if item.verdict is Verdict.FAIL or times[key] <= _TOLD:
            shown.append(item)
        else:
            more[item.verdict.words] += 1
    return shown, dict(more)


_ALIKE = 60  # letters at the beginning of a reason
_TOLD = 3


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for the nearest valid name, and all of them where none is near."""
    names = sorted(valid)
    near = [other for other in names if other.casefold() == name.casefold()]
    near = near or difflib.get_close_matches(name, names, n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    more = f" … ({len(names)} in all)" if len(names) > _SHOWN else ""
    return f"Valid are {', '.join(map(repr, names[:_SHOWN])) or 'none'}{more}."
