"""The journal: what the head took since the last flush, as frames that a restart replays.

A frame is closed whenever rows leave the head, so that "sealed up to frame N" says exactly which samples of
a series are in chunks. Within a frame the samples of one series ascend.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cramjam
import numpy as np

from watchkeeper.keeper.store.codec import seal, unseal
from watchkeeper.keeper.store.errors import ChunkCorrupt
from watchkeeper.keeper.store.series import Refs, Times, Values

Batch = tuple[Refs, Times, Values]


@dataclass(slots=True)
class Frame:
    """Accepted samples in the order of their coming."""

    seq: int
    batches: list[Batch] = field(default_factory=list)
    samples: int = 0

    def encode(self) -> bytes:
        """Return the frame's bytes, sealed under its number."""
        refs, times, values = (np.concatenate(column) for column in zip(*self.batches, strict=True))
        raw = refs.astype("<i8").tobytes() + times.astype("<i8").tobytes() + values.astype("<f8").tobytes()
        return seal(bytes(cramjam.zstd.compress(raw, level=1)), self.seq)


def decode_frame(seq: int, data: bytes) -> Batch:
    """Return the refs, times and values of a frame; raises ChunkCorrupt."""
    try:
        raw = bytes(cramjam.zstd.decompress(unseal(data, seq)))
        refs, times, bits = np.frombuffer(raw, "<i8").astype(np.int64).reshape(3, -1)
    except (ValueError, cramjam.DecompressionError) as error:
        raise ChunkCorrupt(f"journal frame {seq} does not unpack: {error}") from error
    return refs, times, bits.view(np.float64)


class Journal:
    """Frames that wait for the disk: closed ones and one that is open; not locked: its owner is."""

    def __init__(self, next_seq: int) -> None:
        self._open = Frame(next_seq)
        self._closed: list[Frame] = []

    @property
    def seq(self) -> int:
        """The number of the open frame."""
        return self._open.seq

    @property
    def samples(self) -> int:
        """Samples that wait."""
        return self._open.samples + sum(frame.samples for frame in self._closed)

    @property
    def open_samples(self) -> int:
        """Samples in the open frame."""
        return self._open.samples

    def add(self, refs: Refs, times: Times, values: Values) -> None:
        """Remember accepted samples; the arrays are kept, so they must be nobody else's."""
        self._open.batches.append((refs, times, values))
        self._open.samples += len(refs)

    def cut(self) -> int:
        """Close the open frame, because rows leave the head; return the number of the last closed one."""
        if self._open.samples:
            self._closed.append(self._open)
            self._open = Frame(self._open.seq + 1)
        return self._open.seq - 1

    def waiting(self) -> list[Frame]:
        """Close the open frame and return all that wait."""
        self.cut()
        return list(self._closed)

    def written(self, count: int) -> None:
        """Forget the first frames: they are on the disk."""
        del self._closed[:count]
