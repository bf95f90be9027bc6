"""Label sets: pairs sorted by name, without empty values; how Alertmanager names and writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from watchkeeper.keeper.promql.quoting import quote

Pairs = tuple[tuple[str, str], ...]

ALERTNAME: Final = "alertname"
_CLASSIC = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def labelset(labels: Mapping[str, str] | Iterable[tuple[str, str]]) -> Pairs:
    """Return labels as sorted pairs; a pair with an empty value is as good as none."""
    pairs = labels.items() if type(labels) is dict or isinstance(labels, Mapping) else labels
    return tuple(sorted([pair for pair in pairs if pair[1]]))


def classic_name(name: str) -> bool:
    """Return whether a label name is one in the classic alphabet."""
    return _CLASSIC.fullmatch(name) is not None


def proper_text(text: str) -> bool:
    """Return whether a text can be written as UTF-8; lone surrogates cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def written(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a label set as Alertmanager writes it: `{a="b", c="d"}`."""
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in sorted(pairs)) + "}"
