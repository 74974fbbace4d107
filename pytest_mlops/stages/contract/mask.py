"""What a report may tell of real rows: their shape, and the values of public columns."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pytest_mlops.adapters.http import Exchange, Request

HIDDEN = "•••"
_LEAST_LETTERS = 2  # of a text that is hidden where it stands in other text
_LEAST_DIGITS = 4  # of a number: shorter ones are also statuses, counts and times


@dataclass(frozen=True)
class Mask:
    """Hides the values of real rows, but for those of public columns."""

    rows: Sequence[Mapping[str, Any]] = ()
    public: Collection[str] = field(default=())

    @property
    def hides(self) -> bool:
        """Whether there is a column to hide."""
        return any(name not in self.public for row in self.rows for name in row)

    def exchange(self, exchange: Exchange) -> Exchange:
        """Return an exchange that sent real rows without their values, in the request and in what came back."""
        if not self.hides:
            return exchange
        request = replace(exchange.request, body=self._body(exchange.request))
        answered = self.text(exchange.body.decode("utf-8", "backslashreplace")).encode()
        return replace(exchange, request=request, body=answered, problem=self.text(exchange.problem))

    def text(self, text: str) -> str:
        """Return a text in which the values are hidden; numbers of less than four letters are left as they are."""
        return self._values.sub(HIDDEN, text) if self.hides and text else text

    def _body(self, request: Request) -> bytes:
        if "json" not in request.content_type or "lines" in request.content_type:
            return f"{HIDDEN} in {len(request.body.splitlines())} lines".encode()
        try:
            said = json.loads(request.body)
        except ValueError:
            return self.text(request.body.decode("utf-8", "backslashreplace")).encode()
        return json.dumps(self._without_values(said), ensure_ascii=False).encode()

    def _without_values(self, part: Any, name: str = "") -> Any:
        if isinstance(part, dict):
            return {key: self._without_values(value, key) for key, value in part.items()}
        if isinstance(part, list):
            return [self._without_values(value, name) for value in part]
        return part if name in self.public else HIDDEN

    @cached_property
    def _values(self) -> re.Pattern[str]:
        """What finds a value, as it is and as JSON writes it, the longest first."""
        told = [value for row in self.rows for name, value in row.items() if name not in self.public]
        values = {value for one in told for value in (one if isinstance(one, list) else [one]) if _is_plain(value)}
        texts = {value for value in values if isinstance(value, str) and len(value) >= _LEAST_LETTERS}
        texts |= {json.dumps(value)[1:-1] for value in texts}
        numbers = {repr(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)}
        numbers = {number for number in numbers if len(number) >= _LEAST_DIGITS}
        wanted = sorted(texts | numbers, key=len, reverse=True)
        return re.compile("|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in wanted) or r"(?!)")


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)
