"""PromQL: a query engine over the store's arrays; no clock, no disk, no loop of its own."""

from __future__ import annotations

from .context import Options
from .engine import Engine, Limits
from .errors import (
    BadRange,
    EvaluationError,
    NativeHistogramRefused,
    ParseError,
    PromqlError,
    QueryTimeout,
    TooManyQueries,
    TooManySamples,
)
from .labels import Labels
from .parser import parse
from .result import Points, Result, Sample, to_json
from .series import STALE_BITS, Queryable, Series
from .syntax import Expr, Matcher

__all__ = [
    "STALE_BITS",
    "BadRange",
    "Engine",
    "EvaluationError",
    "Expr",
    "Labels",
    "Limits",
    "Matcher",
    "NativeHistogramRefused",
    "Options",
    "ParseError",
    "Points",
    "PromqlError",
    "QueryTimeout",
    "Queryable",
    "Result",
    "Sample",
    "Series",
    "TooManyQueries",
    "TooManySamples",
    "parse",
    "to_json",
]
