"""Go's fmt.Sprintf for the values that templates know."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from watchkeeper.keeper.promql.quoting import general, quote

from .errors import TemplateLimit
from .values import Value, plain, shortest, type_name

_VERB = re.compile(r"%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?(.)?", re.DOTALL)
_WIDEST = 1000


def sprintf(form: str, values: Sequence[Value]) -> str:
    """Format values by a Go format; mistakes show in the text as Go shows them. Raises TemplateLimit."""
    writer = _Writer(values)
    out = _VERB.sub(writer.verb, form)
    return out + writer.extra()


class _Writer:
    def __init__(self, values: Sequence[Value]) -> None:
        self.values = values
        self.at = 0

    def verb(self, found: re.Match[str]) -> str:
        flags, width, _, letter = found.groups()
        if letter is None:
            return "%!(NOVERB)"
        size = self.number(width)
        digits = self.digits(found)
        if size is not None and size < 0:
            flags, size = flags + "-", -size
        if letter == "%":
            return "%"
        if self.at >= len(self.values):
            return f"%!{letter}(MISSING)"
        value = self.values[self.at]
        self.at += 1
        text = formatted(letter, flags, digits, value)
        if text is not None:
            return _padded(text, flags, size, letter, value)
        # A verb that does not fit shows the value as %v would, with the same flags.
        default = _padded(_unfit(flags.replace("#", ""), digits, value), flags, size, "v", value)
        return f"%!{letter}({'<nil>' if value is None else f'{type_name(value)}={default}'})"

    def digits(self, found: re.Match[str]) -> int | None:
        if "." not in found.group():
            return None
        dot = found.group(3)
        return 0 if dot is None else self.number(dot)

    def number(self, text: str | None) -> int | None:
        if text == "*":
            number = self.values[self.at] if self.at < len(self.values) else 0
            self.at += 1
        else:
            number = None if text is None else int(text)
        if isinstance(number, int) and abs(number) > _WIDEST:
            raise TemplateLimit(f"printf: a width or precision of {number} is more than {_WIDEST}")
        return number if isinstance(number, int) else None

    def extra(self) -> str:
        rest = self.values[self.at :]
        if not rest:
            return ""
        return "%!(EXTRA " + ", ".join(_typed(value) for value in rest) + ")"


def _typed(value: Value) -> str:
    return "<nil>" if value is None else f"{type_name(value)}={plain(value)}"


def formatted(letter: str, flags: str, digits: int | None, value: Value) -> str | None:
    """Format one value by one verb, without padding; None where the verb does not fit the value."""
    if letter == "v":
        return _by_default(flags, digits, value)
    if letter == "T":
        return type_name(value)[:digits]
    text: str | None = None
    if isinstance(value, bool):
        text = plain(value) if letter == "t" else None
    elif isinstance(value, int):
        text = _integer(letter, flags, value)
    elif isinstance(value, float):
        text = _float(letter, flags, digits, value)
    elif isinstance(value, str):
        text = _text(letter, flags, digits, value)
    elif isinstance(value, list | dict) and letter in "sq":
        text = plain(value)
    return text


def _unfit(flags: str, digits: int | None, value: Value) -> str:
    if isinstance(value, float):
        return _float("g", flags, digits, value) or ""
    return _by_default(flags, digits, value)


def _by_default(flags: str, digits: int | None, value: Value) -> str:
    if isinstance(value, float):
        return _float("g", flags.replace("+", ""), digits, value) or ""
    if isinstance(value, str):
        return quote(value) if "#" in flags else value[:digits]
    if isinstance(value, int) and not isinstance(value, bool):
        return _integer("d", flags, value) or ""
    return plain(value)


def _integer(letter: str, flags: str, value: int) -> str | None:
    if letter == "c":
        return chr(value) if 0 <= value < 0x110000 else "\ufffd"
    if letter == "q":
        return "'" + (chr(value) if 0 <= value < 0x110000 else "\ufffd") + "'"
    if letter == "U":
        return f"U+{value:04X}"
    if letter not in "dboxX":
        return None
    body = format(abs(value), letter)
    if "#" in flags and letter in "oxXb":
        body = {"o": "0", "x": "0x", "X": "0X", "b": "0b"}[letter] + body
    return _sign(value < 0, flags) + body


def _sign(negative: bool, flags: str) -> str:
    return "-" if negative else "+" if "+" in flags else " " if " " in flags else ""


def _float(letter: str, flags: str, digits: int | None, value: float) -> str | None:
    if letter not in "eEfFgG":
        return None
    negative = math.copysign(1, value) < 0 and value == value
    size = abs(value)
    if value != value:
        body = "NaN"
    elif math.isinf(value):
        # Go writes the sign of +Inf for plain %v and %f as well.
        return ("-" if negative else "+") + "Inf"
    elif letter in "gG":
        body = shortest(size) if digits is None else general(size, digits or 1)
        body = body.upper() if letter == "G" else body
    else:
        body = format(size, f".{6 if digits is None else digits}{letter}")
    return _sign(negative, flags) + body


def _text(letter: str, flags: str, digits: int | None, value: str) -> str | None:
    cut = value if digits is None else value[:digits]
    match letter:
        case "s":
            return cut
        case "q":
            return f"`{cut}`" if "#" in flags and "`" not in cut else quote(cut)
        case "x" | "X":
            data = cut.encode("utf-8", "surrogateescape")
            code = data.hex(" ") if " " in flags else data.hex()
            return code.upper() if letter == "X" else code
    return None


def _padded(text: str, flags: str, width: int | None, letter: str, value: Value) -> str:
    if width is None or len(text) >= width:
        return text
    if "-" in flags:
        return text.ljust(width)
    finite = not isinstance(value, float) or math.isfinite(value)
    if "0" in flags and finite:
        numeric = isinstance(value, int | float) and not isinstance(value, bool) and letter not in "cqU"
        sign = text[:1] if numeric and text[:1] in "+- " else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)
