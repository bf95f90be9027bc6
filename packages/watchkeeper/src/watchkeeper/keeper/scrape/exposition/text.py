"""The Prometheus text format, version 0.0.4 (prometheus.io, exposition formats)."""

from __future__ import annotations

import re

from watchkeeper.keeper.scrape.errors import ExpositionError
from watchkeeper.keeper.scrape.exposition.page import Family, Page
from watchkeeper.keeper.scrape.exposition.sample import key_end, parse_key, parse_number, shown
from watchkeeper.keeper.scrape.exposition.shape import Shape

TYPES = frozenset(
    ("counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset", "unknown", "untyped")
)
_COMMENT = re.compile(r"#[ \t]*+(HELP|TYPE)[ \t]++(\S++)(?:[ \t]++(.*))?", re.DOTALL)
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_HELP_ESCAPES = re.compile(r"\\([\\n])")


class TextParser:
    """A parser that remembers the last page of its target, so that the next one costs little."""

    def __init__(self) -> None:
        self._shape: Shape | None = None
        self._known: set[str] = set()

    def parse(self, text: str) -> Page:
        """Return the page; raises ExpositionError naming the line."""
        if not text.endswith("\n"):
            if not text:
                return Page([], [])
            raise ExpositionError("the last line does not end with a line feed: the page was cut off")
        lines = text.split("\n")
        lines.pop()
        if self._shape is not None and (page := self._shape.read(lines)) is not None:
            return page
        page = self._strict(lines)
        shape = Shape(lines, page)
        self._shape = shape if shape.plain else None
        self._known = set(page.keys)
        return page

    def _strict(self, lines: list[str]) -> Page:
        page = Page([], [])
        for number, line in enumerate(lines, 1):
            try:
                self._line(line.strip(" \t"), page)
            except ExpositionError as error:
                raise ExpositionError(f"line {number}: {error}") from None
        return page

    def _line(self, line: str, page: Page) -> None:
        if not line:
            return
        if line[0] == "#":
            _describe(line, page.families)
            return
        end = key_end(line)
        key = line[:end]
        if key not in self._known:
            parse_key(key)
        fields = line[end:].split()
        if not 1 <= len(fields) <= 2 or (key[-1] != "}" and line[end] not in " \t"):
            raise ExpositionError(f"not `series value [time]`: {shown(line)}")
        if len(fields) == 2:
            if not _INTEGER.fullmatch(fields[1]):
                raise ExpositionError(f"not a time in milliseconds: {shown(fields[1])}")
            page.times[len(page.keys)] = int(fields[1])
        page.values.append(parse_number(fields[0]))
        page.keys.append(key)


def _describe(line: str, families: dict[str, Family]) -> None:
    match = _COMMENT.fullmatch(line)
    if match is None:
        return  # any other comment
    kind, name, rest = match[1], match[2].strip('"'), match[3] or ""
    family = families.get(name, Family())
    if kind == "HELP":
        families[name] = family._replace(help=_HELP_ESCAPES.sub(_unescaped, rest))
        return
    if rest not in TYPES:
        raise ExpositionError(f"unknown metric type {shown(rest)}")
    families[name] = family._replace(type="unknown" if rest == "untyped" else rest)


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else "\\"
