"""The room's exceptions: what is wrong with a query, in the words that Prometheus' users know."""

from __future__ import annotations


class PromqlError(Exception):
    """Stand above every error of this room.

    `kind` is the error type of the HTTP API: bad_data, execution, timeout or unavailable.
    """

    kind = "execution"


class ParseError(PromqlError):
    """Say where and why an expression cannot be read."""

    kind = "bad_data"

    def __init__(self, message: str, query: str, start: int, end: int | None = None) -> None:
        self.message = message
        self.start = start
        self.end = start if end is None else end
        super().__init__(f"{line_and_column(query, start)}: parse error: {message}")


class EvaluationError(PromqlError):
    """Say why an expression that reads well cannot be evaluated on this data."""


class TooManySamples(EvaluationError):
    """Refuse a query that would hold more samples than the limit."""

    def __init__(self) -> None:
        super().__init__("query processing would load too many samples into memory in query execution")


class QueryTimeout(EvaluationError):
    """End a query whose time is over."""

    kind = "timeout"

    def __init__(self) -> None:
        super().__init__("query timed out in expression evaluation")


class TooManyQueries(EvaluationError):
    """Refuse a query while the permitted number of queries is running."""

    kind = "unavailable"

    def __init__(self, limit: int) -> None:
        super().__init__(f"too many queries are running at once (limit {limit})")


class BadRange(PromqlError):
    """Refuse a range query whose times or steps make no sense."""

    kind = "bad_data"


class NativeHistogramRefused(EvaluationError):
    """Refuse to evaluate over native histograms, which this engine does not know."""

    def __init__(self, series: str) -> None:
        super().__init__(f"native histograms are not supported: {series}")


def line_and_column(query: str, position: int) -> str:
    """Render a position in the query as `line:column`; both count from one, columns in bytes."""
    before = query[:position]
    line = before.count("\n") + 1
    column = len(before[before.rfind("\n") + 1 :].encode("utf-8", "surrogateescape")) + 1
    return f"{line}:{column}"
