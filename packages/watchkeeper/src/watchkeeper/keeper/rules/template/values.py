"""What templates compute with, and how Go would judge, compare and print it.

A value is None (nil), a bool, int, float (float64), str, dict (a map of texts), list (a slice) or a
Record (a struct such as a sample).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from watchkeeper.keeper.promql.quoting import decimal, general

from .errors import TemplateFailure

Value = Any
NO_VALUE = "<no value>"


@dataclass(frozen=True, slots=True)
class Record:
    """A struct: its type's name and its fields."""

    type: str
    fields: Mapping[str, Value]
    pointer: bool = False


def sample(labels: Mapping[str, str], value: float) -> Record:
    """Return one result of a query as templates see it: .Labels and .Value."""
    return Record("template.sample", {"Labels": dict(labels), "Value": value}, pointer=True)


def type_name(value: Value) -> str:
    """Return the Go name of a value's type."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float64"
        case str():
            return "string"
        case dict():
            return "map[string]string"
        case list():
            return "template.queryResult"
        case Record():
            return ("*" if value.pointer else "") + value.type
    return type(value).__name__


def is_true(value: Value) -> bool:
    """Tell whether a condition holds: zero, nil and what is empty are false; NaN and structs are true."""
    if isinstance(value, Record):
        return True
    return value is not None and value != 0 and value != "" and value != [] and value != {}


def shown(value: Value) -> str:
    """Write a value as an action does: nil is `<no value>`, and a pointer is followed."""
    if value is None:
        return NO_VALUE
    return plain(value).removeprefix("&") if isinstance(value, Record) else plain(value)


def shortest(value: float) -> str:
    """Write a float as Go's %v: as few digits as are exact, an exponent below 1e-4 and from 1e6 on."""
    if not math.isfinite(value):
        return general(value)
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    digits = Decimal(repr(value))
    if -4 <= digits.adjusted() < 6:
        return decimal(value)
    return exponential(value)


def exponential(value: float) -> str:
    """Write a finite float as Go's %e with as few digits as are exact: 1.5e+09."""
    # The digits are those of repr: formatting the value to as many would round some of them otherwise.
    short = Decimal(repr(value)).normalize()
    first, *rest = map(str, short.as_tuple().digits)
    power = short.adjusted() if short else 0
    sign = "-" if short.is_signed() else ""
    return f"{sign}{'.'.join([first, ''.join(rest)]).rstrip('.')}e{'-' if power < 0 else '+'}{abs(power):02d}"


def plain(value: Value) -> str:
    """Write a value as Go's %v does."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case float():
            return shortest(value)
        case dict():
            return "map[" + " ".join(f"{key}:{plain(value[key])}" for key in sorted(value)) + "]"
        case list():
            return "[" + " ".join(plain(item) for item in value) + "]"
        case Record() if "Text" in value.fields:
            return str(value.fields["Text"])
        case Record():
            body = "{" + " ".join(plain(item) for item in value.fields.values()) + "}"
            return "&" + body if value.pointer else body
    return str(value)


def equal(left: Value, right: Value) -> bool:
    """Compare as `eq` does. Raises TemplateFailure for values of different or incomparable types."""
    for side in (left, right):
        if isinstance(side, dict | list):
            raise TemplateFailure(f"non-comparable type {type_name(side)}")
    if left is None or right is None:
        return left is None and right is None
    if type(left) is not type(right):
        raise TemplateFailure("incompatible types for comparison")
    return bool(left == right)


def less(left: Value, right: Value) -> bool:
    """Compare as `lt` does. Raises TemplateFailure for anything but two numbers or texts of one type."""
    if type(left) is not type(right):
        raise TemplateFailure("incompatible types for comparison")
    if isinstance(left, bool) or not isinstance(left, int | float | str):
        raise TemplateFailure("invalid type for comparison")
    return bool(left < right)
