"""Values with units: durations (`1m30s`) and sizes (`10MB`), in the notation of Prometheus."""

from __future__ import annotations

import re

DURATION = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?")
SECONDS = (31_536_000.0, 604_800.0, 86_400.0, 3_600.0, 60.0, 1.0, 0.001)
SIZE = re.compile(r"(\d+)(B|KB|MB|GB|TB)")
BYTES = {"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}


class Duration(float):
    """Seconds, written as `500ms`, `15s`, `1h30m`, `30d`."""

    __slots__ = ()

    @classmethod
    def read(cls, value: object) -> Duration:
        """Return the seconds of a duration; raise ValueError naming what is allowed."""
        if value == 0 and not isinstance(value, bool):
            return cls(0)
        found = DURATION.fullmatch(value) if isinstance(value, str) and value else None
        if found is None:
            raise ValueError(f"expected a duration such as 500ms, 15s or 1h30m, got {value!r}")
        parts = zip(found.groups(), SECONDS, strict=True)
        return cls(sum(int(count) * unit for count, unit in parts if count))


class Size(int):
    """Bytes, written as `512MB` or `1GB` (powers of 1024)."""

    __slots__ = ()

    @classmethod
    def read(cls, value: object) -> Size:
        """Return the bytes of a size; raise ValueError naming what is allowed."""
        if value == 0 and not isinstance(value, bool):
            return cls(0)
        found = SIZE.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError(f"expected a size such as 64KB, 512MB or 1GB, got {value!r}")
        return cls(int(found[1]) * BYTES[found[2]])
