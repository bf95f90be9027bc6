"""One line of an exposition: name, labels, value, time, exemplar."""

from __future__ import annotations

import re
from typing import NamedTuple

from watchkeeper.keeper.scrape.errors import ExpositionError

Pairs = tuple[tuple[str, str], ...]

_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*+"
_BRACES = rf'\{{(?:[^"}}]|{_QUOTED})*+\}}'
_KEY = re.compile(rf"(?:({_NAME})[ \t]*+)?({_BRACES})?+")
_ITEM = re.compile(rf"\s*+(?:([a-zA-Z_][a-zA-Z0-9_]*+)|({_QUOTED}))(?:\s*+=\s*+({_QUOTED}))?+\s*+(,|$)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"\\": "\\", '"': '"', "n": "\n"}
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?[iI][nN][fF](?:[iI][nN][iI][tT][yY])?"
    r"|[nN][aA][nN]"
)


class Key(NamedTuple):
    """The name and the labels of a series, in the order of the line."""

    name: str
    labels: Pairs


class Exemplar(NamedTuple):
    """An example of what a sample counted; the time in ms, when given."""

    labels: Pairs
    value: float
    time_ms: int | None


def key_end(line: str) -> int:
    """Return where the name and the labels end; 0 when the line does not begin with a series."""
    match = _KEY.match(line)
    return 0 if match is None else match.end() if match[2] else match.end(1) if match[1] else 0


def parse_key(text: str) -> Key:
    """Parse `name{label="value",...}` or `{"name",...}`; raises ExpositionError saying what is wrong."""
    match = _KEY.fullmatch(text)
    if match is None or not text:
        raise ExpositionError(f"not a series: {shown(text)}")
    name, braces = match[1], match[2]
    if braces is None:
        return Key(name, ())
    quoted_name, labels = _parse_items(braces[1:-1], named=name is not None)
    return Key(name or quoted_name, labels)


def parse_number(text: str) -> float:
    """Parse a value as the formats write it."""
    if not _NUMBER.fullmatch(text):
        raise ExpositionError(f"not a number: {shown(text)}")
    return float(text)


def _parse_items(text: str, *, named: bool) -> tuple[str, Pairs]:
    """Parse what is between the braces; returns the quoted metric name, if any, and the labels."""
    name, labels, at = "", [], 0
    while at < len(text.rstrip()):
        match = _ITEM.match(text, at)
        if match is None:
            raise ExpositionError(f"bad label at {shown(text[at:])}")
        bare, quoted, value, _ = match.groups()
        at = match.end()
        if value is not None:
            labels.append((bare or _unquoted(quoted), _unquoted(value)))
        elif quoted is not None and not named and not name and not labels:
            name = _unquoted(quoted)
        else:
            raise ExpositionError(f"label without a value at {shown(match[0])}")
    if not named and not name:
        raise ExpositionError("series without a name")
    names = {label for label, _ in labels}
    if len(names) < len(labels) or "__name__" in names or "" in names:
        raise ExpositionError(f"label twice, empty or named __name__ in {shown(text)}")
    return name, tuple(labels)


def _unquoted(quoted: str) -> str:
    body = quoted[1:-1]
    return body if "\\" not in body else _ESCAPE.sub(_unescaped, body)


def _unescaped(match: re.Match[str]) -> str:
    return _ESCAPED.get(match[1], match[0])  # an unknown escape stays as it is, as in Prometheus


def shown(text: str) -> str:
    """Quote a text for an error message, shortened."""
    return repr(text if len(text) <= 80 else text[:77] + "...")
