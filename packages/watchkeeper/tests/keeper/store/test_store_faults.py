"""Nothing that was stored is lost: full disks, kills, corruption, clocks that jump, a second keeper."""

from __future__ import annotations

import math
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from watchkeeper.keeper.store import (
    Matcher,
    SeriesLimit,
    Store,
    StoreClosed,
    StoreLocked,
    StoreUnwritable,
    TooManySamples,
    labels_of,
)

LABELS = [labels_of({"i": str(i)}, "m") for i in range(10)]
ALL = [Matcher("__name__", "=", "m")]
FOREVER = (-(2**62), 2**62)


def opened(folder: Path, **settings: Any) -> Store:
    given: dict[str, Any] = {"flush_seconds": math.inf, "retention_seconds": 1e12, "row_samples": 64}
    return Store.open(folder, **(given | settings))


def scrape(store: Store, first: int, last: int) -> None:
    refs = np.array([store.ref(labels) for labels in LABELS])
    for k in range(first, last):
        store.append_refs(refs, k * 1000, np.full(len(refs), float(k)))


def kept(store: Store) -> list[list[int]]:
    return [series.times.tolist() for series in store.select(ALL, *FOREVER)]


WRITER = """
import sys, math, numpy as np
from pathlib import Path
from watchkeeper.keeper.store import Store, labels_of
store = Store.open(Path(sys.argv[1]), flush_seconds=math.inf, retention_seconds=1e12, row_samples=64)
refs = np.array([store.ref(labels_of({"i": str(i)}, "m")) for i in range(10)])
k = 0
while True:
    for _ in range(7):
        store.append_refs(refs, k * 1000, np.full(10, float(k)))
        k += 1
    store.flush()
    print(k, flush=True)
"""


@pytest.mark.parametrize("point", [1, 2, 9, 10, 37])
def test_kill_9_loses_at_most_what_was_not_flushed(tmp_path: Path, point: int) -> None:
    """The child is killed at a random moment after its n-th flush; every flushed sample is there."""
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        for _ in range(point):
            line = child.stdout.readline()
        spin = random.Random(point).randrange(3000)
        for _ in range(spin):
            pass
    finally:
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read().splitlines()
        child.wait()
        child.stdout.close()
    acknowledged = int(rest[-1] if rest and rest[-1].isdigit() else line)
    with opened(tmp_path) as store:
        for times in kept(store):
            assert len(times) >= acknowledged
            assert times == [k * 1000 for k in range(len(times))]
        assert store.stats().corrupt_chunks == 0


FULL_DISK = """
import sys, math, resource, numpy as np
from pathlib import Path
from watchkeeper.keeper.store import Store, StoreUnwritable, Matcher, labels_of
folder = Path(sys.argv[1])
store = Store.open(folder, flush_seconds=math.inf, retention_seconds=1e12, row_samples=64)
refs = np.array([store.ref(labels_of({"i": str(i)}, "m")) for i in range(10)])
rng = np.random.default_rng(0)
def scrape(first, last):
    for k in range(first, last):
        store.append_refs(refs, k * 1000, rng.random(10))
scrape(0, 100)
store.flush()
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
scrape(100, 300)
try:
    store.flush()
except StoreUnwritable as error:
    print("refused:", error)
stats = store.stats()
print("failures", stats.flush_failures, "lost", stats.lost, "waiting", stats.unflushed_samples > 0)
found = store.select([Matcher("__name__", "=", "m")], 0, 10**9)
print("seen", [len(s.times) for s in found] == [300] * 10)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
store.flush()
store.close()
again = Store.open(folder, flush_seconds=math.inf, retention_seconds=1e12)
print("after", [len(s.times) for s in again.select([Matcher("__name__", "=", "m")], 0, 10**9)] == [300] * 10)
again.close()
"""


def test_a_full_disk_is_an_error_and_a_count_and_nothing_is_lost(tmp_path: Path) -> None:
    """The kernel refuses to let files grow (as a full disk does); when it allows again, all is written."""
    child = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    lines = child.stdout.splitlines()
    assert lines[0].startswith("refused:")
    assert lines[1:] == ["failures 1 lost 0 waiting True", "seen True", "after True"]


def refuse_writes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(work: object) -> None:
        raise StoreUnwritable("database or disk is full")

    monkeypatch.setattr(store._database, "write", refuse)


def test_memory_stays_bounded_while_the_disk_refuses_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest samples are given up and counted; the newest stay visible."""
    store = opened(tmp_path, pool_samples=2048)
    with monkeypatch.context() as patch:
        refuse_writes(store, patch)
        refs = np.array([store.ref(labels) for labels in LABELS])
        count = 80_000
        times = np.repeat(np.arange(count, dtype=np.int64) * 1000, len(refs))
        store.append_refs(np.tile(refs, count), times, np.zeros(count * len(refs)))
        stats = store.stats()
        assert stats.lost > 0
        assert stats.head_samples + stats.lost == stats.stored == count * len(refs)
        assert stats.head_samples < 600_000
        assert stats.unflushed_samples <= 1 << 19
        assert {series.times[-1] for series in store.select(ALL, *FOREVER)} == {(count - 1) * 1000}
    store.close()


def test_a_second_keeper_is_refused_with_the_first_ones_number(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(StoreLocked, match=f"process {os.getpid()}"):
        opened(tmp_path)
    opened(tmp_path).close()


def damage(folder: Path, sql: str) -> None:
    db = sqlite3.connect(folder / "samples.db")
    db.execute(sql)
    db.commit()
    db.close()


def test_a_corrupt_chunk_is_reported_and_set_aside_and_the_others_are_read(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        scrape(store, 0, 200)
        whole = kept(store)
    damage(tmp_path, "UPDATE chunks SET data = CAST(zeroblob(length(data)) AS BLOB) WHERE id = 3")
    with opened(tmp_path) as store:
        found = kept(store)
        assert [len(times) for times in found].count(200) == 9
        assert min(len(times) for times in found) == 200 - 64
        assert store.stats().corrupt_chunks == 1
        kept(store)
        assert store.stats().corrupt_chunks == 1, "a corrupt chunk is counted once"
    with opened(tmp_path) as store:
        assert store.stats().corrupt_chunks == 1, "what was set aside stays counted"
        assert sorted(map(len, kept(store))) == sorted(map(len, found))
    assert all(len(times) == 200 for times in whole)


def test_a_corrupt_journal_frame_costs_only_its_own_samples(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        scrape(store, 0, 10)
        store.flush()
        scrape(store, 10, 20)
        store.flush()
        scrape(store, 20, 30)
    damage(tmp_path, "UPDATE journal SET data = x'00' WHERE seq = (SELECT MIN(seq) + 1 FROM journal)")
    with opened(tmp_path) as store:
        assert kept(store) == [[k * 1000 for k in (*range(10), *range(20, 30))]] * 10
        assert store.stats().corrupt_chunks == 1


@pytest.mark.parametrize("garbage", [b"not a database at all" * 999, b"SQLite format 3\x00" + b"\xff" * 9000])
def test_a_file_that_is_no_database_is_kept_aside_and_reported(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / "samples.db").write_bytes(garbage)
    with opened(tmp_path) as store:
        assert "damaged" in str(store.stats().damage)
        scrape(store, 0, 3)
        assert len(kept(store)) == 10
    assert (tmp_path / "samples.db.damaged-1").read_bytes() == garbage


def test_flipped_bytes_anywhere_in_the_file_never_bring_wrong_samples(tmp_path: Path) -> None:
    """Whatever is damaged, what is read was written; the store opens or says why not."""
    with opened(tmp_path / "good") as store:
        scrape(store, 0, 300)
    good = (tmp_path / "good" / "samples.db").read_bytes()
    dice = random.Random(5)
    for attempt in range(12):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        bad = bytearray(good)
        for _ in range(3):
            bad[dice.randrange(len(bad))] ^= 1 << dice.randrange(8)
        (folder / "samples.db").write_bytes(bad)
        found = 0
        with opened(folder) as store:
            for series in store.select(ALL, *FOREVER):
                assert (series.values * 1000 == series.times).all()
                found += len(series.times)
            scrape(store, 400, 410)
        with opened(folder) as store:
            again = store.select(ALL, *FOREVER)
            assert sum(len(series.times) for series in again) >= max(found, 1500) + 100


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnwritable, match="file"):
        opened(tmp_path / "file")


def clocked(folder: Path, clock: Callable[[], float]) -> Store:
    return opened(folder, clock=clock, retention_seconds=30 * 86400)


def test_a_clock_that_jumps_ahead_and_back_by_an_hour_blinds_nobody(tmp_path: Path) -> None:
    """Samples go on being stored after the step back; both runs are kept, also over a restart."""
    now = [1_700_000_000.0]
    store = clocked(tmp_path, lambda: now[0])
    written = set()

    def scrapes(count: int) -> None:
        for _ in range(count):
            now[0] += 5
            store.append(LABELS[0], int(now[0] * 1000), now[0])
            written.add(int(now[0] * 1000))

    scrapes(20)
    now[0] += 3600
    scrapes(20)
    now[0] -= 3600
    scrapes(20)
    assert kept(store) == [sorted(written)]
    assert store.stats().clock_steps == 1
    assert store.stats().out_of_order == 0
    store.flush()
    now[0] += 3600
    scrapes(20)
    store.close()
    store = clocked(tmp_path, lambda: now[0])
    assert kept(store) == [sorted(written)]
    store.close()


def test_a_small_step_back_drops_and_counts(tmp_path: Path) -> None:
    now = [1_700_000_000.0]
    store = clocked(tmp_path, lambda: now[0])
    store.append(LABELS[0], 1_700_000_000_000, 1.0)
    store.append(LABELS[0], 1_699_999_990_000, 2.0)
    assert kept(store) == [[1_700_000_000_000]]
    assert store.stats().out_of_order == 1
    store.close()


def test_an_hour_ahead_takes_no_history(tmp_path: Path) -> None:
    now = [1_700_000_000.0]
    store = clocked(tmp_path, lambda: now[0])
    oldest = int(now[0] * 1000) - 30 * 86_400_000 + 1
    store.ingest((LABELS[0], oldest + k, 1.0) for k in range(100))
    now[0] += 3600
    store.expire()
    assert len(kept(store)[0]) == 100
    store.close()


def test_the_series_limit_refuses_new_series_and_counts_their_samples(tmp_path: Path) -> None:
    store = opened(tmp_path, max_series=2)
    got = store.ingest((labels, 1, 1.0) for labels in LABELS)
    assert (got.stored, got.refused, store.stats().series) == (2, 8, 2)
    with pytest.raises(SeriesLimit):
        store.ref(LABELS[5])
    assert store.ref(LABELS[5], essential=True) > 0
    store.close()


def test_a_selection_larger_than_allowed_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        scrape(store, 0, 100)
        with pytest.raises(TooManySamples):
            store.select(ALL, *FOREVER, max_samples=999)
        assert len(store.select(ALL, *FOREVER, max_samples=1000)) == 10


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.close()
    store.close()
    with pytest.raises(StoreClosed):
        store.append(LABELS[0], 1, 1.0)
