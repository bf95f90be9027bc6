"""Exemplars on the bucket lines of OpenMetrics 1.0.0: a link from a slow bucket to its trace."""

from collections.abc import Sequence

from watchkeeper.agent.metrics.instruments import Exemplar, Histogram
from watchkeeper.agent.metrics.naming import LABEL, labels_text, number

LONGEST = 128  # characters of all names and values together


def with_exemplars(series: Histogram, lines: Sequence[str]) -> str:
    """Return a histogram's lines, the buckets first, with the exemplars of those that have one."""
    found = series.exemplars()
    if not found:
        return "".join(lines)
    return "".join(
        f"{line[:-1]}{suffix(found[place])}\n" if place in found else line for place, line in enumerate(lines)
    )


def suffix(one: Exemplar) -> str:
    """Write an exemplar behind its line; nothing where its labels break the format."""
    names = tuple(one.labels)
    values = tuple(map(str, one.labels.values()))
    if sum(map(len, names + values)) > LONGEST or not all(LABEL.match(name) for name in names):
        return ""
    return f" # {{{labels_text(names, values)}}} {number(one.value)} {one.at:.3f}"
