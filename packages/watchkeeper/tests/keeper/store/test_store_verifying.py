"""Verifying reads everything that is sealed, names what is damaged and holds nobody up."""

from __future__ import annotations

import math
import shutil
import sqlite3
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.keeper.store import Matcher, Progress, Store, labels_of

LABELS = [labels_of({"i": str(i)}, "m") for i in range(10)]
ALL = [Matcher("__name__", "=", "m")]
FOREVER = (-(2**62), 2**62)
LENGTH = 64
SCRAPES = 200
SEALED = SCRAPES // LENGTH * len(LABELS)


def opened(folder: Path, **more: Any) -> Store:
    fixed: dict[str, Any] = {"flush_seconds": math.inf, "retention_seconds": 1e12, "row_samples": LENGTH}
    return Store.open(folder, **(fixed | more))


def scrape(store: Store, first: int, last: int) -> None:
    refs = np.array([store.ref(labels) for labels in LABELS])
    for k in range(first, last):
        store.append_refs(refs, k * 1000, np.arange(len(refs)) * 0.1 + k)


def change(folder: Path, sql: str, *values: object) -> None:
    db = sqlite3.connect(folder / "samples.db")
    db.execute(sql, values)
    db.commit()
    db.close()


def asked(folder: Path, sql: str) -> list[Any]:
    db = sqlite3.connect(folder / "samples.db")
    rows = db.execute(sql).fetchall()
    db.close()
    return rows


def kept(store: Store) -> dict[str, dict[int, float]]:
    found = store.select(ALL, *FOREVER)
    return {
        dict(one.labels)["i"]: dict(zip(one.times.tolist(), one.values.tolist(), strict=True))
        for one in found
    }


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a store at rest with three sealed chunks of each series."""
    folder = tmp_path_factory.mktemp("good")
    with opened(folder) as store:
        scrape(store, 0, SCRAPES)
    return folder


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    """Return a copy of it."""
    return copied(good, tmp_path / "data")


def copied(good: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(good / "samples.db", folder)
    return folder


def test_a_good_store_is_clean_and_all_of_it_is_read(folder: Path) -> None:
    """Every chunk and every sealed sample is counted, and the last progress is the end."""
    told: list[Progress] = []
    with opened(folder) as store:
        found = store.verify(lambda progress: told.append(progress) is None)
    assert found.clean and found.whole and found.sqlite == ("ok",)
    assert (found.chunks, found.samples) == (SEALED, SEALED * LENGTH)
    assert told[0] == (0, SEALED, 0, 0) and told[-1] == (SEALED, SEALED, SEALED * LENGTH, 0)
    assert [one.done for one in told] == sorted(one.done for one in told)


def test_an_empty_store_is_clean(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        found = store.verify()
    assert found.clean and (found.chunks, found.samples) == (0, 0)


@given(data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_flipped_bit_of_a_chunk_names_that_chunk_alone(
    good: Path, tmp_path: Path, data: st.DataObject
) -> None:
    """Whichever bit of whichever chunk: its series, its times; it is set aside, all else is answered."""
    folder = copied(good, tmp_path / "data")
    chunk = data.draw(st.integers(1, SEALED))
    (series, start, end, blob), *_ = asked(
        folder, f'SELECT series, start, "end", data FROM chunks WHERE id = {chunk}'
    )
    bit = data.draw(st.integers(0, 8 * len(blob) - 1))
    bad = bytearray(blob)
    bad[bit // 8] ^= 1 << bit % 8
    change(folder, "UPDATE chunks SET data = ? WHERE id = ?", bytes(bad), chunk)
    with opened(folder) as store:
        found = store.verify()
        assert found.damaged_count == len(found.damaged) == 1 and not found.clean and found.whole
        (one,) = found.damaged
        assert (one.chunk, one.series, one.start, one.end, one.samples) == (chunk, series, start, end, LENGTH)
        assert one.labels in LABELS and "checksum" in one.reason
        assert (found.chunks, found.samples) == (SEALED, (SEALED - 1) * LENGTH)
        want = whole()
        for at in range(start, end + 1, 1000):
            del want[dict(one.labels)["i"]][at]
        assert kept(store) == want
        assert store.stats().corrupt_chunks == 1
    assert asked(folder, "SELECT id FROM corrupt") == [(chunk,)]
    with opened(folder) as store:
        assert store.verify().clean, "what was set aside is not found again"


def whole() -> dict[str, dict[int, float]]:
    """Return what `scrape` wrote."""
    steps = {k: (np.arange(10) * 0.1 + k).tolist() for k in range(SCRAPES)}
    return {str(i): {k * 1000: values[i] for k, values in steps.items()} for i in range(10)}


def test_damaged_times_name_every_chunk_that_shares_them(folder: Path) -> None:
    """Chunks of one scrape share a timeline: all of them are lost, and all are named."""
    (first,) = asked(folder, "SELECT MIN(id) FROM timelines")
    change(folder, "UPDATE timelines SET data = CAST(x'00' || data AS BLOB) WHERE id = ?", first[0])
    with opened(folder) as store:
        found = store.verify()
        assert {one.labels for one in found.damaged} == set(LABELS)
        assert {one.reason.partition(":")[0] for one in found.damaged} == {"its times"}
        assert {len(times) for times in kept(store).values()} == {SCRAPES - LENGTH}


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE chunks SET start = 'soon' WHERE id = 5", "not whole"),
        ("UPDATE chunks SET samples = 2.5 WHERE id = 5", "not whole"),
        ("UPDATE chunks SET data = 'text' WHERE id = 5", "not whole"),
        ("UPDATE chunks SET data = CAST(data AS TEXT) WHERE id = 5", "not whole"),
        ("UPDATE chunks SET timeline = 99 WHERE id = 5", "checksum"),
        ("UPDATE chunks SET series = 77 WHERE id = 5", "checksum"),
        ("DELETE FROM timelines WHERE id = (SELECT timeline FROM chunks WHERE id = 5)", "times are gone"),
    ],
)
def test_a_row_that_is_not_whole_is_damage_and_no_crash(folder: Path, sql: str, why: str) -> None:
    """Whatever stands in a row's columns, the run goes on to the end."""
    change(folder, sql)
    with opened(folder) as store:
        found = store.verify()
        assert found.whole and found.chunks == SEALED
        assert 5 in {one.chunk for one in found.damaged}
        assert all(why in one.reason for one in found.damaged)
        kept(store)


def test_many_damaged_chunks_are_counted_and_a_hundred_named(tmp_path: Path) -> None:
    """The list stays short however much is lost."""
    with opened(tmp_path, row_samples=32) as store:
        scrape(store, 0, 400)
    change(tmp_path, "UPDATE chunks SET data = x'00'")
    with opened(tmp_path) as store:
        found = store.verify()
    assert (found.chunks, found.damaged_count, len(found.damaged), found.samples) == (120, 120, 100, 0)


def test_a_run_ends_when_its_caller_says_so(folder: Path) -> None:
    """It is not called clean then."""
    with opened(folder) as store:
        found = store.verify(lambda _: False)
    assert not found.whole and not found.clean and found.chunks == 0


def test_samples_come_in_while_it_runs_and_none_is_named(tmp_path: Path) -> None:
    """Appending, sealing and asking go on between its batches; what is sealed meanwhile is no damage."""
    with opened(tmp_path) as store:
        scrape(store, 0, 640)
        store.flush()
        at = 640

        def go_on(_: Progress) -> bool:
            nonlocal at
            scrape(store, at, at + LENGTH)
            store.flush()
            assert len(kept(store)) == len(LABELS)
            at += LENGTH
            return True

        found = store.verify(go_on)
        assert found.clean and found.chunks == 100
        assert store.verify().chunks > found.chunks
        assert [len(times) for times in kept(store).values()] == [at] * len(LABELS)


def test_a_run_in_a_thread_of_its_own_and_writers_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Many runs beside many flushes: each is clean, and every sample is there in the end."""
    with opened(tmp_path) as store:
        scrape(store, 0, 128)
        found: list[bool] = []
        reading = Thread(target=lambda: found.extend(store.verify().clean for _ in range(20)))
        reading.start()
        for first in range(128, 1280, 32):
            scrape(store, first, first + 32)
            store.flush()
        reading.join()
        assert found == [True] * 20
        assert [len(times) for times in kept(store).values()] == [1280] * len(LABELS)


def test_chunks_that_expire_meanwhile_are_no_damage(folder: Path) -> None:
    """Retention may take chunk and timeline away between two batches."""
    now = SCRAPES
    with opened(folder, clock=lambda: now, retention_seconds=SCRAPES * 2.0) as store:

        def go_on(progress: Progress) -> bool:
            nonlocal now
            now = SCRAPES * 100
            store.expire()
            return True

        assert store.verify(go_on).damaged_count == 0
        assert store.stats().expired_chunks == SEALED


def test_a_broken_index_is_told_in_sqlites_words_and_rebuilt_by_the_next_flush(folder: Path) -> None:
    """Chunks that the index does not know are found again after it."""
    ((sql,),) = asked(folder, "SELECT sql FROM sqlite_schema WHERE name = 'chunk_spans'")
    schema(folder, f"{sql} WHERE id <> 7")
    change(folder, "REINDEX chunk_spans")
    schema(folder, sql)
    with opened(folder) as store:
        found = store.verify()
        assert not found.clean and found.sqlite != ("ok",)
        scrape(store, SCRAPES, SCRAPES + 1)
        store.flush()
        assert store.stats().rebuilds == 1
        assert store.verify().clean
        assert {len(times) for times in kept(store).values()} == {SCRAPES + 1}
    assert list(folder.glob("samples.db.damaged-*"))


def schema(folder: Path, sql: str) -> None:
    """Let the file say that the index is another one than it is."""
    db = sqlite3.connect(folder / "samples.db")
    db.execute("PRAGMA writable_schema=ON")
    db.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'chunk_spans'", (sql,))
    db.commit()
    db.close()


def test_damaged_labels_are_named_and_written_again(folder: Path) -> None:
    """The store in memory still knows them; the next start has the series as it was."""
    with opened(folder) as store:
        change(folder, """UPDATE series SET labels = REPLACE(labels, '"3"', '"4"') WHERE id = 4""")
        found = store.verify()
        assert [(one.chunk, one.series, one.labels) for one in found.damaged] == [(None, 4, LABELS[3])]
        assert "labels" in found.damaged[0].reason and not found.clean
        assert store.verify().clean
    with opened(folder) as store:
        assert kept(store) == whole()


def test_labels_that_are_no_text_any_more_cost_their_series_alone(folder: Path) -> None:
    """The store opens without it, and all else is answered."""
    change(folder, "UPDATE series SET labels = CAST(x'5bff22' AS TEXT) WHERE id = 4")
    with opened(folder) as store:
        assert sorted(kept(store)) == sorted(str(i) for i in range(10) if i != 3)
        assert [one.series for one in store.verify().damaged] == [4]
