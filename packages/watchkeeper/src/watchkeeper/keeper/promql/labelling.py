"""Functions that work on labels: replace, join, sort."""

from __future__ import annotations

import re
from functools import cmp_to_key

import numpy as np

from .errors import EvaluationError
from .labels import NAME, Labels, replaced, value_of
from .regexes import compiled, expanded
from .series import Vector, merged

_CHUNKS = re.compile(r"\d+|\D+")


def replace_label(vector: Vector, target: str, template: str, source: str, pattern: str) -> Vector:
    """Set a label from what a pattern finds in another; series it does not match stay as they are."""
    try:
        regex = compiled(pattern)
    except (re.error, OverflowError) as error:
        raise EvaluationError(f"invalid regular expression in label_replace(): {pattern}") from error
    _check_name(target, "destination", "label_replace")
    labels, drops = [], []
    for old, drop in zip(vector.labels, vector.drops, strict=True):
        match = regex.fullmatch(value_of(old, source))
        labels.append(old if match is None else replaced(old, target, expanded(match, template)))
        drops.append(drop and (match is None or target != NAME))
    return merged(Vector(labels, vector.values, vector.present, drops))


def join_labels(vector: Vector, target: str, separator: str, sources: list[str]) -> Vector:
    """Set a label to the joined values of others."""
    for source in sources:
        _check_name(source, "source", "label_join")
    _check_name(target, "destination", "label_join")
    labels = [
        replaced(old, target, separator.join(value_of(old, source) for source in sources))
        for old in vector.labels
    ]
    drops = [drop and target != NAME for drop in vector.drops]
    return merged(Vector(labels, vector.values, vector.present, drops))


def _check_name(name: str, role: str, function: str) -> None:
    if not is_label_name(name):
        raise EvaluationError(f"invalid {role} label name in {function}(): {name}")


def is_label_name(name: str) -> bool:
    """Tell whether a text may name a label: any UTF-8 that is not empty."""
    return name != "" and not any("\ud800" <= rune <= "\udfff" for rune in name)


def by_value(vector: Vector, *, descending: bool) -> Vector:
    """Order the rows of a single step by value; NaN comes last."""
    values = vector.values[:, 0]
    nan = np.isnan(values)
    return vector.rows(np.lexsort((np.where(nan, 0.0, -values if descending else values), nan)))


def by_label(vector: Vector, names: list[str], *, descending: bool) -> Vector:
    """Order the rows by label values in natural order, then by all their labels."""

    def compared(a: int, b: int) -> int:
        return _compared(vector.labels[a], vector.labels[b], names)

    order = sorted(range(len(vector)), key=cmp_to_key(compared), reverse=descending)
    return vector.rows(order)


def _compared(one: Labels, two: Labels, names: list[str]) -> int:
    for name in names:
        a, b = value_of(one, name), value_of(two, name)
        if a != b:
            return -1 if natural_less(a, b) else 1
    return (one > two) - (one < two)


def natural_less(one: str, two: str) -> bool:
    """Tell whether a text comes before another when their digits are read as numbers."""
    ones, twos = _CHUNKS.findall(one), _CHUNKS.findall(two)
    for a, b in zip(ones, twos, strict=False):
        if a.isdigit() and b.isdigit():
            if int(a) != int(b):
                return int(a) < int(b)
        elif a != b:
            return bool(a < b)
    return len(ones) <= len(twos)
