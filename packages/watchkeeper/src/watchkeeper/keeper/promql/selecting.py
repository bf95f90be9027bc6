"""Reading selectors: a metric's name and matchers of labels."""

from __future__ import annotations

import re
from typing import Literal, cast

from .cursor import Cursor
from .labels import NAME
from .lexer import Token
from .regexes import compiled
from .syntax import Matcher, Selector, Span


def read_selector(cursor: Cursor) -> Selector:
    """Read a vector selector that starts here."""
    token = cursor.peek()
    if token.type == "word":
        cursor.take()
        return _named(cursor, token.text, token.start)
    if not cursor.is_sign("{"):
        cursor.unexpected("vector selector")
    return _named(cursor, "", token.start)


def _named(cursor: Cursor, name: str, start: int) -> Selector:
    matchers: list[Matcher] = []
    end = start + len(name)
    if cursor.is_sign("{"):
        quoted, matchers, end = _matchers(cursor)
        if quoted:
            if name:
                cursor.fail(f'metric name must not be set twice: "{name}" or "{quoted}"', Span(start, end))
            name = quoted
    if name:
        matchers.append(Matcher(NAME, "=", name))
    return Selector(Span(start, end), name, tuple(matchers))


def _matchers(cursor: Cursor) -> tuple[str, list[Matcher], int]:
    cursor.take()
    name, matchers = "", list[Matcher]()
    while not cursor.is_sign("}"):
        token = cursor.peek()
        if token.type not in ("word", "string"):
            cursor.unexpected("label matching", 'identifier or "}"')
        cursor.take()
        if token.type == "string" and (cursor.is_sign(",") or cursor.is_sign("}")):
            if name:
                cursor.fail("metric name must not be set twice", Span(token.start, token.end))
            name = cursor.unquoted(token)
        else:
            matchers.append(_matcher(cursor, token))
        if not cursor.accept(",") and not cursor.is_sign("}"):
            cursor.unexpected("label matching", '"," or "}"')
    return name, matchers, cursor.take().end


def _matcher(cursor: Cursor, label: Token) -> Matcher:
    name = cursor.unquoted(label) if label.type == "string" else label.text
    op = cursor.take()
    if op.type != "sign" or op.text not in ("=", "!=", "=~", "!~"):
        cursor.at -= 1
        cursor.unexpected("label matching", "label matching operator")
    value = cursor.take()
    if value.type != "string":
        cursor.at -= 1
        cursor.unexpected("label matching", "string")
    matcher = Matcher(name, cast("Literal['=', '!=', '=~', '!~']", op.text), cursor.unquoted(value))
    if "~" in op.text:
        _check_regex(cursor, matcher.value, Span(label.start, value.end))
    return matcher


def _check_regex(cursor: Cursor, pattern: str, span: Span) -> None:
    try:
        compiled(pattern)
    except (re.error, OverflowError) as error:
        cursor.fail(f"error parsing regexp: {error}: `{pattern}`", span)
