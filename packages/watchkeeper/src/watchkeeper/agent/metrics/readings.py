"""Families as plain values, for JSON."""

from collections.abc import Iterable, Iterator
from math import inf, isfinite

from watchkeeper.agent.metrics.family import Family
from watchkeeper.agent.metrics.instruments import Counter, Gauge, Histogram
from watchkeeper.agent.metrics.naming import number
from watchkeeper.agent.metrics.registry import AnyFamily

Sample = dict[str, object]


def documents(families: Iterable[AnyFamily]) -> Iterator[dict[str, object]]:
    """Yield one document per family: name, type, help, unit, samples; numbers JSON lacks are texts."""
    for family in families:
        yield {
            "name": family.name,
            "type": family.kind,
            "help": family.help,
            "unit": family.unit,
            "samples": list(samples(family)),
        }


def samples(family: AnyFamily) -> Iterator[Sample]:
    """Yield the samples of one family, named as in the text format."""
    if family.kind == "histogram":
        yield from _histogram_samples(family)  # type: ignore[arg-type]  # the kind tells the class
    else:
        yield from _value_samples(family)  # type: ignore[arg-type]


def _value_samples(family: Family[Counter] | Family[Gauge]) -> Iterator[Sample]:
    name = f"{family.name}_total" if family.kind == "counter" else family.name
    for key, series in family.items():
        yield sample(name, dict(zip(family.label_names, key, strict=True)), series.value())


def _histogram_samples(family: Family[Histogram]) -> Iterator[Sample]:
    for key, series in family.items():
        labels = dict(zip(family.label_names, key, strict=True))
        counts, total = series.value()
        for bound, count in zip((*series.bounds(), inf), counts, strict=True):
            yield sample(f"{family.name}_bucket", {**labels, "le": number(bound)}, count)
        yield sample(f"{family.name}_count", labels, counts[-1])
        yield sample(f"{family.name}_sum", labels, total)


def sample(name: str, labels: dict[str, str], value: float) -> Sample:
    """Return one sample as a document."""
    return {"name": name, "labels": labels, "value": value if isfinite(value) else number(value)}
