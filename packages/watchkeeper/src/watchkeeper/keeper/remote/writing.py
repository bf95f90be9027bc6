"""From series and samples to the bytes of a WriteRequest."""

from __future__ import annotations

from collections.abc import Iterable

import cramjam

from watchkeeper.keeper.remote.wire import written_bytes, written_varint
from watchkeeper.keeper.store import Labels
from watchkeeper.keeper.store.series import Times, Values


def label_fields(labels: Labels) -> bytes:
    """Return the label fields of a series; receivers want the names sorted."""
    return b"".join(
        written_bytes(1, written_bytes(1, name.encode()) + written_bytes(2, value.encode("utf-8", "replace")))
        for name, value in labels
    )


def sample_fields(times: Times, values: Values) -> bytes:
    """Return the sample fields of a series."""
    out = []
    for time_ms, value in zip(times.tolist(), values, strict=True):
        # The bytes are taken from the array, so that the marker of a series' end keeps its bits.
        body = b"\x09" + value.tobytes() + b"\x10" + written_varint(time_ms)
        out.append(b"\x12" + bytes([len(body)]) + body)
    return b"".join(out)


def request(series: Iterable[tuple[bytes, Times, Values]]) -> bytes:
    """Return a compressed request of series, each its label fields, times and values."""
    body = b"".join(
        written_bytes(1, labels + sample_fields(times, values)) for labels, times, values in series
    )
    return bytes(cramjam.snappy.compress_raw(body))
