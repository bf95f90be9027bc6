"""Numbers for people: the humanize functions of Prometheus' templates."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from watchkeeper.keeper.promql.quoting import general, quote

from .errors import TemplateFailure
from .values import Value, type_name

_UP = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_UP_1024 = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_DOWN = ("m", "u", "n", "p", "f", "a", "z", "y")
_FLOAT = re.compile(
    r"[+-]?(\d[\d_]*\.?[\d_]*([eE][+-]?\d+)?|\.\d[\d_]*([eE][+-]?\d+)?|inf(inity)?|nan)", re.I
)


def number_of(value: Value) -> float:
    """Return a number, or what a text says. Raises TemplateFailure for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        raise TemplateFailure(f"can't convert {type_name(value)} to float")
    if not _FLOAT.fullmatch(value):
        raise TemplateFailure(f"strconv.ParseFloat: parsing {quote(value)}: invalid syntax")
    return float(value.replace("_", ""))


def brief(value: float) -> str:
    """Write four significant digits, as Go's %.4g."""
    return general(value, 4)


def _scaled(value: float, base: float, prefixes: Sequence[str]) -> str:
    prefix = ""
    for candidate in prefixes:
        if abs(value) < base:
            break
        prefix, value = candidate, value / base
    return brief(value) + prefix


def _shrunk(value: float) -> tuple[float, str]:
    prefix = ""
    for candidate in _DOWN:
        if abs(value) >= 1:
            break
        prefix, value = candidate, value * 1000
    return value, prefix


def humanize(given: Value) -> str:
    """Write a number with a metric prefix: 1.235k, 12m."""
    value = number_of(given)
    if value == 0 or not math.isfinite(value):
        return brief(value)
    if abs(value) >= 1:
        return _scaled(value, 1000, _UP)
    small, prefix = _shrunk(value)
    return brief(small) + prefix


def humanize_1024(given: Value) -> str:
    """Write a number with a binary prefix: 1.5Mi."""
    value = number_of(given)
    if abs(value) <= 1 or not math.isfinite(value):
        return brief(value)
    return _scaled(value, 1024, _UP_1024)


def humanize_percentage(given: Value) -> str:
    """Write a ratio as percents: 0.125 as 12.5%."""
    return brief(number_of(given) * 100) + "%"


def humanize_duration(given: Value) -> str:
    """Write seconds as days to seconds, or with a metric prefix below one second."""
    value = number_of(given)
    if not math.isfinite(value):
        return brief(value)
    if value == 0:
        return "0s"
    if abs(value) < 1:
        small, prefix = _shrunk(value)
        return f"{brief(small)}{prefix}s"
    return ("-" if value < 0 else "") + _clock(abs(value))


def _clock(value: float) -> str:
    whole = int(value)
    parts = ((whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "m"), (whole % 60, "s"))
    first = next((place for place, (count, _) in enumerate(parts) if count), 3)
    if first == 3:
        return f"{brief(value)}s"
    return " ".join(f"{count}{unit}" for count, unit in parts[first:])


def moment(given: Value) -> datetime:
    """Return Unix seconds as a time in UTC. Raises TemplateFailure beyond what a time can hold."""
    value = number_of(given)
    if not math.isfinite(value):
        raise TemplateFailure("value is NaN or Inf")
    # Go cuts the rest of a millisecond off towards 1970, also before it.
    size = abs(int(value * 1e9)) // 1_000_000
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=size if value >= 0 else -size)
    except OverflowError:
        raise TemplateFailure(f"{general(value)} cannot be represented as a time") from None


def humanize_timestamp(given: Value) -> str:
    """Write Unix seconds as `2006-01-02 15:04:05.999 +0000 UTC`."""
    value = number_of(given)
    return time_text(moment(value)) if math.isfinite(value) else brief(value)


def time_text(time: datetime) -> str:
    """Write a time as Go does."""
    fraction = f".{time.microsecond:06d}".rstrip("0") if time.microsecond else ""
    return f"{time:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"
