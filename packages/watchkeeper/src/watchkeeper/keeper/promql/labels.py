"""Label sets: sorted tuples of (name, value), with the few operations the language needs."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Mapping

from .quoting import is_plain_label, quote

Labels = tuple[tuple[str, str], ...]

NAME = "__name__"
BUCKET = "le"
# What a series stops being entitled to once its values mean something else.
IDENTITY = frozenset({NAME, "__type__", "__unit__"})
EMPTY: Labels = ()


def of(pairs: Mapping[str, str] | Iterable[tuple[str, str]]) -> Labels:
    """Build a label set; empty values mean absent labels."""
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    return tuple(sorted((name, value) for name, value in items if value != ""))


def value_of(labels: Labels, name: str) -> str:
    """Return a label's value, empty when absent."""
    for key, value in labels:
        if key == name:
            return value
    return ""


def without(labels: Labels, names: Collection[str]) -> Labels:
    """Drop the named labels."""
    return tuple(pair for pair in labels if pair[0] not in names)


def only(labels: Labels, names: Collection[str]) -> Labels:
    """Keep the named labels alone."""
    return tuple(pair for pair in labels if pair[0] in names)


def anonymous(labels: Labels) -> Labels:
    """Drop what names the metric, its type and its unit."""
    return without(labels, IDENTITY)


def replaced(labels: Labels, name: str, value: str) -> Labels:
    """Set one label; an empty value removes it."""
    return of({**dict(labels), name: value})


def text(labels: Labels) -> str:
    """Render a label set as errors show it: `{a="b", c="d"}`."""
    parts = (f"{name if is_plain_label(name) else quote(name)}={quote(value)}" for name, value in labels)
    return "{" + ", ".join(parts) + "}"


def digest(labels: Labels) -> int:
    """Return the 64-bit XXH64 of the length-prefixed names and values.

    Prometheus hashes the same bytes, so limit_ratio samples the same series here as there.
    """
    data = bytearray()
    for pair in labels:
        for part in pair:
            raw = part.encode("utf-8", "surrogateescape")
            data += _length(len(raw)) + raw
    return xxh64(bytes(data))


def _length(size: int) -> bytes:
    return bytes([size]) if size < 255 else b"\xff" + size.to_bytes(3, "little")


_MASK = (1 << 64) - 1
_P1, _P2, _P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P4, _P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5


def _rotated(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & _MASK


def _round(lane: int, word: int) -> int:
    return (_rotated((lane + word * _P2) & _MASK, 31) * _P1) & _MASK


def xxh64(data: bytes) -> int:
    """Hash bytes by XXH64 with seed zero (specification: xxHash fast digest algorithm, 0.1.1)."""
    at = 0
    if len(data) >= 32:
        lanes = [(_P1 + _P2) & _MASK, _P2, 0, -_P1 & _MASK]
        while at + 32 <= len(data):
            lanes = [
                _round(lane, word)
                for lane, word in zip(lanes, struct.unpack_from("<4Q", data, at), strict=True)
            ]
            at += 32
        value = sum(_rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & _MASK
        for lane in lanes:
            value = ((value ^ _round(0, lane)) * _P1 + _P4) & _MASK
    else:
        value = _P5
    return _avalanche(_tail(data, at, (value + len(data)) & _MASK))


def _tail(data: bytes, at: int, value: int) -> int:
    while at + 8 <= len(data):
        value = (
            _rotated(value ^ _round(0, int.from_bytes(data[at : at + 8], "little")), 27) * _P1 + _P4
        ) & _MASK
        at += 8
    if at + 4 <= len(data):
        word = int.from_bytes(data[at : at + 4], "little")
        value = (_rotated(value ^ (word * _P1 & _MASK), 23) * _P2 + _P3) & _MASK
        at += 4
    for byte in data[at:]:
        value = _rotated(value ^ (byte * _P5 & _MASK), 11) * _P1 & _MASK
    return value


def _avalanche(value: int) -> int:
    value = ((value ^ (value >> 33)) * _P2) & _MASK
    value = ((value ^ (value >> 29)) * _P3) & _MASK
    return value ^ (value >> 32)
