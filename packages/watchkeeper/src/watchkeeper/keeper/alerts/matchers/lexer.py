"""The words of the UTF-8 syntax: braces, commas, operators, quoted and plain texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from watchkeeper.keeper.alerts.errors import MatcherInvalid
from watchkeeper.keeper.alerts.matchers.matcher import is_reserved

QUOTED: Final = "quoted"
PLAIN: Final = "plain"
OPERATOR: Final = "operator"
END: Final = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A word; kind is quoted, plain, operator, end, or the mark itself. Columns count runes from 0."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def place(self) -> str:
        return f"{self.start}:{self.end}"


def tokens(text: str) -> Iterator[Token]:
    """Return the words of a text one by one, an END last; raise MatcherInvalid at a wrong one."""
    at = 0
    while at < len(text):
        rune = text[at]
        if rune.isspace():
            at += 1
            continue
        token = _token(text, at)
        yield token
        at = token.end
    yield Token(END, "", at, at)


def _token(text: str, at: int) -> Token:
    rune = text[at]
    if rune in "{},":
        return Token(rune, rune, at, at + 1)
    if rune in "=!":
        return _operator(text, at)
    if rune == '"':
        return _quoted(text, at)
    if is_reserved(rune):
        raise MatcherInvalid(f"{at}:{at + 1}: {rune}: invalid input")
    end = at
    while end < len(text) and not is_reserved(text[end]):
        end += 1
    return Token(PLAIN, text[at:end], at, end)


def _operator(text: str, at: int) -> Token:
    pair = text[at : at + 2]
    if pair in ("=~", "!=", "!~"):
        return Token(OPERATOR, pair, at, at + 2)
    if pair[0] == "=":
        return Token(OPERATOR, "=", at, at + 1)
    found = repr(pair[1])[1:-1] if len(pair) > 1 else "end of input"
    raise MatcherInvalid(f"{at}:{at + len(pair)}: unexpected {found}: expected one of '=~'")


def _quoted(text: str, at: int) -> Token:
    end = at + 1
    while end < len(text) and text[end] != '"':
        end += 2 if text[end] == "\\" else 1
    if end >= len(text):
        raise MatcherInvalid(f'{at}:{len(text)}: {text[at:]}: missing end "')
    return Token(QUOTED, text[at : end + 1], at, end + 1)
