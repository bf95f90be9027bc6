"""Series, labels and matchers: the shapes that flow in and out of the store."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Labels = tuple[tuple[str, str], ...]
"""Pairs sorted by name, `__name__` among them; no empty values."""

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Refs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

STALE_BITS = 0x7FF0000000000002
"""The NaN that says "this series has ended" (Prometheus, model/value)."""
STALE: float = struct.unpack("<d", struct.pack("<Q", STALE_BITS))[0]


@dataclass(frozen=True, slots=True)
class Series:
    """One series: labels, int64 milliseconds (ascending, unique), float64 values of equal length."""

    labels: Labels
    times: Times
    values: Values


class Matcher(NamedTuple):
    """One condition on a label; an absent label has the value ""; regexes match the whole value."""

    name: str
    op: Literal["=", "!=", "=~", "!~"]
    value: str


def is_stale(values: Values) -> Mask:
    """Tell which values are staleness markers, by their exact bits."""
    mask: Mask = values.view(np.uint64) == np.uint64(STALE_BITS)
    return mask


def labels_of(mapping: dict[str, str] | Any, name: str | None = None) -> Labels:
    """Make labels from a mapping: sorted, without empty values, with `__name__` when `name` is given."""
    pairs = dict(mapping)
    if name is not None:
        pairs["__name__"] = name
    return tuple(sorted((key, value) for key, value in pairs.items() if value))
