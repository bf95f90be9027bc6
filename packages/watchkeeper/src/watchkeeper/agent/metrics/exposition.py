"""Write families as Prometheus text or OpenMetrics, in slices.

A slice is short (about half a millisecond), so that whoever renders can let the bot's threads run between
two of them. The line of a counter or gauge up to its value was written when the series was made.
Formats: Prometheus text 0.0.4; OpenMetrics 1.0.0.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from math import inf, isfinite
from operator import add

from watchkeeper.agent.metrics.exemplars import with_exemplars
from watchkeeper.agent.metrics.family import Family
from watchkeeper.agent.metrics.instruments import Counter, Gauge, Histogram
from watchkeeper.agent.metrics.naming import escaped_help, number
from watchkeeper.agent.metrics.registry import AnyFamily

TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
SLICE = 500  # lines


def text(families: Iterable[AnyFamily]) -> Iterator[str]:
    """Yield the families in the text format, a slice at a time."""
    for family in families:
        yield text_heading(family.name, family.kind, family.help)
        yield from samples(family)


def openmetrics(families: Iterable[AnyFamily]) -> Iterator[str]:
    """Yield the families in OpenMetrics, a slice at a time, without the closing `# EOF`."""
    for family in families:
        yield openmetrics_heading(family.name, family.kind, family.help, family.unit)
        yield from samples(family, exemplars=True)


@lru_cache(maxsize=1024)
def text_heading(family: str, kind: str, help: str) -> str:
    """Return the comment lines of a family in the text format."""
    name = f"{family}_total" if kind == "counter" else family
    return f"# HELP {name} {escaped_help(help, quotes=False)}\n# TYPE {name} {kind}\n"


@lru_cache(maxsize=1024)
def openmetrics_heading(family: str, kind: str, help: str, unit: str) -> str:
    """Return the comment lines of a family in OpenMetrics."""
    told = f"# UNIT {family} {unit}\n" if unit else ""
    return f"# HELP {family} {escaped_help(help, quotes=True)}\n# TYPE {family} {kind}\n{told}"


def samples(family: AnyFamily, exemplars: bool = False) -> Iterator[str]:
    """Yield the sample lines of one family, a slice at a time; both formats differ in the exemplars alone."""
    if family.kind == "histogram":
        return histogram_lines(family, exemplars)  # type: ignore[arg-type]  # the kind tells the class
    return value_lines(family)  # type: ignore[arg-type]


def value_lines(family: Family[Counter] | Family[Gauge]) -> Iterator[str]:
    """Yield the lines of counters or gauges."""
    pending: Iterator[Counter | Gauge] = iter(family.snapshot())
    while some := list[Counter | Gauge](islice(pending, SLICE)):
        heads = [series.head for series in some]
        yield "\n".join(map(add, heads, numbers([series.value() for series in some]))) + "\n"


def numbers(values: list[float]) -> Iterable[str]:
    """Write numbers; the sum of all tells cheaply whether one of them needs `NaN` or `+Inf`."""
    return map(repr if isfinite(sum(values)) else number, values)


def histogram_lines(family: Family[Histogram], exemplars: bool) -> Iterator[str]:
    """Yield the lines of histograms: buckets, count, sum."""
    pending = iter(family.snapshot())
    while some := list(islice(pending, max(1, SLICE // 20))):
        yield "".join([one_histogram(family.name, series, exemplars) for series in some])


def one_histogram(name: str, series: Histogram, exemplars: bool = False) -> str:
    """Write one histogram; the count is the last bucket, so both always agree."""
    counts, total = series.value()
    labels = f"{series.head}," if series.head else ""
    start = f"{name}_bucket{{{labels}"
    lines = [f"{start}{edge}{count}\n" for edge, count in zip(edges(series.bounds()), counts, strict=True)]
    braces = f"{{{series.head}}}" if series.head else ""
    lines.append(f"{name}_count{braces} {counts[-1]}\n{name}_sum{braces} {number(total)}\n")
    return with_exemplars(series, lines) if exemplars else "".join(lines)


@lru_cache(maxsize=256)
def edges(bounds: tuple[float, ...]) -> tuple[str, ...]:
    """Return the ends of the bucket lines' heads, `le="0.5"} ` and so on, +Inf last."""
    return tuple(f'le="{number(bound)}"}} ' for bound in (*bounds, inf))
