"""Tokens of a template: text outside of actions, and the words inside.

Grammar: Go's text/template. Spaces inside an action are tokens, as they part arguments.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .errors import TemplateSyntaxError

_SPACES = " \t\r\n"
_TRIMMED_CLOSE = re.compile(r"[ \t\r\n]+-\}\}")
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<raw>`[^`]*`)
    |(?P<char>'(?:[^'\\\n]|\\.)+')
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+
        |(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?)(?![A-Za-z0-9_.]))
    |(?P<variable>\$\w*)
    |(?P<field>\.[^\W\d]\w*)
    |(?P<word>[^\W\d]\w*)
    |(?P<sign>:=|[=|(),.])""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """A token: its kind (text, open, close, space, string, number, word ...), its text, its line."""

    kind: str
    text: str
    line: int


def tokens_of(text: str) -> list[Token]:
    """Split a template into tokens, the last of kind `end`. Raises TemplateSyntaxError."""
    out: list[Token] = []
    at, trims = 0, False
    while True:
        start = text.find("{{", at)
        plain = text[at:] if start < 0 else text[at:start]
        plain = plain.lstrip(_SPACES) if trims else plain
        line = _line(text, at)
        if start < 0:
            out += [Token("text", plain, line)] if plain else []
            return [*out, Token("end", "", _line(text, len(text)))]
        if _trims_left(text, start):
            plain = plain.rstrip(_SPACES)
        if plain:
            out.append(Token("text", plain, line))
        at, trims = _action(text, start, out)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _trims_left(text: str, start: int) -> bool:
    return text.startswith("{{-", start) and text[start + 3 : start + 4] in (" ", "\t", "\r", "\n")


def _action(text: str, start: int, out: list[Token]) -> tuple[int, bool]:
    """Read one action into `out`; return where it ends and whether the text after it is trimmed."""
    at = start + 3 if _trims_left(text, start) else start + 2
    inner = at + len(text[at:]) - len(text[at:].lstrip(_SPACES)) if _trims_left(text, start) else at
    if text.startswith("/*", inner):
        return _comment(text, start, inner)
    out.append(Token("open", "{{", _line(text, start)))
    depth = 0
    while True:
        end = _closing(text, at)
        if end is not None:
            if depth:
                raise TemplateSyntaxError("unclosed left paren", _line(text, at))
            out.append(Token("close", "}}", _line(text, at)))
            return end
        token = _token(text, at, start)
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "sign" else 0
        if depth < 0:
            raise TemplateSyntaxError("unexpected right paren", token.line)
        out.append(token)
        at += len(token.text)


def _comment(text: str, start: int, inner: int) -> tuple[int, bool]:
    end = text.find("*/", inner)
    if end < 0:
        raise TemplateSyntaxError("unclosed comment", _line(text, start))
    closing = _closing(text, end + 2)
    if closing is None:
        raise TemplateSyntaxError("comment ends before closing delimiter", _line(text, end))
    return closing


def _closing(text: str, at: int) -> tuple[int, bool] | None:
    if text.startswith("}}", at):
        return at + 2, False
    found = _TRIMMED_CLOSE.match(text, at)
    return (found.end(), True) if found else None


def _token(text: str, at: int, start: int) -> Token:
    line = _line(text, at)
    if at >= len(text):
        raise TemplateSyntaxError("unclosed action", _line(text, start))
    found = _TOKEN.match(text, at)
    if found is None:
        raise TemplateSyntaxError(_complaint(text, at), line)
    return Token(found.lastgroup or "", found.group(), line)


def _complaint(text: str, at: int) -> str:
    rune = text[at]
    if rune == '"':
        return "unterminated quoted string"
    if rune == "`":
        return "unterminated raw quoted string"
    if rune == "'":
        return "unterminated character constant"
    if rune.isdigit() or rune in "+-":
        return f"bad number syntax: {text[at : at + 10].split()[0]!r}"
    return f"unexpected character in action: {rune!r}"
