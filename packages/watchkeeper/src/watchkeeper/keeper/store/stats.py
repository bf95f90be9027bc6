"""What the store tells about its work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of the samples of one call."""

    stored: int = 0
    duplicate: int = 0
    """Same time, same value as the last sample: nothing to do."""
    conflict: int = 0
    """Same time, other value: the first one stays."""
    out_of_order: int = 0
    too_old: int = 0
    """Older than the retention."""
    refused: int = 0
    """New series beyond the series limit, or refs that the store does not know (any more)."""

    @property
    def dropped(self) -> int:
        """Samples that brought something new and were not kept."""
        return self.conflict + self.out_of_order + self.too_old + self.refused

    def __add__(self, other: Ingested) -> Ingested:
        return Ingested(
            self.stored + other.stored,
            self.duplicate + other.duplicate,
            self.conflict + other.conflict,
            self.out_of_order + other.out_of_order,
            self.too_old + other.too_old,
            self.refused + other.refused,
        )


@dataclass(frozen=True, slots=True)
class StoreStats:
    """Counts since the store was opened, except where they describe what is kept now."""

    series: int
    """Series known now."""
    chunks: int
    """Sealed chunks on disk now."""
    samples: int
    """Samples kept now, sealed and open."""
    bytes: int
    """Bytes of the database in use now (free pages not counted)."""
    oldest: int | None
    """Time of the oldest sample kept, ms."""
    newest: int | None
    """Time of the newest sample kept, ms."""
    head_samples: int
    """Samples in memory, not sealed yet."""
    unflushed_samples: int
    """Samples that a crash now would lose."""
    stored: int
    duplicates: int
    conflicts: int
    out_of_order: int
    too_old: int
    refused: int
    lost: int
    """Samples given up because the disk stayed full until memory ran out."""
    clock_steps: int
    """Times the clock stepped back and a series began a new run."""
    corrupt_chunks: int
    """Chunks found corrupt and set aside."""
    flushes: int
    flush_failures: int
    expired_chunks: int
    """Chunks removed by age or size."""
    rebuilds: int
    """Times the file was rebuilt because its structure was broken."""
    damage: str | None
    """What was broken, since the store was opened."""
    last_error: str | None
    """Why the last flush failed, or None when it did not."""
