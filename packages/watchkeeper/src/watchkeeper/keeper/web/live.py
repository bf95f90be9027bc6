"""The overview kept fresh: computed at most once per round, and only while somebody looks."""

from __future__ import annotations

from watchkeeper.keeper.web.events import Stream
from watchkeeper.keeper.web.overview import Document, document
from watchkeeper.keeper.web.sight import Sight


class Live:
    """The newest overview and its stream."""

    def __init__(self, sight: Sight) -> None:
        self.sight = sight
        self.stream = Stream(f"{int(sight.started * 1000):x}")
        self._at = 0.0
        self._revision = -1
        self._document: Document = {}

    def overview(self) -> Document:
        """Return the overview, at most one round old, never older than the last row."""
        now, revision = self.sight.now(), self.sight.revision()
        if revision != self._revision or not 0 <= now - self._at < self.sight.every:
            self._document = document(self.sight)
            self._at, self._revision = now, revision
        return self._document

    def refresh(self) -> None:
        """Publish to the open pages, if there are any; to be called after each round."""
        if self.stream.clients:
            self._at = 0.0
            self.stream.publish(self.overview())
