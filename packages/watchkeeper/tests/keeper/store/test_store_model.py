"""The store against a plain dictionary, through flushes, crashes and restarts in any order."""

from __future__ import annotations

import math
import shutil
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from watchkeeper.keeper.store import STALE, Labels, Matcher, Store, labels_of

SERIES: list[Labels] = [labels_of({"i": str(i), "job": "ab"[i % 2]}, "m") for i in range(5)]
numbers = st.sampled_from([0.0, 1.0, 1.5, -2.25, 1e300, STALE, math.inf])
step = st.sampled_from([-3000, -1, 0, 1, 1000, 1000, 1000, 60_000])
Kept = dict[Labels, dict[int, int]]


def bits(value: float) -> int:
    return int(np.float64(value).view(np.uint64))


class StoreAgainstDictionary(RuleBasedStateMachine):
    """Rows of 64 samples and a pool of 8 pages: every boundary is near."""

    @initialize()
    def begin(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.generation = 0
        self.kept: Kept = {}
        self.durable: Kept = {}
        self.now = 1_000_000
        self.store = self.opened()

    def folder(self) -> Path:
        return self.root / str(self.generation)

    def opened(self) -> Store:
        return Store.open(
            self.folder(), flush_seconds=math.inf, row_samples=64, pool_samples=256,
            retention_seconds=1e12, clock=lambda: 1e9, cache_bytes=2000,
        )  # fmt: skip

    def note(self, labels: Labels, time_ms: int, value: float) -> bool:
        samples = self.kept.setdefault(labels, {})
        if samples and time_ms <= max(samples):
            return False
        samples[time_ms] = bits(value)
        return True

    @rule(series=st.sampled_from(SERIES), step=step, value=numbers)
    def append_one(self, series: Labels, step: int, value: float) -> None:
        self.now += step
        self.note(series, self.now, value)
        self.store.append(series, self.now, value)

    @rule(series=st.lists(st.sampled_from(SERIES), min_size=1, max_size=8), step=step, value=numbers)
    def scrape(self, series: list[Labels], step: int, value: float) -> None:
        self.now += step
        values = [value + place for place in range(len(series))]
        stored = sum([self.note(labels, self.now, v) for labels, v in zip(series, values, strict=True)])
        refs = [self.store.ref(labels) for labels in series]
        assert self.store.append_refs(refs, self.now, np.array(values)).stored == stored

    @rule(series=st.lists(st.sampled_from(SERIES), min_size=1, max_size=3), count=st.integers(1, 150))
    def ingest_many(self, series: list[Labels], count: int) -> None:
        rows = [(labels, self.now + 10 * k, float(k % 7)) for k in range(count) for labels in series]
        stored = sum([self.note(*row) for row in rows])
        got = self.store.ingest(rows)
        assert got.stored == stored
        assert got.stored + got.duplicate + got.conflict + got.out_of_order == len(rows)

    @rule()
    def flush(self) -> None:
        self.store.flush()
        self.durable = {labels: dict(samples) for labels, samples in self.kept.items()}

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.durable = {labels: dict(samples) for labels, samples in self.kept.items()}
        self.store = self.opened()

    @rule()
    def crash(self) -> None:
        """What is on the disk goes on living elsewhere; what was in memory only is gone."""
        old = self.folder()
        self.generation += 1
        shutil.copytree(old, self.folder())
        self.store._database.close()
        self.store._folder_lock.release()
        self.store = self.opened()
        self.kept = {labels: dict(samples) for labels, samples in self.durable.items()}
        self.now = max((max(samples) for samples in self.kept.values() if samples), default=self.now)

    @precondition(lambda self: self.kept)
    @rule(back=st.integers(0, 100_000), width=st.integers(0, 50_000))
    def a_part_is_selected(self, back: int, width: int) -> None:
        self.compare(self.now - back, self.now - back + width)

    @invariant()
    def all_is_selected(self) -> None:
        if hasattr(self, "store"):
            self.compare(-(2**62), 2**62)

    def compare(self, start: int, end: int) -> None:
        expected = {}
        for labels, samples in self.kept.items():
            inside = {time: value for time, value in samples.items() if start <= time <= end}
            if inside:
                expected[labels] = inside
        found = self.store.select([Matcher("__name__", "=", "m")], start, end)
        assert [series.labels for series in found] == sorted(expected)
        for series in found:
            times = series.times.tolist()
            assert times == sorted(set(times))
            assert (
                dict(zip(times, series.values.view(np.uint64).tolist(), strict=True))
                == expected[series.labels]
            )
        assert self.store.series([], start, end) == sorted(expected)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.root)


StoreAgainstDictionary.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestStoreAgainstDictionary = StoreAgainstDictionary.TestCase
