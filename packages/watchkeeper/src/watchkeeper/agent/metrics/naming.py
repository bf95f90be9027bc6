"""The grammar of names, and the escaping of texts, in the Prometheus and OpenMetrics formats."""

import re
from collections.abc import Sequence
from math import inf

from watchkeeper.agent.errors import InvalidName

METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*\Z")
UNIT = re.compile(r"[a-zA-Z0-9_:]*\Z")

_IN_LABEL = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_IN_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})


def checked_name(name: str, unit: str = "") -> str:
    """Return the metric's name with its unit at the end; raise `InvalidName`."""
    if not METRIC.match(name):
        raise InvalidName(f"metric name {name!r} does not match [a-zA-Z_:][a-zA-Z0-9_:]*")
    if not UNIT.match(unit):
        raise InvalidName(f"unit {unit!r} of {name} does not match [a-zA-Z0-9_:]*")
    if unit and not name.endswith(f"_{unit}"):
        return f"{name}_{unit}"
    return name


def checked_labels(metric: str, names: Sequence[str], reserved: frozenset[str]) -> tuple[str, ...]:
    """Return the label names as a tuple; raise `InvalidName`."""
    if isinstance(names, str):
        raise InvalidName(f"labels of {metric} are one text {names!r}; give a sequence: ({names!r},)")
    for name in names:
        if not LABEL.match(name):
            raise InvalidName(
                f"label {name!r} of {metric} does not match [a-zA-Z_][a-zA-Z0-9_]* or starts with __"
            )
        if name in reserved:
            raise InvalidName(f"label {name!r} of {metric} is reserved for this kind of metric")
    if len(set(names)) != len(names):
        raise InvalidName(f"labels of {metric} repeat a name: {', '.join(names)}")
    return tuple(names)


def escaped_label(value: str) -> str:
    """Escape a label's value: backslash, line feed, double quote."""
    return encodable(value).translate(_IN_LABEL)


def encodable(text: str) -> str:
    r"""Write a lone surrogate as `\udc80`: UTF-8 has no form for it, and one would fail a whole scrape.

    They come from file names and arguments that are no UTF-8 (PEP 383).
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text


def escaped_help(text: str, quotes: bool) -> str:
    """Escape a help text; OpenMetrics escapes double quotes as well (`quotes`)."""
    return encodable(text).translate(_IN_LABEL if quotes else _IN_HELP)


def number(value: float) -> str:
    """Write a number as both formats want it: shortest exact decimal, `+Inf`, `-Inf`, `NaN`."""
    if value != value:
        return "NaN"
    if value in (inf, -inf):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)


def labels_text(names: Sequence[str], values: Sequence[str]) -> str:
    """Write pairs as `a="1",b="2"`, escaped, without braces."""
    return ",".join(f'{name}="{escaped_label(value)}"' for name, value in zip(names, values, strict=True))
