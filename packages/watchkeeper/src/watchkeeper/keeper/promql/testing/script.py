"""Reading a test script into commands. The language is described in Prometheus' promqltest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from ..errors import PromqlError
from ..labels import Labels
from ..lexer import milliseconds
from ..quoting import unquote
from .notation import NotationError, Point, number, series

_LOAD = re.compile(r"load(_with_nhcb)?\s+(\S+)\Z", re.IGNORECASE)
_INSTANT = re.compile(
    r"eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(?P<at>\S+)\s+)?(?P<expr>.+)\Z", re.IGNORECASE
)
_RANGE = re.compile(
    r"eval(?:_(fail|warn|info))?\s+range\s+from\s+(?P<start>\S+)\s+to\s+(?P<end>\S+)\s+step\s+(?P<step>\S+)\s+"
    r"(?P<expr>.+)\Z",
    re.IGNORECASE,
)
_EXPECT = re.compile(r"expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?\Z")
_EXPECT_RANGE = re.compile(r"expect range vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\Z")
_EXPECT_STRING = "expect string"


@dataclass(frozen=True, slots=True)
class Load:
    """Add series, one point every `step` milliseconds from zero on."""

    line: int
    step: int
    series: dict[Labels, list[Point]]
    with_nhcb: bool


@dataclass(frozen=True, slots=True)
class Clear:
    """Forget all series."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an annotation or error must be: any, a text, or a pattern."""

    text: str | None = None
    pattern: re.Pattern[str] | None = None

    def met_by(self, actual: str) -> bool:
        """Tell whether a message is the expected one."""
        if self.pattern is not None:
            return self.pattern.search(actual) is not None
        return self.text is None or self.text == actual


@dataclass(frozen=True, slots=True)
class Eval:
    """Evaluate an expression and compare."""

    line: int
    expr: str
    start: int
    end: int = 0
    step: int = 0
    is_range: bool = False
    ordered: bool = False
    fails: tuple[Expectation, ...] = ()
    warns: tuple[Expectation, ...] = ()
    infos: tuple[Expectation, ...] = ()
    no_warn: bool = False
    no_info: bool = False
    windows: tuple[int, int, int] | None = None
    text: str | None = None
    scalar: float | None = None
    series: dict[Labels, list[Point]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A command that makes no sense."""

    line: int
    text: str
    reason: str


Command = Load | Clear | Eval | Unreadable
ANY = Expectation()


def commands(text: str) -> Iterator[Command]:
    """Read a script; what cannot be read is a command, too."""
    lines = [_trimmed(line) for line in text.split("\n")]
    at = 0
    while at < len(lines):
        if not lines[at]:
            at += 1
            continue
        end = at + 1
        while end < len(lines) and lines[end] and not _starts_command(lines[end]):
            end += 1
        word = lines[at].split(None, 1)[0].lower()
        if word == "clear":
            yield Clear()
            at += 1
            continue
        body = list(enumerate(lines[at:end], start=at + 1))
        yield _read(word, body)
        at = end


def _read(word: str, body: list[tuple[int, str]]) -> Command:
    try:
        return _load(body) if word.startswith("load") else _eval(body)
    except (PromqlError, ValueError, re.error) as error:
        return Unreadable(body[0][0], body[0][1], str(error))


def _starts_command(line: str) -> bool:
    return any(pattern.match(line) for pattern in (_LOAD, _INSTANT, _RANGE)) or line.lower() == "clear"


def _trimmed(line: str) -> str:
    line = line.strip()
    return "" if line.startswith("#") else line


def _load(body: list[tuple[int, str]]) -> Load:
    line, head = body[0]
    match = _LOAD.match(head)
    if match is None:
        raise NotationError(f"line {line}: not a load command: {head}")
    loaded = dict(_series(number, text) for number, text in body[1:])
    return Load(line, milliseconds(match[2]), loaded, match[1] is not None)


def _series(line: int, text: str) -> tuple[Labels, list[Point]]:
    try:
        return series(text)
    except (PromqlError, ValueError) as error:
        raise NotationError(f"line {line}: {error}") from error


def _eval(body: list[tuple[int, str]]) -> Eval:
    line, head = body[0]
    case = _head(line, head)
    for number_of_line, text in body[1:]:
        case = _with(case, number_of_line, text)
    return case


def _head(line: int, head: str) -> Eval:
    match = _RANGE.match(head)
    if match is not None:
        start, end, step = (milliseconds(match[name]) for name in ("start", "end", "step"))
        case = Eval(line, match["expr"], start, end, step, is_range=True)
    else:
        match = _INSTANT.match(head)
        if match is None:
            raise NotationError(f"line {line}: not a command: {head}")
        case = Eval(line, match["expr"], milliseconds(match["at"] or "0s"))
    return _noted(case, match[1] or "", ANY)


def _noted(case: Eval, word: str, expectation: Expectation) -> Eval:
    match word.lower():
        case "fail":
            return replace(case, fails=(*case.fails, expectation))
        case "warn":
            return replace(case, warns=(*case.warns, expectation))
        case "info":
            return replace(case, infos=(*case.infos, expectation))
        case "ordered":
            return replace(case, ordered=True)
        case "no_warn":
            return replace(case, no_warn=True)
        case "no_info":
            return replace(case, no_info=True)
        case _:
            return case


def _with(case: Eval, line: int, text: str) -> Eval:
    for prefix, kind in (("expected_fail_message", "msg"), ("expected_fail_regexp", "regex")):
        if text.startswith(prefix):
            return replace(case, fails=(_expectation(kind, text[len(prefix) :]),))
    windows = _EXPECT_RANGE.match(text)
    if windows is not None:
        start, end, step = (milliseconds(part) for part in windows.groups())
        return replace(case, windows=(start, end, step))
    if text.startswith(_EXPECT_STRING):
        return replace(case, text=unquote(text[len(_EXPECT_STRING) :].strip()))
    if text.split(None, 1)[0] == "expect":
        match = _EXPECT.match(text)
        if match is None:
            raise NotationError(f"line {line}: not an expectation: {text}")
        return _noted(case, match[1], _expectation(match[2], match[3] or ""))
    return _with_value(case, line, text)


def _with_value(case: Eval, line: int, text: str) -> Eval:
    try:
        return replace(case, scalar=number(text))
    except ValueError:
        labels, points = _series(line, text)
        return replace(case, series={**case.series, labels: points})


def _expectation(kind: Literal["msg", "regex"] | str | None, text: str) -> Expectation:
    if kind == "regex":
        return Expectation(pattern=re.compile(text.strip()))
    return Expectation(text=text.strip()) if kind == "msg" else ANY
