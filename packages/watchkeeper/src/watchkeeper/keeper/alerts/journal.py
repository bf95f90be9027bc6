"""The changes that wait to be written, in order."""

from __future__ import annotations

from watchkeeper.keeper.alerts.changes import Change


class Journal:
    """Collect changes until somebody takes them to write them."""

    def __init__(self) -> None:
        self._changes: list[Change] = []

    def note(self, *changes: Change) -> None:
        self._changes += changes

    def take(self) -> list[Change]:
        """Return the changes since the last call."""
        taken, self._changes = self._changes, []
        return taken
