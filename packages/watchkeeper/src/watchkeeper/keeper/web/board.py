"""What a board is made of: curves, panels, headline figures; and the board that any process has.

A curve says how it is computed and can be written as PromQL (`expr`), so a board moves to another
engine without being rewritten.
"""

from __future__ import annotations

from typing import Literal

import msgspec

How = Literal["rate", "value", "quantile"]
Unit = Literal["per_second", "seconds", "wei", "dollars", "ratio", "bytes", "count"]


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """One metric turned into one line, or one line for each value of the label `by`.

    minus names a metric whose value is subtracted.
    """

    metric: str
    how: How
    label: str = ""
    by: str = ""
    where: tuple[tuple[str, str], ...] = ()
    quantile: float = 0.0
    minus: str = ""

    def expr(self, window: str = "1m") -> str:
        """Return the curve in PromQL."""
        inner = ", ".join(f'{name}="{value}"' for name, value in self.where)
        selector = f"{{{inner}}}" if inner else ""
        by = f" by ({self.by})" if self.by else ""
        if self.how == "value":
            total = f"sum{by} ({self.metric}{selector})"
            return f"{total} - sum{by} ({self.minus}{selector})" if self.minus else total
        if self.how == "rate":
            return f"sum{by} (rate({self.metric}{selector}[{window}]))"
        labels = ", ".join(filter(None, ["le", self.by]))
        rates = f"sum by ({labels}) (rate({self.metric}_bucket{selector}[{window}]))"
        return f"histogram_quantile({self.quantile:g}, {rates})"


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """One chart; a logarithmic one is for curves of very different size."""

    id: str
    title: str
    unit: Unit
    curves: tuple[Curve, ...]
    note: str = ""
    scale: Literal["linear", "log"] = "linear"


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One headline number."""

    id: str
    title: str
    unit: Unit
    curve: Curve


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """A title, the metric that shows that a bot is of this kind, figures and panels."""

    id: str
    title: str
    sign: str
    figures: tuple[Figure, ...]
    panels: tuple[Panel, ...]


def rate(metric: str, label: str = "", by: str = "") -> Curve:
    return Curve(metric=metric, how="rate", label=label, by=by)


def value(metric: str, label: str = "", by: str = "", minus: str = "") -> Curve:
    return Curve(metric=metric, how="value", label=label, by=by, minus=minus)


def percentile(
    metric: str, share: float, label: str = "", by: str = "", where: tuple[tuple[str, str], ...] = ()
) -> Curve:
    return Curve(metric=metric, how="quantile", label=label, by=by, where=where, quantile=share)


CPU = Panel(
    id="cpu", title="Processor", unit="ratio", curves=(rate("process_cpu_seconds_total", "of one core"),)
)
MEMORY = Panel(
    id="memory", title="Memory", unit="bytes", curves=(value("process_resident_memory_bytes", "resident"),)
)
FILES = Panel(id="files", title="Open files", unit="count", curves=(value("process_open_fds", "open"),))

CPU_FIGURE = Figure(id="cpu", title="Processor", unit="ratio", curve=rate("process_cpu_seconds_total"))
MEMORY_FIGURE = Figure(
    id="memory", title="Memory", unit="bytes", curve=value("process_resident_memory_bytes")
)

GENERIC = Board(
    id="process",
    title="Process",
    sign="",
    figures=(CPU_FIGURE, MEMORY_FIGURE),
    panels=(CPU, MEMORY, FILES),
)
