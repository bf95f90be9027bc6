"""The cache before the Data API: one answer per URL, however old, until its age is over."""

from __future__ import annotations

from collections import OrderedDict

MAX_AGE = {"/trades": 300, "/v2/trades": 300, "/activity": 15, "/v2/activity": 15}
KEPT = 4096


class Cdn:
    """Keeps answers by their whole URL: another parameter is another answer."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        self.hits = 0

    def get(self, now: int, path: str, url: str) -> tuple[bytes, int] | None:
        """Return (answer, age in seconds) if one is fresh."""
        found = self._kept.get(url)
        if found is None or now - found[0] >= MAX_AGE.get(path, 0) * 1000:
            return None
        self.hits += 1
        return found[1], (now - found[0]) // 1000

    def put(self, now: int, path: str, url: str, body: bytes) -> None:
        """Keep an answer if its path is cached at all."""
        if path not in MAX_AGE:
            return
        self._kept[url] = (now, body)
        self._kept.move_to_end(url)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
