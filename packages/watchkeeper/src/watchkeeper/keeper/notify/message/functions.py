"""The functions of Alertmanager's templates."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from watchkeeper.keeper.notify.message.data import join_texts
from watchkeeper.keeper.notify.message.times import (
    DURATION,
    duration_record,
    in_zone,
    laid_out,
    rfc3339_of,
    time_of,
    time_record,
)
from watchkeeper.keeper.rules.template import Record, TemplateFailure, prometheus
from watchkeeper.keeper.rules.template.builtins import BUILTINS, EARLY
from watchkeeper.keeper.rules.template.values import shown

# A word goes on over an apostrophe or a point between two letters: it's, e.g.
WORD = re.compile(r"\w+(?:(?<=[^\W\d_])['\u2019.:\u00b7](?=[^\W\d_])\w+)*")


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


def safe_html(text: object) -> Markup:
    """Mark a text as HTML."""
    return Markup(text)


def html_written(value: object) -> str:
    """Write what an action gives, escaped for HTML unless it was marked safe."""
    return str(value) if isinstance(value, Markup) else html.escape(shown(value))


def functions(now: float) -> dict[str, Callable[..., Any]]:
    """Return the functions by name; now is the Unix time that `since` counts from."""
    shared = prometheus(no_query, "", int(now * 1000))
    names = ("toUpper", "toLower", "match", "reReplaceAll")
    return {
        **{name: shared[name] for name in names},
        "humanizeDuration": lambda length: shared["humanizeDuration"](length_of(length)),
        "title": lambda text: WORD.sub(lambda found: titled(found[0]), str(text)),
        "trimSpace": lambda text: str(text).strip(),
        "join": join_texts,
        "safeHtml": safe_html,
        "safeUrl": shown,
        "urlUnescape": lambda text: unquote_plus(str(text)),
        "stringSlice": lambda *texts: [str(text) for text in texts],
        "list": lambda *values: list(values),
        "append": lambda values, *more: [*values, *more],
        "dict": pairs_of,
        "date": lambda layout, time: laid_out(time_of(time), str(layout)),
        "tz": in_zone,
        "now": lambda: time_record(now),
        "since": lambda time: duration_record(now - time_of(time).timestamp()),
        "toJson": to_json,
    }


def no_query(_: str) -> list[Any]:
    raise TemplateFailure("there is no query in messages")


def pairs_of(*values: object) -> dict[str, object]:
    """Return a map of names and values that follow each other."""
    if len(values) % 2:
        raise TemplateFailure("dict wants names and values in pairs")
    return {str(name): value for name, value in zip(values[::2], values[1::2], strict=True)}


def titled(word: str) -> str:
    """Write a word with its first letter large and the others small."""
    place = next((at for at, sign in enumerate(word) if sign.isalpha()), 0)
    return word[:place] + word[place : place + 1].title() + word[place + 1 :].lower()


def length_of(value: object) -> object:
    """Return the seconds of a length of time; anything else as it is."""
    return value.fields["Length"] if isinstance(value, Record) and value.type == DURATION else value


def to_json(value: object) -> str:
    """Write a value as Go writes JSON: maps by their keys, and nothing that HTML could take for its own."""
    text = msgspec.json.encode(bare(value)).decode()
    return text.translate(ESCAPED)


def bare(value: object) -> object:
    """Return what JSON has for a value; methods are left out."""
    match value:
        case Record() if "Time" in value.fields:
            return rfc3339_of(time_of(value))
        case Record() if "Length" in value.fields:
            return round(value.fields["Length"] * 1_000_000_000)
        case Record():
            pairs = value.fields.items()
            return {json_name(value.type, name): bare(inner) for name, inner in pairs if not callable(inner)}
        case dict():
            return {name: bare(value[name]) for name in sorted(value)}
        case list():
            return [bare(inner) for inner in value]
    if callable(value):
        raise TemplateFailure("a function has no JSON form")
    return value


def json_name(type: str, name: str) -> str:
    """Return the name that Alertmanager's JSON has for a field."""
    return name if type == "template.Pair" else JSON_NAMES.get(name, name[:1].lower() + name[1:])


JSON_NAMES = {"ExternalURL": "externalURL", "GeneratorURL": "generatorURL", "AckURL": "ackURL"}
ESCAPED = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})
NAMES = frozenset({*BUILTINS, *EARLY, *functions(0.0)})
