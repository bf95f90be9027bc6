"""Functions of one number at a time: mathematics and the calendar."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .series import Floats, Ints


def _sign(values: Floats) -> Floats:
    return np.where(values < 0, -1.0, np.where(values > 0, 1.0, values))


MATHEMATICS: dict[str, Callable[[Floats], Floats]] = {
    "abs": np.abs,
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atanh": np.arctanh,
    "ceil": np.ceil,
    "cos": np.cos,
    "cosh": np.cosh,
    "deg": lambda values: values * 180 / np.pi,
    "exp": np.exp,
    "floor": np.floor,
    "ln": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "rad": lambda values: values * np.pi / 180,
    "sgn": _sign,
    "sin": np.sin,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "tan": np.tan,
    "tanh": np.tanh,
}


def rounded(values: Floats, nearest: Floats) -> Floats:
    """Round to the nearest multiple, ties up; the inverse is exact for more multiples."""
    inverse = 1.0 / nearest
    return np.floor(values * inverse + 0.5) / inverse


def clamped(values: Floats, least: Floats, most: Floats) -> Floats:
    """Bound values from both sides; NaN yields only to an infinity that no number passes."""
    below = np.minimum(most, values)
    below = np.where(np.isneginf(most) | np.isneginf(values), -np.inf, below)
    return np.where(np.isposinf(least) | np.isposinf(below), np.inf, np.maximum(least, below))


def _day(seconds: Ints) -> Ints:
    return np.floor_divide(seconds, 86_400)


def _date(seconds: Ints, unit: str) -> Ints:
    return _day(seconds).astype("datetime64[D]").astype(f"datetime64[{unit}]").astype(np.int64)


def _first_day(seconds: Ints, unit: str, ahead: int = 0) -> Ints:
    return (
        (_date(seconds, unit) + ahead).astype(f"datetime64[{unit}]").astype("datetime64[D]").astype(np.int64)
    )


CALENDAR: dict[str, Callable[[Ints], Ints]] = {
    "day_of_month": lambda seconds: _day(seconds) - _first_day(seconds, "M") + 1,
    "day_of_week": lambda seconds: (_day(seconds) + 4) % 7,
    "day_of_year": lambda seconds: _day(seconds) - _first_day(seconds, "Y") + 1,
    "days_in_month": lambda seconds: _first_day(seconds, "M", 1) - _first_day(seconds, "M"),
    "hour": lambda seconds: np.floor_divide(seconds, 3600) % 24,
    "minute": lambda seconds: np.floor_divide(seconds, 60) % 60,
    "month": lambda seconds: _date(seconds, "M") % 12 + 1,
    "year": lambda seconds: _date(seconds, "Y") + 1970,
}


def calendar(name: str, values: Floats) -> Floats:
    """Take a part of the dates (UTC) that Unix seconds stand for; a number that is no date gives NaN."""
    dates = np.abs(values) < 1e15
    seconds = np.trunc(np.where(dates, values, 0.0)).astype(np.int64)
    return np.where(dates, CALENDAR[name](seconds), np.nan)
