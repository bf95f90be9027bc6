"""The receiver's side: what is kept, what is refused and why, and when it is durable."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from pathlib import Path

import cramjam
import numpy as np
import pytest

from watchkeeper.keeper.remote import Bounds, Commit, Intake, Malformed
from watchkeeper.keeper.remote.wire import written_bytes
from watchkeeper.keeper.remote.writing import label_fields, request, sample_fields
from watchkeeper.keeper.store import STALE, Matcher, Store, StoreUnwritable, is_stale

T0 = 1_700_000_000_000
Point = tuple[int, float]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Yield a store of at most ten series that flushes when told."""
    with Store.open(tmp_path, flush_seconds=math.inf, max_series=10, clock=lambda: T0 / 1000 + 60) as made:
        yield made


def body(*series: tuple[dict[str, str], list[Point]]) -> bytes:
    rows = []
    for labels, points in series:
        times, values = np.array([at for at, _ in points]), np.array([value for _, value in points])
        rows.append((label_fields(tuple(sorted(labels.items()))), times, values))
    return request(rows)


def one(*points: Point, name: str = "a") -> bytes:
    return body(({"__name__": name}, list(points)))


def held(store: Store, name: str = "a") -> list[Point]:
    found = store.select([Matcher("__name__", "=", name)], 0, 2**60)
    return [p for s in found for p in zip(s.times.tolist(), s.values.tolist(), strict=True)]


def test_samples_are_stored_as_they_came(store: Store) -> None:
    """Several samples, the marker of a series' end, and a request that brings what is known."""
    intake = Intake(store, Bounds())
    taken = intake.take(one((T0, 1.5), (T0 + 1, STALE)))
    assert (taken.samples, taken.stored, taken.problems) == (2, 2, ())
    assert is_stale(store.select([], 0, 2**60)[0].values).tolist() == [False, True]
    assert intake.take(one((T0 + 2, 3.0))).stored == 1


def test_the_same_request_twice_is_no_loss_and_no_error(store: Store) -> None:
    """A sender that missed the answer sends again; all of it is there already."""
    intake, sent = Intake(store, Bounds()), one((T0, 1.0), (T0 + 1, 2.0), (T0 + 2, 3.0))
    assert intake.take(sent).problems == ()
    assert (intake.take(sent).stored, intake.take(sent).problems) == (0, ())
    longer = one((T0 + 1, 2.0), (T0 + 2, 3.0), (T0 + 3, 4.0))
    assert (intake.take(longer).stored, intake.take(longer).problems) == (1, ())
    assert held(store) == [(T0 + n, n + 1.0) for n in range(4)]


def test_late_samples_are_told_and_the_others_kept(store: Store) -> None:
    """A sample before the newest one that is not stored, and another value at a known time."""
    intake = Intake(store, Bounds())
    intake.take(one((T0 + 10, 1.0)))
    for late in ((T0 + 5, 9.0), (T0 + 10, 9.0)):
        taken = intake.take(body(({"__name__": "a"}, [late]), ({"__name__": "b"}, [(late[0], 1.0)])))
        assert len(taken.problems) == 1 and taken.problems[0].startswith("1 x out of order")
    assert held(store) == [(T0 + 10, 1.0)] and len(held(store, "b")) == 2


def test_a_label_bomb_is_refused_and_known_series_go_on(store: Store) -> None:
    """Beyond the store's limit new series are refused by name of the reason; what was there is stored."""
    intake = Intake(store, Bounds())
    intake.take(one((T0, 1.0)))
    bomb = [({"__name__": "bomb", "id": str(n)}, [(T0, 1.0)]) for n in range(100)]
    taken = intake.take(body(*bomb, ({"__name__": "a"}, [(T0 + 1, 2.0)])))
    assert taken.stored == 10 and taken.problems == ("91 x the store holds 10 series, as many as it may",)
    assert held(store)[-1] == (T0 + 1, 2.0)


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ({"x": "1"}, "without a name"),
        ({"__name__": "a", **{f"l{n}": "1" for n in range(9)}}, "more than 8 labels"),
        ({"__name__": "a", "n" * 21: "1"}, "name longer than 20"),
        ({"__name__": "a", "n": "1" * 31}, "value longer than 30"),
    ],
)
def test_series_beyond_the_bounds_are_refused(store: Store, labels: dict[str, str], why: str) -> None:
    """Each bound has its reason; the rest of the request is kept."""
    intake = Intake(store, Bounds(labels=8, name_length=20, value_length=30))
    taken = intake.take(body((labels, [(T0, 1.0)]), ({"__name__": "good"}, [(T0, 1.0)])))
    assert taken.stored == 1 and why in taken.problems[0]


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ([(b"__name__", b"bad"), (b"", b"1")], "without a name"),
        ([(b"__name__", b"bad"), (b"a", b"1"), (b"a", b"2")], "'a' given twice"),
        ([(b"__name__", b"bad"), (b"a", b"\xff")], "no UTF-8"),
    ],
)
def test_one_series_of_broken_labels_takes_no_other_with_it(
    store: Store, labels: list[tuple[bytes, bytes]], why: str
) -> None:
    """It is named, and the rest of the request is kept."""
    fields = b"".join(written_bytes(1, written_bytes(1, n) + written_bytes(2, v)) for n, v in labels)
    good, times, values = label_fields((("__name__", "a"),)), np.array([T0]), np.array([1.0])
    taken = Intake(store, Bounds()).take(request([(fields, times, values), (good, times, values)]))
    assert taken.stored == 1 and taken.problems[0].startswith("1 x label ") and why in taken.problems[0]
    assert held(store) == [(T0, 1.0)]


def test_native_histograms_are_refused_by_name(store: Store) -> None:
    """Floats beside them are kept; the sender hears what was not."""
    native = label_fields((("__name__", "n"),)) + written_bytes(4, b"\x08\x05")
    good = label_fields((("__name__", "a"),)) + sample_fields(np.array([T0]), np.array([1.0]))
    data = bytes(cramjam.snappy.compress_raw(written_bytes(1, native) + written_bytes(1, good)))
    taken = Intake(store, Bounds()).take(data)
    assert taken.stored == 1 and taken.problems == ("1 x native histogram: they are not supported",)


def test_a_broken_request_stores_nothing(store: Store) -> None:
    """A request is read whole before anything of it is stored."""
    intake = Intake(store, Bounds())
    with pytest.raises(Malformed):
        intake.take(one((T0, 1.0))[:-1])
    assert held(store) == [] and intake.tally.malformed == 1


def test_series_that_retention_ended_get_new_numbers(tmp_path: Path) -> None:
    """The numbers that the receiver remembers may end; samples that come later are stored all the same."""
    now = [T0 / 1000]
    with Store.open(tmp_path, flush_seconds=math.inf, retention_seconds=60, clock=lambda: now[0]) as store:
        intake = Intake(store, Bounds())
        intake.take(one((T0, 1.0)))
        store.flush()
        now[0] += 3600
        store.append((("__name__", "other"),), T0 + 3_600_000, 1.0)
        for _ in range(3):
            store.flush()
            store.expire()
        assert intake.take(one((T0 + 3_600_000, 2.0))).stored == 1
        assert held(store)[-1] == (T0 + 3_600_000, 2.0)


async def test_a_flush_that_began_before_the_append_does_not_count() -> None:
    """Whoever comes during a flush waits for the next; all that wait share one."""
    began, flushes = asyncio.Event(), []
    free = asyncio.Event()
    loop = asyncio.get_running_loop()

    def flush() -> None:
        flushes.append(len(flushes))
        loop.call_soon_threadsafe(began.set)
        if len(flushes) == 1:
            asyncio.run_coroutine_threadsafe(free.wait(), loop).result(10)

    commit = Commit(flush, pace=0.0)
    first = asyncio.create_task(commit.durable())
    await began.wait()
    later = [asyncio.create_task(commit.durable()) for _ in range(5)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in later)
    free.set()
    await asyncio.gather(first, *later)
    assert flushes == [0, 1]


async def test_a_flush_that_fails_is_an_error_for_all_that_wait() -> None:
    """Nobody is told that it is durable; the next flush is tried anew."""
    fails = [True]

    def flush() -> None:
        if fails.pop() if fails else False:
            raise StoreUnwritable("disk full")

    commit = Commit(flush, pace=0.0)
    told = await asyncio.gather(commit.durable(), commit.durable(), return_exceptions=True)
    assert [type(error) for error in told] == [StoreUnwritable, StoreUnwritable]
    await commit.durable()
