"""OpenMetrics 1.0 text (openmetrics.io, specification)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from watchkeeper.keeper.scrape.errors import ExpositionError
from watchkeeper.keeper.scrape.exposition.page import Family, Page
from watchkeeper.keeper.scrape.exposition.sample import (
    Exemplar,
    key_end,
    parse_key,
    parse_number,
    shown,
)
from watchkeeper.keeper.scrape.exposition.shape import Shape

_SUFFIXES: dict[str, tuple[str, ...]] = {
    "counter": ("_total", "_created"),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum", "_created"),
    "gaugehistogram": ("_bucket", "_gcount", "_gsum"),
    "info": ("_info",),
    "stateset": ("",),
    "summary": ("", "_count", "_sum", "_created"),
    "unknown": ("",),
}
_DESCRIPTOR = re.compile(r'# (HELP|TYPE|UNIT) ("(?:[^"\\]|\\.)*+"|[a-zA-Z_:][a-zA-Z0-9_:]*+) (.*)', re.DOTALL)
_SECONDS = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HELP_ESCAPES = re.compile(r'\\([\\n"])')
_EXEMPLAR_RUNES = 128


@dataclass(slots=True)
class _State:
    """The family that the lines are in, and those that are over."""

    page: Page = field(default_factory=lambda: Page([], []))
    name: str | None = None
    described: set[str] = field(default_factory=set)
    sampled: bool = False
    over: set[str] = field(default_factory=set)


class OpenMetricsParser:
    """A parser that remembers the last page of its target, so that the next one costs little."""

    def __init__(self) -> None:
        self._shape: Shape | None = None
        self._known: dict[str, str] = {}

    def parse(self, text: str) -> Page:
        """Return the page; raises ExpositionError naming the line."""
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        if not lines or lines[-1] != "# EOF":
            raise ExpositionError("the page does not end with `# EOF`: it was cut off")
        lines.pop()
        if self._shape is not None and (page := self._shape.read(lines)) is not None:
            return page
        page = self._strict(lines)
        shape = Shape(lines, page)
        self._shape = shape if shape.plain else None
        return page

    def _strict(self, lines: list[str]) -> Page:
        state, names = _State(), {}
        for number, line in enumerate(lines, 1):
            try:
                if line.startswith("#"):
                    _describe(line, state)
                else:
                    key = self._sample(line, state)
                    names[key] = self._known[key]
            except ExpositionError as error:
                raise ExpositionError(f"line {number}: {error}") from None
        self._known = names
        return state.page

    def _sample(self, line: str, state: _State) -> str:
        end = key_end(line)
        key, rest = line[:end], line[end:]
        name = self._known.get(key)
        if name is None:
            name = self._known[key] = parse_key(key).name
        _enter_by_sample(name, state)
        page, place = state.page, len(state.page.keys)
        measured, marked, exemplar = rest.partition(" # ")
        fields = measured.split(" ")
        if fields[0] or not 2 <= len(fields) <= 3:
            raise ExpositionError(f"not `series value [time] [# exemplar]`: {shown(line)}")
        page.values.append(parse_number(fields[1]))
        page.keys.append(key)
        if len(fields) == 3:
            page.times[place] = _milliseconds(fields[2])
        if marked:
            page.exemplars[place] = _exemplar(exemplar, name, state)
        return key


def _describe(line: str, state: _State) -> None:
    match = _DESCRIPTOR.fullmatch(line)
    if match is None:
        raise ExpositionError(f"not a HELP, TYPE or UNIT line: {shown(line)}")
    kind, name, rest = match[1], match[2].strip('"'), match[3]
    if name != state.name:
        _enter(name, state)
    if state.sampled:
        raise ExpositionError(f"{kind} of {name} after its samples")
    if kind in state.described:
        raise ExpositionError(f"second {kind} of {name}")
    state.described.add(kind)
    families = state.page.families
    families[name] = _described(families.get(name, Family()), kind, name, rest)


def _described(family: Family, kind: str, name: str, rest: str) -> Family:
    if kind == "HELP":
        return family._replace(help=_HELP_ESCAPES.sub(lambda m: "\n" if m[1] == "n" else m[1], rest))
    if kind == "UNIT":
        if rest and not name.endswith("_" + rest):
            raise ExpositionError(f"{name} does not end with its unit {shown(rest)}")
        return family._replace(unit=rest)
    if rest not in _SUFFIXES:
        raise ExpositionError(f"unknown metric type {shown(rest)}")
    return family._replace(type=rest)


def _enter(name: str, state: _State) -> None:
    """Begin a family; families must not be interleaved."""
    if state.name is not None:
        state.over.add(state.name)
    if name in state.over:
        raise ExpositionError(f"the lines of {name} are not together")
    state.name, state.described, state.sampled = name, set(), False


def _enter_by_sample(sample: str, state: _State) -> None:
    if state.name is None or not _belongs(sample, state.name, state.page.families.get(state.name)):
        _enter(sample, state)
        if not _belongs(sample, sample, state.page.families.get(sample)):
            raise ExpositionError(f"sample {sample} has not the suffix of its type")
    state.sampled = True


def _belongs(sample: str, name: str, family: Family | None) -> bool:
    return sample.startswith(name) and sample[len(name) :] in _SUFFIXES[family.type if family else "unknown"]


def _milliseconds(text: str) -> int:
    if not _SECONDS.fullmatch(text):
        raise ExpositionError(f"not a time in seconds: {shown(text)}")
    seconds = float(text)
    if not -1e12 < seconds < 1e12:
        raise ExpositionError(f"time out of bounds: {shown(text)}")
    return round(seconds * 1000)


def _exemplar(text: str, sample: str, state: _State) -> Exemplar:
    """Parse `{labels} value [time]`; only counters and buckets have exemplars."""
    if not sample.endswith(("_total", "_bucket")):
        raise ExpositionError(f"{sample} must not have an exemplar")
    end = key_end(text)
    if end == 0 or text[0] != "{":
        raise ExpositionError(f"not an exemplar: {shown(text)}")
    labels = parse_key("exemplar" + text[:end]).labels
    if sum(len(name) + len(value) for name, value in labels) > _EXEMPLAR_RUNES:
        raise ExpositionError(f"the labels of the exemplar are longer than {_EXEMPLAR_RUNES} characters")
    fields = text[end:].split(" ")
    if fields[0] or not 2 <= len(fields) <= 3:
        raise ExpositionError(f"not an exemplar: {shown(text)}")
    time_ms = _milliseconds(fields[2]) if len(fields) == 3 else None
    return Exemplar(labels, parse_number(fields[1]), time_ms)
