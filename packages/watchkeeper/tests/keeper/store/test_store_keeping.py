"""What is kept, for how long, and how it is found."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.store import BadMatcher, Flip, Flips, Labels, Matcher, Store, labels_of
from watchkeeper.keeper.store.database import Span
from watchkeeper.keeper.store.index import Index, acceptor
from watchkeeper.keeper.store.recent import RecentSpans

FOREVER = (-(2**62), 2**62)
DAY = 86_400_000


def opened(folder: Path, **settings: Any) -> Store:
    given: dict[str, Any] = {"flush_seconds": math.inf, "retention_seconds": 1e12}
    return Store.open(folder, **(given | settings))


words = st.sampled_from(["", "a", "b", "ab", "a.b", "x"])
labelsets = st.dictionaries(st.sampled_from(["job", "host", "env"]), words, max_size=3).map(
    lambda pairs: labels_of(pairs, "m")
)
matchers = st.builds(
    Matcher,
    st.sampled_from(["job", "host", "env", "__name__", "other"]),
    st.sampled_from(["=", "!=", "=~", "!~"]),
    st.sampled_from(["", "a", "b", "a|b", ".*", ".+", "a.*", "m", "(a|x)?"]),
)


@given(st.lists(labelsets, unique=True), st.lists(matchers, max_size=4))
def test_the_index_finds_what_a_plain_look_at_every_series_finds(
    series: list[Labels], conditions: list[Matcher]
) -> None:
    index = Index()
    for ref, labels in enumerate(series):
        index.add(ref, labels)
    tests = [(matcher.name, acceptor(matcher)) for matcher in conditions]
    expected = [s for s in series if all(accepts(dict(s).get(name, "")) for name, accepts in tests)]
    assert [index.labels(ref) for ref in index.find(conditions)] == sorted(expected)


@given(st.lists(labelsets, unique=True, min_size=1), st.data())
def test_a_removed_series_leaves_no_trace_in_the_index(series: list[Labels], data: st.DataObject) -> None:
    index, without = Index(), Index()
    gone = data.draw(st.sampled_from(series))
    for ref, labels in enumerate(series):
        index.add(ref, labels)
        if labels != gone:
            without.add(ref, labels)
    index.remove(series.index(gone))
    assert index.names() == without.names()
    assert index.values("job") == without.values("job")
    assert index.find([]) == without.find([])
    assert index.ref(gone) is None


@pytest.mark.parametrize("value", ["(", "a{2,1}", "*"])
def test_a_broken_regex_is_told(tmp_path: Path, value: str) -> None:
    with opened(tmp_path) as store, pytest.raises(BadMatcher):
        store.select([Matcher("job", "=~", value)], *FOREVER)


def test_regexes_are_anchored_and_dots_match_line_feeds() -> None:
    assert acceptor(Matcher("a", "=~", "b.d"))("b\nd")
    assert not acceptor(Matcher("a", "=~", "b"))("ab")
    assert acceptor(Matcher("a", "!~", "b"))("ab")


def test_label_names_and_values_follow_the_matchers(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for job, extra in (("a", {"x": "1"}), ("b", {"y": "2"})):
            store.append(labels_of({"job": job, **extra}, "m"), 1, 1.0)
        assert store.label_names() == ["__name__", "job", "x", "y"]
        assert store.label_names([Matcher("job", "=", "a")]) == ["__name__", "job", "x"]
        assert store.label_values("job") == ["a", "b"]
        assert store.label_values("job", [Matcher("y", "!=", "")]) == ["b"]


def test_chunks_older_than_the_retention_go_and_series_with_them(tmp_path: Path) -> None:
    now = [100 * DAY / 1000]
    old, new = labels_of({}, "old"), labels_of({}, "new")
    store = opened(tmp_path, retention_seconds=10 * 86400, clock=lambda: now[0], row_samples=32)
    store.ingest((old, 95 * DAY + k * 1000, 1.0) for k in range(64))
    store.ingest((new, 99 * DAY + k * 1000, 1.0) for k in range(64))
    store.flush()
    now[0] += 6 * 86400
    store.expire()
    assert [series.labels for series in store.select([], *FOREVER)] == [new]
    assert store.label_values("__name__") == ["new"]
    assert store.stats().expired_chunks == 2
    late = store.ingest([(labels_of({}, "late"), 50 * DAY, 1.0)])
    assert late.too_old == 1
    store.append(old, 106 * DAY, 5.0)
    store.close()
    with opened(tmp_path, clock=lambda: now[0]) as again:
        assert [series.labels for series in again.select([], *FOREVER)] == [new, old]


def test_a_ref_of_a_series_that_was_removed_is_refused_not_misused(tmp_path: Path) -> None:
    now = [100 * DAY / 1000]
    store = opened(tmp_path, retention_seconds=86400, clock=lambda: now[0], row_samples=32)
    ref = store.ref(labels_of({}, "old"))
    store.append_refs([ref] * 32, 100 * DAY + np.arange(32), np.ones(32))
    store.flush()
    now[0] += 3 * 86400
    store.expire()
    assert store.append_refs([ref], 103 * DAY, np.ones(1)).refused == 1
    assert store.ref(labels_of({}, "old")) != ref
    store.close()


def test_the_file_stays_within_the_bytes_it_may_use(tmp_path: Path) -> None:
    """Random floats at 8 bytes each: the oldest chunks go, the newest stay."""
    limit = 1_000_000
    store = opened(tmp_path, retention_bytes=limit, row_samples=320)
    dice, labels = np.random.default_rng(1), labels_of({}, "m")
    ref = store.ref(labels)
    for block in range(100):
        times = np.arange(block * 3200, (block + 1) * 3200, dtype=np.int64) * 1000
        store.append_refs(np.full(3200, ref), times, dice.random(3200))
        store.flush()
    store.expire()
    stats = store.stats()
    assert stats.bytes <= limit
    assert (tmp_path / "samples.db").stat().st_size <= 2 * limit
    assert stats.newest == 319_999_000
    (series,) = store.select([], *FOREVER)
    assert 60_000 < len(series.times) < 200_000
    assert series.times.tolist() == list(range(int(series.times[0]), 320_000_000, 1000)), "no hole"
    store.close()


def test_a_snapshot_is_a_store_of_its_own_with_everything_up_to_now(tmp_path: Path) -> None:
    with opened(tmp_path / "a", row_samples=32) as store:
        store.ingest((labels_of({}, "m"), k, float(k)) for k in range(50))
        store.snapshot(tmp_path / "b")
        store.append(labels_of({}, "m"), 60, 60.0)
        with opened(tmp_path / "b") as copy:
            assert len(copy.select([], *FOREVER)[0].times) == 50


def test_rows_of_one_scrape_share_one_timeline(tmp_path: Path) -> None:
    """This is half of what a sample would cost otherwise."""
    with opened(tmp_path, row_samples=64) as store:
        refs = np.array([store.ref(labels_of({"i": str(i)}, "m")) for i in range(20)])
        for k in range(200):
            store.append_refs(refs, k * 1000 + k % 7, np.ones(20))
        store.flush()
        assert store.stats().chunks == 60
        assert len(store._database._read("SELECT id FROM timelines")) == 3


def test_series_that_stop_are_sealed_so_that_the_journal_stays_short(tmp_path: Path) -> None:
    with opened(tmp_path, row_samples=320) as store:
        store.append(labels_of({}, "gone"), 1, 1.0)
        live = store.ref(labels_of({}, "live"))
        for k in range(1500):
            store.append_refs([live], k, np.ones(1))
            store.flush()
        assert len(store.select([Matcher("__name__", "=", "gone")], *FOREVER)) == 1
        assert len(store._database.frames()) < 400


def test_readers_in_other_threads_always_see_a_whole_prefix(tmp_path: Path) -> None:
    """While one thread writes and seals, no selection misses a sample that was stored before it began."""
    store = opened(tmp_path, row_samples=32)
    ref, problems, done = store.ref(labels_of({}, "m")), [], threading.Event()

    def read() -> None:
        seen = 0
        while not done.is_set():
            found = store.select([], *FOREVER)
            times = found[0].times.tolist() if found else []
            if times != list(range(len(times))) or len(times) < seen:
                problems.append((seen, times[:5], len(times)))
            seen = len(times)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for k in range(600):
        store.append_refs([ref], k, np.ones(1))
        if k % 10 == 0:
            store.flush()
    done.set()
    for reader in readers:
        reader.join()
    assert not problems
    store.close()


def flip(at: float, subject: str, to: str) -> Flip:
    return Flip(at, subject, "healthy", to, "because", "critical")


def test_flips_are_read_by_a_second_connection_as_soon_as_append_returns(tmp_path: Path) -> None:
    """Durable before return: another process sees the row."""
    flips, other = Flips.open(tmp_path), Flips.open(tmp_path)
    first = flips.append(flip(1.0, "a", "down"))
    assert other.recent(5) == [flip(1.0, "a", "down")]
    flips.append(flip(2.0, "b", "down"))
    flips.append(flip(3.0, "a", "up"))
    assert {subject: last.to_state for subject, last in other.state().items()} == {"a": "up", "b": "down"}
    assert [row[1].at for row in other.after(first, 10)] == [2.0, 3.0]
    assert [f.at for f in other.of("a", 10)] == [3.0, 1.0]
    assert flips.expire(10.0) == 1, "the last flip of each subject stays"
    flips.snapshot(tmp_path / "copy")
    copy = Flips.open(tmp_path / "copy")
    assert [f.at for f in copy.recent(9)] == [3.0, 2.0]
    for opened_flips in (flips, other, copy):
        opened_flips.close()


def test_a_window_that_lies_in_memory_asks_the_disk_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = labels_of({}, "m")
    with opened(tmp_path, row_samples=64) as store:
        store.ingest([(labels, time, 1.0) for time in range(100)])
        store.flush()  # 64 of them are sealed
        monkeypatch.setattr(store._database, "spans_of", lambda *_: pytest.fail("the disk was asked"))
        assert [len(found.times) for found in store.select([], 64, 99)] == [36]
        monkeypatch.undo()
        assert [len(found.times) for found in store.select([], 63, 99)] == [37]


def test_samples_sealed_ahead_of_time_are_found_after_the_clock_came_back(tmp_path: Path) -> None:
    """The newest chunk ends before an older one does: the later end decides whether the disk is asked."""
    labels, now = labels_of({}, "m"), [DAY / 1000]
    with opened(tmp_path, row_samples=32, clock=lambda: now[0]) as store:
        store.ingest([(labels, 2 * DAY + time, 1.0) for time in range(32)])
        store.flush()
        store.ingest([(labels, DAY + time, 2.0) for time in range(40)])
        store.flush()
        assert [found.values.tolist() for found in store.select([], 2 * DAY + 31, 3 * DAY)] == [[1.0]]
    with opened(tmp_path, clock=lambda: now[0]) as store:
        assert [found.values.tolist() for found in store.select([], 2 * DAY + 31, 3 * DAY)] == [[1.0]]


def test_a_long_chunk_is_found_at_its_end_whatever_the_length_of_those_after_it(tmp_path: Path) -> None:
    """The search begins no later than the longest chunk's length before the window."""
    labels = labels_of({}, "m")
    slow = [(labels, hour * 3_600_000, 1.0) for hour in range(32)]
    quick = [(labels, 2 * DAY + second * 1000, 2.0) for second in range(64)]
    with opened(tmp_path, row_samples=32) as store:
        store.ingest(slow + quick)
        store.flush()
        assert store.stats().head_samples == 0
        assert [found.values.tolist() for found in store.select([], slow[-1][1], DAY * 2)] == [[1.0, 2.0]]
    with opened(tmp_path) as store:
        assert [found.values.tolist() for found in store.select([], slow[-1][1], DAY * 2)] == [[1.0, 2.0]]


def test_chunks_that_were_read_before_are_not_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = labels_of({}, "m")
    with opened(tmp_path, row_samples=32) as store:
        store.ingest([(labels, time, 1.0) for time in range(70)])
        store.flush()
        assert [len(found.times) for found in store.select([], 40, 99)] == [30]
        monkeypatch.setattr(store._database, "spans_of", lambda *_: pytest.fail("the disk was asked"))
        assert [found.times.tolist() for found in store.select([], 60, 65)] == [[60, 61, 62, 63, 64, 65]]
        assert [len(found.times) for found in store.select([], 41, 50)] == [10]
        monkeypatch.undo()
        assert [len(found.times) for found in store.select([], 10, 99)] == [60]


def test_chunks_that_are_sealed_after_a_look_are_found_by_the_next(tmp_path: Path) -> None:
    labels = labels_of({}, "m")
    with opened(tmp_path, row_samples=32) as store:
        for count in range(1, 300):
            store.append(labels, count, float(count))
            if count % 7 == 0:
                store.flush()
            found = store.select([], max(count - 50, 1), count)
            assert [series.times.tolist() for series in found] == [list(range(max(count - 50, 1), count + 1))]


def test_chunks_that_expire_after_a_look_are_gone_at_the_next(tmp_path: Path) -> None:
    now = [100 * DAY / 1000]
    with opened(tmp_path, retention_seconds=10 * 86400, clock=lambda: now[0], row_samples=32) as store:
        labels = labels_of({}, "m")
        store.ingest((labels, 95 * DAY + k * 1000, 1.0) for k in range(64))
        store.ingest((labels, 99 * DAY + k * 1000, 1.0) for k in range(64))
        store.flush()
        assert [len(series.times) for series in store.select([], *FOREVER)] == [128]
        now[0] += 6 * 86400
        store.expire()
        assert [len(series.times) for series in store.select([], *FOREVER)] == [64]


@pytest.mark.parametrize("change", [lambda recent: recent.sealed(1), lambda recent: recent.clear()])
def test_what_was_read_before_a_change_is_not_learned_after_it(
    change: Callable[[RecentSpans], None],
) -> None:
    recent, span = RecentSpans(), Span(1, 1, 0, 9, 10, 1)
    before = recent.changes
    change(recent)
    recent.learn([1], 0, {1: [span]}, before)
    assert recent.of(1, 5, 9) is None
    recent.learn([1], 0, {1: [span]}, recent.changes)
    assert recent.of(1, 5, 9) == [span]
    assert recent.of(1, 10, 20) == []
