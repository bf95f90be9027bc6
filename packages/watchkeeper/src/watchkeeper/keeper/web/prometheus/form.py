"""The parameters of a request, from its query string and, for POST, from its urlencoded body."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl

from starlette.requests import Request

from watchkeeper.keeper.promql import Matcher, PromqlError, parse
from watchkeeper.keeper.promql.regexes import translated
from watchkeeper.keeper.promql.syntax import Selector
from watchkeeper.keeper.store import Matcher as StoreMatcher
from watchkeeper.keeper.web.prometheus.envelope import BadData
from watchkeeper.keeper.web.prometheus.moments import parse_duration, parse_time

MOST_BYTES = 1 << 20
MOST_FIELDS = 1000


class Form:
    """Parameters by name; those of the body come before those of the URL."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    @classmethod
    async def of(cls, request: Request) -> Form:
        """Read a request's parameters; raises BadData where the body is no form or too long."""
        url = request.scope["query_string"].decode("utf-8", "replace")
        body = (await _body(request)).decode("latin-1") if request.method == "POST" else ""
        try:
            given = [
                parse_qsl(part, keep_blank_values=True, max_num_fields=MOST_FIELDS) for part in (body, url)
            ]
        except ValueError as error:
            raise BadData(f"error parsing form values: {error}") from None
        return cls([*given[0], *given[1]])

    def text(self, name: str) -> str:
        """Return the first value, empty where there is none."""
        return next(iter(self._values.get(name, ())), "")

    def texts(self, *names: str) -> list[str]:
        """Return all values of these names."""
        return [value for name in names for value in self._values.get(name, ())]

    def time(self, name: str, default: int | None = None) -> int:
        """Return a time in milliseconds; raises BadData, also where it is missing without a default."""
        given = self.text(name)
        if not given and default is not None:
            return default
        try:
            return parse_time(given)
        except ValueError as error:
            told = error if default is None else f"Invalid time value for '{name}': {error}"
            raise BadData.of(name, told) from None

    def duration(self, name: str) -> int | None:
        """Return a duration in milliseconds, None where it is not given; raises BadData."""
        return self._read(name, parse_duration)

    def count(self, name: str) -> int:
        """Return a limit, 0 for none; raises BadData."""
        return self._read(name, _count) or 0

    def matchers(self, *names: str) -> list[list[StoreMatcher]]:
        """Return the selectors of `match[]`, ready for the store; raises BadData."""
        return [selector_of(text) for text in self.texts(*(names or ("match[]",)))]

    def _read(self, name: str, parsed: Callable[[str], int]) -> int | None:
        given = self.text(name)
        if not given:
            return None
        try:
            return parsed(given)
        except ValueError as error:
            raise BadData.of(name, error) from None


async def _body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise BadData("error parsing form values: http: request body too large")
        parts.append(part)
    # As in Go, a body of another type is not looked at.
    return b"".join(parts) if kind == "application/x-www-form-urlencoded" else b""


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise ValueError(f'cannot parse "{text}" to a valid limit')
    return int(text)


def selector_of(text: str) -> list[StoreMatcher]:
    """Return the matchers of one selector, ready for the store; raises BadData."""
    return [for_store(matcher) for matcher in conditions(text)]


def conditions(text: str) -> tuple[Matcher, ...]:
    """Return the matchers of one selector; raises BadData."""
    try:
        expr = parse(text)
    except PromqlError as error:
        raise BadData.of("match[]", str(error).replace("vector selector", "match[]", 1)) from None
    if not isinstance(expr, Selector) or expr.offset or expr.at or expr.anchored or expr.smoothed:
        raise BadData.of("match[]", f"{text!r} is not a plain selector of series")
    return expr.matchers


def for_store(matcher: Matcher) -> StoreMatcher:
    """Return a matcher whose pattern is Python's."""
    value = translated(matcher.value) if "~" in matcher.op else matcher.value
    return StoreMatcher(matcher.name, matcher.op, value)
