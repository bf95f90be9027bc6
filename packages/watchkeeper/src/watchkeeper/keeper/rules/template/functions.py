"""The functions that Prometheus adds to templates. All are pure but `query`, which its caller gives."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote, quote_plus, urlsplit

from watchkeeper.keeper.promql.lexer import milliseconds
from watchkeeper.keeper.promql.regexes import expanded, translated

from . import humanize
from .errors import TemplateFailure
from .values import Record, Value, sample, type_name

Samples = Sequence[tuple[Mapping[str, str], float]]
Query = Callable[[str], Samples]
"""Evaluate an expression now; return the labels and the value of each result."""


def prometheus(query: Query, external_url: str, now_ms: int) -> dict[str, Callable[..., Value]]:
    """Return the functions by name, bound to a query, the address of this server and the time."""
    return {
        **_TEXT,
        **_NUMBERS,
        **_VECTORS,
        "query": lambda expr: [sample(labels, value) for labels, value in query(_str(expr))],
        "externalURL": lambda: external_url,
        "pathPrefix": lambda: urlsplit(external_url).path,
        "now": lambda: now_ms / 1000,
    }


def _str(value: Value) -> str:
    if not isinstance(value, str):
        raise TemplateFailure(f"wrong type for value; expected string; got {type_name(value)}")
    return value


def _vector(value: Value) -> list[Record]:
    if not isinstance(value, list):
        raise TemplateFailure(f"wrong type for value; expected template.queryResult; got {type_name(value)}")
    return value


def _sample(value: Value) -> Record:
    if not isinstance(value, Record) or value.type != "template.sample":
        raise TemplateFailure(f"wrong type for value; expected *template.sample; got {type_name(value)}")
    return value


def _first(value: Value) -> Record:
    vector = _vector(value)
    if not vector:
        raise TemplateFailure("first() called on vector with no elements")
    return vector[0]


def _label(name: Value, value: Value) -> str:
    return str(_sample(value).fields["Labels"].get(_str(name), ""))


def _sorted(name: Value, value: Value) -> list[Record]:
    return sorted(_vector(value), key=lambda record: str(record.fields["Labels"].get(_str(name), "")))


_VECTORS: dict[str, Callable[..., Value]] = {
    "first": _first,
    "label": _label,
    "value": lambda value: _sample(value).fields["Value"],
    "strvalue": lambda value: _label("__value__", value),
    "sortByLabel": _sorted,
    "args": lambda *values: {f"arg{place}": value for place, value in enumerate(values)},
}


def _pattern(pattern: Value) -> re.Pattern[str]:
    try:
        return re.compile(translated(f"(?-s:{_str(pattern)})"))
    except re.error as error:
        raise TemplateFailure(f"error parsing regexp: {error}: `{pattern}`") from None


def _replaced(pattern: Value, replacement: Value, text: Value) -> str:
    """Replace all matches; as in Go, an empty match right behind another match is none."""
    template, given = _str(replacement), _str(text)
    out, at, ended = "", 0, -1
    for found in _pattern(pattern).finditer(given):
        if found.end() == found.start() == ended:
            continue
        out += given[at : found.start()] + expanded(found, template)
        at = ended = found.end()
    return out + given[at:]


def _title(text: Value) -> str:
    """Capitalise each word, as Go's strings.Title: any ASCII sign but the underscore parts words."""
    given = _str(text)
    starts = (not place or _parts(given[place - 1]) for place in range(len(given)))
    return "".join(
        _single(rune, rune.title()) if start else rune for rune, start in zip(given, starts, strict=True)
    )


def _single(rune: str, changed: str) -> str:
    """Keep a rune whose other case takes several, as Go does: ß stays ß."""
    return changed if len(changed) == 1 else rune


def _upper(text: Value) -> str:
    return "".join(_single(rune, rune.upper()) for rune in _str(text))


def _lower(text: Value) -> str:
    return "".join(_single(rune, rune.lower()) for rune in _str(text))


def _parts(rune: str) -> bool:
    return not (rune.isalnum() or rune == "_") if rune.isascii() else rune.isspace()


def _link(tab: int) -> Callable[[Value], str]:
    return lambda expr: f"/graph?g0.expr={quote_plus(_str(expr), safe='~')}&g0.tab={tab}"


def _without_port(address: Value) -> str:
    text = _str(address)
    host, colon, port = text.rpartition(":")
    if not colon or "]" in port or (":" in host and not host.endswith("]")):
        return text
    return host.removeprefix("[").removesuffix("]")


def _without_domain(address: Value) -> str:
    """Keep a host's first name and its port; addresses stay."""
    text = _str(address)
    host, port = _without_port(text), ""
    if host != text:
        port = text[text.rindex(":") :]
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.split(".", 1)[0] + port
    return text


def _query_escaped(text: Value) -> str:
    return quote(_str(text), safe="~").replace("%20", "+")


_TEXT: dict[str, Callable[..., Value]] = {
    "match": lambda pattern, text: _pattern(pattern).search(_str(text)) is not None,
    "reReplaceAll": _replaced,
    "safeHtml": _str,
    "title": _title,
    "toUpper": _upper,
    "toLower": _lower,
    "graphLink": _link(0),
    "tableLink": _link(1),
    "stripPort": _without_port,
    "stripDomain": _without_domain,
    "urlQueryEscape": _query_escaped,
}


def _seconds(text: Value) -> float:
    given = _str(text)
    try:
        return milliseconds(given.removeprefix("-")) / (-1000 if given.startswith("-") else 1000)
    except ValueError as error:
        raise TemplateFailure(str(error)) from None


def _time(value: Value) -> Record:
    return _time_record(humanize.moment(value))


def _time_record(moment: datetime) -> Record:
    return Record("time.Time", {"Text": humanize.time_text(moment)}, pointer=True)


_NUMBERS: dict[str, Callable[..., Value]] = {
    "humanize": humanize.humanize,
    "humanize1024": humanize.humanize_1024,
    "humanizePercentage": humanize.humanize_percentage,
    "humanizeDuration": humanize.humanize_duration,
    "humanizeTimestamp": humanize.humanize_timestamp,
    "toTime": _time,
    "parseDuration": _seconds,
}

NAMES = frozenset({*_TEXT, *_NUMBERS, *_VECTORS, "query", "externalURL", "pathPrefix", "now"})
