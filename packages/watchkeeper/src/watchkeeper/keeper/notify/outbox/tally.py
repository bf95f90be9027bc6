"""What is counted of deliveries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from watchkeeper.keeper.notify.errors import ChannelError
from watchkeeper.keeper.notify.outbox.parcel import Line, Parcel


@dataclass(slots=True)
class Tally:
    """Counts since the start: sends by line, failures by line and reason, alerts told by severity."""

    sent: Counter[Line] = field(default_factory=Counter)
    failed: Counter[tuple[Line, str]] = field(default_factory=Counter)
    refused: Counter[Line] = field(default_factory=Counter)
    severities: Counter[str] = field(default_factory=Counter)
    replaced: int = 0
    unwritten: int = 0

    def took(self, parcel: Parcel) -> None:
        self.sent[parcel.line] += 1
        self.severities.update(alert.severity for alert in parcel.notification.alerts)

    def misses(self) -> Counter[Line]:
        """Return the tries of each line that failed."""
        found: Counter[Line] = Counter()
        for (line, _), count in tuple(self.failed.items()):
            found[line] += count
        return found

    def missed(self, parcel: Parcel, error: ChannelError) -> None:
        self.failed[parcel.line, error.reason] += 1
