"""The functions of Alertmanager's templates."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from watchkeeper.keeper.notify.message.data import join_texts
from watchkeeper.keeper.notify.message.times import in_zone, laid_out
from watchkeeper.keeper.rules.template import Record, TemplateFailure, prometheus
from watchkeeper.keeper.rules.template.builtins import BUILTINS, EARLY
from watchkeeper.keeper.rules.template.values import shown


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
    names = ("title", "toUpper", "toLower", "match", "reReplaceAll", "humanizeDuration")
    return {
        **{name: shared[name] for name in names},
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
        "since": lambda time: since(time_of(time), now),
        "toJson": to_json,
    }


def no_query(_: str) -> list[Any]:
    raise TemplateFailure("there is no query in messages")


def pairs_of(*values: object) -> dict[str, object]:
    """Return a map of names and values that follow each other."""
    if len(values) % 2:
        raise TemplateFailure("dict wants names and values in pairs")
    return {str(name): value for name, value in zip(values[::2], values[1::2], strict=True)}


def time_of(value: object) -> datetime:
    """Return the time in a template's value."""
    time = value.fields.get("Time") if isinstance(value, Record) else None
    if not isinstance(time, datetime):
        raise TemplateFailure("a time is wanted")
    return time


def since(time: datetime, now: float) -> str:
    """Write how long ago a time was, as Go writes durations: 1h2m3s."""
    seconds = now - time.timestamp()
    whole = int(abs(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    text = (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{whole % 60}s"
    return ("-" if seconds < 0 else "") + text


def to_json(value: object) -> str:
    """Write a value as JSON."""
    return msgspec.json.encode(value, enc_hook=bare).decode()


def bare(value: object) -> object:
    """Return what JSON has for a record or a function's name."""
    if isinstance(value, Record) and value.type == "time.Time":
        return value.fields["Time"]
    if isinstance(value, Record):
        return dict(value.fields)
    raise TemplateFailure(f"{type(value).__name__} has no JSON form")


NAMES = frozenset({*BUILTINS, *EARLY, *functions(0.0)})
