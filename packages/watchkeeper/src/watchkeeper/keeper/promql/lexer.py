"""Tokens of an expression."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from .errors import ParseError

DURATION = re.compile(
    r"(?=\d)(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?"
)
_UNITS = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1)

_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_NUMBER = re.compile(
    r"0[xX][0-9a-fA-F_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?[\d_]+)?",
)
_PARTED = re.compile(r"(?:0[xX]_?)?[^_]+(?:_[^_]+)*")
_OCTAL = re.compile(r"0[0-7]+")
_WORD = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_WORD_IN_BRACKETS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`[^`]*`', re.DOTALL)
_SIGN = re.compile(r"==|!=|<=|>=|=~|!~|</|>/|[-+*/%^=<>(){}\[\],:@]")


class Token(NamedTuple):
    """A token: its type (word, number, duration, string, sign, end), its text, its place."""

    type: str
    text: str
    start: int
    end: int


def tokens_of(query: str) -> list[Token]:
    """Split an expression into tokens, the last of type `end`. Raises ParseError."""
    out: list[Token] = []
    at, brackets = 0, 0
    while True:
        space = _SPACE.match(query, at)
        at = space.end() if space else at
        if at == len(query):
            out.append(Token("end", "", at, at))
            return out
        token = _token(query, at, brackets > 0)
        brackets += {"[": 1, "]": -1}.get(token.text, 0) if token.type == "sign" else 0
        out.append(token)
        at = token.end


def _token(query: str, at: int, in_brackets: bool) -> Token:
    rune = query[at]
    if rune.isdigit() or (rune == "." and query[at + 1 : at + 2].isdigit()):
        return _number_or_duration(query, at)
    word = (_WORD_IN_BRACKETS if in_brackets else _WORD).match(query, at)
    if word:
        return Token("word", word.group(), at, word.end())
    if rune in "\"'`":
        string = _STRING.match(query, at)
        if string is None:
            raise ParseError(
                "unterminated quoted string" if rune != "`" else "unterminated raw string", query, at
            )
        return Token("string", string.group(), at, string.end())
    sign = _SIGN.match(query, at)
    if sign is None:
        raise ParseError(f"unexpected character: '{rune}'", query, at)
    return Token("sign", sign.group(), at, sign.end())


def _number_or_duration(query: str, at: int) -> Token:
    duration = DURATION.match(query, at)
    if duration and duration.end() > at and not _continues(query, duration.end()):
        return Token("duration", duration.group(), at, duration.end())
    number = _NUMBER.match(query, at)
    if number is None or _continues(query, number.end()):
        end = at + 1
        while end < len(query) and _continues(query, end):
            end += 1
        raise ParseError(f'bad number or duration syntax: "{query[at:end]}"', query, at, end)
    return Token("number", number.group(), at, number.end())


def _continues(query: str, at: int) -> bool:
    return at < len(query) and (query[at].isalnum() or query[at] in "_.")


def milliseconds(text: str) -> int:
    """Return the length that a duration such as 1h30m stands for. Raises ValueError."""
    if text == "0":
        return 0
    match = DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f'not a valid duration string: "{text}"')
    return sum(int(count) * unit for count, unit in zip(match.groups(), _UNITS, strict=True) if count)


def number_of(text: str) -> float:
    """Return the value of a number's text, octal where it begins with 0. Raises ValueError.

    Underscores, for the eye only, stand between digits.
    """
    plain = text.replace("_", "")
    if not _PARTED.fullmatch(text):
        raise ValueError(f'invalid syntax: "{text}"')
    if plain[:2].lower() == "0x":
        return float(int(plain, 16))
    value = float(int(plain, 8)) if _OCTAL.fullmatch(plain) else float(plain)
    if math.isinf(value) and plain[:1] in ".0123456789":
        raise ValueError(f'value out of range: "{text}"')
    return value
