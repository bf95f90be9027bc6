"""The notation of series in scripts: `metric{a="b"} 0+1x5 _ stale {{count:3}}`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..cursor import Cursor
from ..errors import PromqlError
from ..labels import NAME, Labels, of
from ..lexer import number_of
from ..selecting import read_selector
from .memory import STALE

# No hexadecimal here: `0x3` is four zeros, as upstream reads it in series.
_NUMBER = r"[+-]?(?:inf|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)"
_SEQUENCE = re.compile(
    rf"(?P<base>{_NUMBER})(?:(?P<sign>[+-])(?P<step>{_NUMBER}))?x(?P<times>\d+)\Z", re.IGNORECASE
)
_PLAIN = re.compile(rf"{_NUMBER}\Z", re.IGNORECASE)
_ITEM = re.compile(r"\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x\d+)?|\S+")


class NotationError(PromqlError):
    """Say what in a script cannot be read."""


@dataclass(frozen=True, slots=True)
class Native:
    """Stand for a native histogram; its content is not read."""

    text: str


Point = float | None | Native


def series(line: str) -> tuple[Labels, list[Point]]:
    """Read a series and its points: numbers, None where omitted, native histograms."""
    end = _end_of_metric(line)
    return metric(line[:end]), points(line[end:])


def _end_of_metric(line: str) -> int:
    quote, inside = "", False
    for at, rune in enumerate(line):
        if quote:
            quote = "" if rune == quote and line[at - 1] != "\\" else quote
        elif inside:
            quote = rune if rune in "\"'`" else ""
            inside = rune != "}"
        elif rune == "{" and not line.startswith("{{", at):
            inside = True
        elif rune in " \t":
            return at
    return len(line)


def metric(text: str) -> Labels:
    """Read a metric's name and labels."""
    cursor = Cursor(text)
    selector = read_selector(cursor)
    if cursor.peek().type != "end" or any(matcher.op != "=" for matcher in selector.matchers):
        raise NotationError(f"not a series: {text}")
    pairs = {matcher.name: matcher.value for matcher in selector.matchers}
    if selector.name:
        pairs[NAME] = selector.name
    return of(pairs)


def points(text: str) -> list[Point]:
    """Expand a sequence of points."""
    return [point for item in _ITEM.findall(text) for point in _expanded(item)]


def _expanded(item: str) -> list[Point]:
    if item.startswith("{{"):
        times = re.search(r"x(\d+)\Z", item)
        native: Point = Native(item)
        return [native] * (int(times.group(1)) + 1 if times else 1)
    for word, value in (("_", None), ("stale", STALE)):
        if item == word:
            return [value]
        if re.fullmatch(rf"{word}x\d+", item):
            return [value] * int(item.rpartition("x")[2])
    if _PLAIN.match(item):
        return [number(item)]
    match = _SEQUENCE.match(item)
    if match is None:
        raise NotationError(f"not a point: {item}")
    return _stepped(match)


def _stepped(match: re.Match[str]) -> list[Point]:
    value, out = number(match["base"]), list[Point]()
    step = number(match["step"]) * (-1 if match["sign"] == "-" else 1) if match["step"] else 0.0
    for _ in range(int(match["times"]) + 1):
        out.append(value)
        value += step
    return out


def number(text: str) -> float:
    """Read a number with its sign. Raises ValueError."""
    if text[:1] in "+-":
        return -number(text[1:]) if text[0] == "-" else number(text[1:])
    return number_of(text)
