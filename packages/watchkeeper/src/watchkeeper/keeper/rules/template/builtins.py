"""The functions that Go's text/template always knows; `and` and `or`, which stop early, are the runner's."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote_plus

from .errors import TemplateFailure
from .printf import sprintf
from .values import Value, equal, is_true, less, plain, shown, type_name

_HTML = str.maketrans({"\x00": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}


def _equals(first: Value, *others: Value) -> bool:
    if not others:
        raise TemplateFailure("missing argument for comparison")
    return any(equal(first, other) for other in others)


def _length(value: Value) -> int:
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogateescape"))
    if isinstance(value, list | dict):
        return len(value)
    raise TemplateFailure(f"len of type {type_name(value)}")


def _index(value: Value, *keys: Value) -> Value:
    for key in keys:
        value = _indexed(value, key)
    return value


def _indexed(value: Value, key: Value) -> Value:
    if isinstance(value, dict):
        if not isinstance(key, str):
            raise TemplateFailure(f"value has type {type_name(key)}; should be string")
        return value.get(key, "")
    if not isinstance(value, list | str):
        raise TemplateFailure(f"can't index item of type {type_name(value)}")
    place = _place(key)
    held = value.encode() if isinstance(value, str) else value
    if not 0 <= place < len(held):
        raise TemplateFailure(f"index out of range: {place}")
    return held[place]


def _place(key: Value) -> int:
    if isinstance(key, bool) or not isinstance(key, int):
        raise TemplateFailure(f"cannot index slice/array with type {type_name(key)}")
    return key


def _slice(value: Value, *places: Value) -> Value:
    if not isinstance(value, str | list):
        raise TemplateFailure(f"can't slice item of type {type_name(value)}")
    if len(places) > (2 if isinstance(value, str) else 3):
        raise TemplateFailure(f"too many slice indexes: {len(places)}")
    held = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    bounds = [_place(place) for place in places]
    start = bounds[0] if bounds else 0
    end = bounds[1] if len(bounds) > 1 else len(held)
    if not 0 <= start <= end <= len(held):
        raise TemplateFailure(f"index out of range: [{start}:{end}]")
    cut = held[start:end]
    return cut.decode("utf-8", "surrogateescape") if isinstance(cut, bytes) else cut


def _printed(*values: Value) -> str:
    """Join values; a space parts two of them when neither is a text."""
    out = ""
    for place, value in enumerate(values):
        apart = place > 0 and not isinstance(value, str) and not isinstance(values[place - 1], str)
        out += (" " if apart else "") + plain(value)
    return out


def _lined(*values: Value) -> str:
    return " ".join(plain(value) for value in values) + "\n"


def _joined(values: tuple[Value, ...]) -> str:
    return values[0] if len(values) == 1 and isinstance(values[0], str) else "".join(map(shown, values))


def _html(*values: Value) -> str:
    return _joined(values).translate(_HTML)


def _js(*values: Value) -> str:
    return "".join(_js_rune(rune) for rune in _joined(values))


def _js_rune(rune: str) -> str:
    return _JS.get(rune) or (rune if rune.isprintable() else f"\\u{ord(rune):04X}")


def _urlquery(*values: Value) -> str:
    return quote_plus(_joined(values), safe="~")


def _printf(form: Value, *values: Value) -> str:
    if not isinstance(form, str):
        raise TemplateFailure(f"wrong type for value; expected string; got {type_name(form)}")
    return sprintf(form, values)


def _call(*_: Value) -> Value:
    raise TemplateFailure("call: no value here is a function")


BUILTINS: dict[str, Callable[..., Value]] = {
    "not": lambda value: not is_true(value),
    "eq": _equals,
    "ne": lambda left, right: not equal(left, right),
    "lt": less,
    "le": lambda left, right: less(left, right) or equal(left, right),
    "gt": lambda left, right: not (less(left, right) or equal(left, right)),
    "ge": lambda left, right: not less(left, right),
    "len": _length,
    "index": _index,
    "slice": _slice,
    "print": _printed,
    "println": _lined,
    "printf": _printf,
    "html": _html,
    "js": _js,
    "urlquery": _urlquery,
    "call": _call,
}
EARLY = frozenset({"and", "or"})
