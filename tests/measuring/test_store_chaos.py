"""kill -9 at any moment of remote write: what was acknowledged is there, and nothing else is wrong."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from typing import Any

import numpy as np
import pytest

from watchkeeper.keeper.remote.writing import label_fields, request

BEGIN = 1_700_000_000_000
SERIES = 40
PER_REQUEST = 5
POINTS = 50 if os.environ.get("LONG") == "1" else 8
HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}


def value_of(series: int, place: int) -> float:
    """Return what a sample must be: any other value is a wrong one."""
    return series * 1_000_000 + place + 0.25


def body(first: int) -> bytes:
    """Return PER_REQUEST samples of each series from a place on, one second apart."""
    places = np.arange(first, first + PER_REQUEST)
    rows = []
    for series in range(SERIES):
        labels = (("__name__", "chaos"), ("n", str(series)))
        values = np.array([value_of(series, place) for place in places.tolist()])
        rows.append((label_fields(labels), BEGIN + places * 1000, values))
    return request(rows)


class Writer:
    """Sends one request after another in a thread until the keeper is gone."""

    def __init__(self, keeper: Any, place: int) -> None:
        self.acknowledged = self.sent = place
        self._keeper = keeper
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            self.sent = self.acknowledged + PER_REQUEST
            try:
                status, told = self._keeper.ask("/api/v1/write", body(self.acknowledged), HEADERS)
            except OSError:
                return
            if status != 204:
                raise AssertionError((status, told))
            self.acknowledged = self.sent

    def join(self) -> None:
        self._thread.join(30)


def held(keeper: Any, upto: int) -> list[list[tuple[float, float]]]:
    """Return the samples of each series, in order."""
    seconds = upto + 10
    at = BEGIN / 1000 + seconds
    found = keeper.api("query", query=f"chaos[{seconds + 1}s]", time=at)["result"]
    rows = sorted(found, key=lambda row: int(row["metric"]["n"]))
    return [[(float(t), float(v)) for t, v in row["values"]] for row in rows]


@pytest.mark.timeout(600)
def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(programs: Any) -> None:
    """After each kill: every acknowledged sample, no wrong value, no hole; a 204 is a promise.

    More than was acknowledged may be there, as the last answer may have been lost on its way. A request
    that was cut off is sent again and is no error.
    """
    chance = random.Random(20261121)
    settings = {"retention": {"time": "36500d"}, "store": {"flush": "300ms"}}
    keeper = programs.keeper(**settings)
    place, starts, moment = 0, list[float](), threading.Event()
    for _ in range(POINTS):
        writer = Writer(keeper, place)
        moment.wait(chance.uniform(0.0, 0.6))  # the moment of the kill is what is varied
        keeper.end(signal.SIGKILL)
        writer.join()
        began = time.monotonic()
        keeper.start()
        starts.append(time.monotonic() - began)
        place = writer.acknowledged
        check(keeper, writer)
    print(f"chaos: {POINTS} kills, {place * SERIES} samples, slowest start {max(starts):.2f} s")
    assert place > 0


def check(keeper: Any, writer: Writer) -> None:
    """Compare what is kept with what must be and what may be."""
    if writer.sent == 0:
        return
    rows = held(keeper, writer.sent)
    assert len(rows) in ({SERIES} if writer.acknowledged else {0, SERIES})
    for series, row in enumerate(rows):
        count = len(row)
        assert writer.acknowledged <= count <= writer.sent
        assert row == [(BEGIN / 1000 + n, value_of(series, n)) for n in range(count)]
