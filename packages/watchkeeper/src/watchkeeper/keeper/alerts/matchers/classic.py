"""The classic syntax: forgiving, names in the classic alphabet, quotes optional.

Source of the rules: Alertmanager, pkg/labels/parse.go and its table of cases.
"""

from __future__ import annotations

import re
from typing import cast

from watchkeeper.keeper.alerts.errors import MatcherInvalid
from watchkeeper.keeper.alerts.labels import proper_text
from watchkeeper.keeper.alerts.matchers.matcher import Matcher, Matchers, Operator

_SHAPE = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*((?s:.*?))\s*", re.ASCII)
_ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}


def classic_matchers(text: str) -> Matchers:
    """Read a list of matchers, with or without braces; raise MatcherInvalid."""
    return tuple(classic_matcher(part) for part in parts(text.removeprefix("{").removesuffix("}")))


def parts(text: str) -> list[str]:
    """Cut at the commas that stand outside quotes; blanks after the last one are nothing."""
    found, start, quoted, escape = [], 0, False, False
    for at, rune in enumerate(text):
        if rune == "," and not quoted:
            found.append(text[start:at])
            start = at + 1
        elif rune == '"':
            quoted = quoted if escape else not quoted
            escape = False
        elif rune != ",":
            escape = rune == "\\" and not escape
    last = text[start:].strip()
    return [*found, last] if last else found


def classic_matcher(text: str) -> Matcher:
    """Read one matcher; raise MatcherInvalid."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise MatcherInvalid(f"bad matcher format: {text}")
    name, op, raw = shape.groups()
    if not proper_text(raw):
        raise MatcherInvalid(f"matcher value not valid UTF-8: {raw}")
    return Matcher(name, cast(Operator, op), unescaped(raw))


def unescaped(raw: str) -> str:
    """Return what a value means: one pair of quotes off, known escapes replaced, others kept."""
    opened = raw.startswith('"')
    body = raw[1:] if opened else raw
    out, at = [], 0
    while at < len(body):
        rune = body[at]
        last = at == len(body) - 1
        if rune == "\\" and not last:
            out.append(_ESCAPES.get(body[at + 1], "\\" + body[at + 1]))
            at += 1
        elif rune != '"':
            out.append(rune)
        elif not (opened and last):
            raise _unescaped_quote(raw)
        else:
            return "".join(out)
        at += 1
    if opened:
        raise _unescaped_quote(raw)
    return "".join(out)


def _unescaped_quote(raw: str) -> MatcherInvalid:
    return MatcherInvalid(f"matcher value contains unescaped double quote: {raw}")
