"""Label sets: pairs sorted by name, without empty values; how Alertmanager names and writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from watchkeeper.keeper.promql.quoting import quote

Pairs = tuple[tuple[str, str], ...]

ALERTNAME: Final = "alertname"
_CLASSIC = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_DOTTED = re.compile(r"[^\W\d][\w./:-]*")


def labelset(labels: Mapping[str, str] | Iterable[tuple[str, str]]) -> Pairs:
    """Return labels as sorted pairs; a pair with an empty value is as good as none."""
    pairs = labels.items() if type(labels) is dict or isinstance(labels, Mapping) else labels
    return tuple(sorted([pair for pair in pairs if pair[1]]))


def classic_name(name: str) -> bool:
    """Return whether a label name is one in the classic alphabet."""
    return _CLASSIC.fullmatch(name) is not None


def telling_name(name: str) -> bool:
    """Return whether a configuration may group by a label of this name or compare it.

    UTF-8 allows every name. One that is neither classic nor dotted nor in letters of another alphabet
    is refused: it is a slip of the pen more often than a label (`-`, `a=b`).
    """
    if classic_name(name):
        return True
    dotted = bool(_DOTTED.fullmatch(name))
    return dotted and proper_text(name) and (not name.isascii() or "." in name)


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
