"""Text and numbers in Go's notation, which the language and its errors use."""

from __future__ import annotations

import math
import re

_SIMPLE_ESCAPES = {
    "a": 7,
    "b": 8,
    "f": 12,
    "n": 10,
    "r": 13,
    "t": 9,
    "v": 11,
    "\\": 92,
    "'": 39,
    '"': 34,
}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)
_BACK = {value: "\\" + key for key, value in _SIMPLE_ESCAPES.items() if key != "'"}
_PLAIN_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")


def unquote(literal: str) -> str:
    """Return what a quoted literal means; bytes that are no UTF-8 stay as surrogates.

    Raises ValueError for an unknown escape or an open quote.
    """
    mark, body = literal[0], literal[1:-1]
    if len(literal) < 2 or literal[-1] != mark:
        raise ValueError("string literal is not closed")
    if mark == "`":
        return body.replace("\r", "")
    if "\n" in body:
        raise ValueError("newline in string literal")
    return _unescape(body) if "\\" in body else body


def _unescape(body: str) -> str:
    out = bytearray()
    at = 0
    for match in _ESCAPE.finditer(body):
        out += body[at : match.start()].encode("utf-8", "surrogateescape")
        out += _escaped_bytes(match.group(1))
        at = match.end()
    rest = body[at:]
    if "\\" in rest:
        raise ValueError("string literal ends with a backslash")
    out += rest.encode("utf-8", "surrogateescape")
    return out.decode("utf-8", "surrogateescape")


def _escaped_bytes(code: str) -> bytes:
    if code[0] == "x":
        return bytes([int(code[1:], 16)])
    if code[0] in "uU" and len(code) > 1:
        return chr(int(code[1:], 16)).encode()
    if len(code) == 3:
        return bytes([int(code, 8) & 0xFF])
    if code in _SIMPLE_ESCAPES:
        return bytes([_SIMPLE_ESCAPES[code]])
    raise ValueError(f"unknown escape sequence \\{code}")


def quote(text: str) -> str:
    """Quote a text as Go's %q does."""
    return '"' + "".join(_quoted_rune(rune) for rune in text) + '"'


def _quoted_rune(rune: str) -> str:
    code = ord(rune)
    if code in _BACK:
        return _BACK[code]
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if rune.isprintable():
        return rune
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def is_plain_label(name: str) -> bool:
    """Tell whether a label name needs no quotes."""
    return _PLAIN_LABEL.match(name) is not None


def decimal(value: float) -> str:
    """Render a float in positional notation with as few digits as are exact: 1, NaN, +Inf, 0.001."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    if "e" in text:
        return _positional(text)
    return text[:-2] if text.endswith(".0") else text


def _positional(text: str) -> str:
    digits, exponent = text.split("e")
    sign = "-" if digits.startswith("-") else ""
    whole, _, fraction = digits.lstrip("-").partition(".")
    fraction = "" if fraction == "0" else fraction
    shift = int(exponent)
    if shift >= 0:
        return sign + whole + fraction.ljust(shift, "0")
    return sign + "0." + "0" * (-shift - 1) + whole + fraction


def general(value: float, digits: int | None = None) -> str:
    """Render a float as Go's %g does: an exponent below 1e-4 and from 1e6 (1e`digits`) on.

    Without `digits` as many are written as are exact. Checked against promtool: 100000, 1.234567e+06.
    """
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "0"
    text = repr(value) if digits is None else f"{value:.{digits - 1}e}"
    mantissa, exponent = _scientific(text)
    if -4 <= exponent < (6 if digits is None else digits):
        return decimal(float(f"{mantissa}e{exponent}"))
    return f"{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _scientific(text: str) -> tuple[str, int]:
    sign = "-" if text.startswith("-") else ""
    digits, _, exponent = text.lstrip("-").partition("e")
    whole, _, fraction = digits.partition(".")
    shift = int(exponent or 0) + len(whole) - 1
    plain = whole + fraction
    lead = len(plain) - len(plain.lstrip("0"))
    plain = plain.lstrip("0").rstrip("0")
    mantissa = plain[0] + ("." + plain[1:] if len(plain) > 1 else "")
    return sign + mantissa, shift - lead


def open_metrics(value: float) -> str:
    """Render a float as OpenMetrics writes a bound: 1.0, 0.5, +Inf."""
    text = general(value)
    return text if any(mark in text for mark in ".eNI") else text + ".0"
