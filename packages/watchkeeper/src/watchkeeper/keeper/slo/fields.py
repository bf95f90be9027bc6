"""A mapping of a file, read key by key; what nobody asked for is an error that names the nearest key."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, TypeVar

from watchkeeper.keeper.slo.errors import ObjectiveInvalid
from watchkeeper.keeper.slo.lengths import seconds

T = TypeVar("T")


class Fields:
    """One mapping and its place in the file."""

    def __init__(self, raw: Any, place: str, known: str = "") -> None:
        """Take a mapping; known are the keys that it may have, separated by spaces, empty for any."""
        if raw is None:
            raw = {}
        if not isinstance(raw, dict):
            raise ObjectiveInvalid(f"{place}: expected a mapping, got {raw!r}")
        self._raw: dict[str, Any] = raw
        self.place = place
        for key in raw:
            if known and str(key) not in known.split():
                close = difflib.get_close_matches(str(key), known.split(), n=1, cutoff=0.5)
                hint = f"did you mean {close[0]!r}?" if close else f"known keys: {known}"
                raise ObjectiveInvalid(f"{place}.{key}: unknown key; {hint}")

    def __contains__(self, key: str) -> bool:
        return self._raw.get(key) is not None

    def at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def wrong(self, key: str, reason: str) -> ObjectiveInvalid:
        return ObjectiveInvalid(f"{self.at(key)}: {reason}")

    def get(self, *keys: str) -> Any:
        """Return the value of the first key that is there."""
        return next((self._raw[key] for key in keys if self._raw.get(key) is not None), None)

    def text(self, *keys: str, default: str | None = None) -> str:
        """Return a text; raise where it is missing and has no default."""
        value = self.get(*keys)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(keys[0], f"expected a text, got {value!r}")
        return value

    def mapping(self, *keys: str, known: str = "") -> Fields:
        """Return a mapping inside, empty where there is none."""
        return Fields(self.get(*keys), self.at(keys[0]), known)

    def mappings(self, key: str, known: str = "") -> Iterator[Fields]:
        """Yield the mappings of a list."""
        value = self.get(key)
        if value is not None and not isinstance(value, list):
            raise self.wrong(key, f"expected a list, got {value!r}")
        for place, item in enumerate(value or []):
            yield Fields(item, f"{self.at(key)}[{place}]", known)

    def texts(self, *keys: str) -> dict[str, str]:
        """Return a mapping of texts, such as labels; numbers and truths become texts as YAML wrote them."""
        value = self.get(*keys)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.wrong(keys[0], f"expected a mapping, got {value!r}")
        return {str(name): plain(one) for name, one in value.items()}

    def share(self, key: str, most: float) -> float:
        """Return a number above 0 and below `most`."""
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < most:
            raise self.wrong(key, f"expected a number above 0 and below {most:g}, got {value!r}")
        return float(value)

    def count(self, key: str, default: int = 0) -> int:
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.wrong(key, f"expected a whole number, got {value!r}")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(key, f"expected true or false, got {value!r}")
        return value

    def length(self, key: str, default: int) -> int:
        """Return a length in seconds."""
        value = self.get(key)
        if value is None:
            return default
        try:
            return seconds(str(value))
        except ValueError as error:
            raise self.wrong(key, str(error)) from None


def plain(value: Any) -> str:
    """Write a scalar as a label's value."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
