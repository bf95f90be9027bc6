"""The store: one folder, one writer, many readers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from watchkeeper.keeper.store.series import Labels, Matcher, Refs, Series, Times, Values
from watchkeeper.keeper.store.stats import Ingested, StoreStats


class Store:
    """Keep samples by series."""

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        flush_seconds: float = 5.0,
        retention_seconds: float = 30 * 86400.0,
        retention_bytes: int = 1 << 30,
        clock: Callable[[], float] = time.time,
    ) -> Store:
        """Open (and make, if need be) the store in a folder."""
        raise NotImplementedError

    def append(self, labels: Labels, time_ms: int, value: float) -> None:
        """Add one sample."""
        raise NotImplementedError

    def ingest(self, rows: Iterable[tuple[Labels, int, float]]) -> Ingested:
        """Add many samples."""
        raise NotImplementedError

    def ref(self, labels: Labels) -> int:
        """Return the number of a series, making it if need be."""
        raise NotImplementedError

    def append_refs(self, refs: Sequence[int] | Refs, time_ms: int | Times, values: Values) -> Ingested:
        """Add one value per ref."""
        raise NotImplementedError

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Series]:
        """Return the series that match, with their samples in [start, end]."""
        raise NotImplementedError

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        """Return the labels of the series that match and have samples in [start, end]."""
        raise NotImplementedError

    def label_names(self, matchers: Sequence[Matcher] = ()) -> list[str]:
        """Return the sorted label names."""
        raise NotImplementedError

    def label_values(self, name: str, matchers: Sequence[Matcher] = ()) -> list[str]:
        """Return the sorted values of a label."""
        raise NotImplementedError

    def flush(self) -> None:
        """Write what is in memory to the disk."""
        raise NotImplementedError

    def close(self) -> None:
        """Flush and let go of the folder."""
        raise NotImplementedError

    def stats(self) -> StoreStats:
        """Count what is kept."""
        raise NotImplementedError

    def snapshot(self, folder: Path) -> None:
        """Write a consistent copy into another folder."""
        raise NotImplementedError
