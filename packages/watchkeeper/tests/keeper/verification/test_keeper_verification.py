"""The verification at work: one at a time, told while it runs, kept over a restart, out of the way."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from watchkeeper.keeper.store import Damage, Progress, Store, Verified, labels_of
from watchkeeper.keeper.verification import Verification

NOW = 1_700_000_000.0
PATIENCE = 60.0


class Slow:
    """A store whose verification goes one step whenever the test lets it."""

    def __init__(self) -> None:
        self.step = threading.Semaphore(0)
        self.told = threading.Semaphore(0)
        self.ended = threading.Event()

    def verify(self, go_on: Any) -> Verified:
        done = 0
        while True:
            assert self.step.acquire(timeout=PATIENCE)
            whole = go_on(Progress(done, 3, done * 10, 0))
            self.told.release()
            if not whole or done == 3:
                self.ended.set()
                return Verified(done, done * 10, (), 0, ("ok",), whole)
            done += 1

    def go(self) -> None:
        """Let it go on to its next step, and wait for it."""
        self.step.release()
        assert self.told.acquire(timeout=PATIENCE)


def at_work(store: Any, folder: Path, stressed: Any = lambda: False) -> Verification:
    return Verification(store, folder / "verified.json", lambda: NOW, stressed)


def finished(verification: Verification) -> None:
    """Wait for the end of a run."""
    thread = verification._thread
    assert thread is not None
    thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.fixture
def slow() -> Iterator[Slow]:
    """Yield a slow store; it goes on freely after the test."""
    made = Slow()
    yield made
    made.step.release(100)


def test_a_run_tells_how_far_it_is_and_then_what_it_found(slow: Slow, tmp_path: Path) -> None:
    """Never, running with its numbers, done; a second one does not begin beside it."""
    verification = at_work(slow, tmp_path)
    assert verification.told().state == "never"
    assert verification.start("ann")
    slow.go()
    slow.go()
    told = verification.told()
    assert (told.state, told.by, told.done, told.total, told.samples) == ("running", "ann", 1, 3, 10)
    assert told.clean is None and told.finished is None
    assert not verification.start("bob")
    slow.step.release(100)
    finished(verification)
    told = verification.told()
    assert (told.state, told.by, told.done, told.clean, told.finished) == ("done", "ann", 3, True, NOW)
    assert verification.start("bob"), "it may be done again"


def test_the_result_outlives_a_restart(slow: Slow, tmp_path: Path) -> None:
    """The next life tells who verified, when, and what was found."""
    verification = at_work(slow, tmp_path)
    slow.step.release(100)
    verification.start("ann")
    finished(verification)
    assert at_work(slow, tmp_path).told() == verification.told()
    (tmp_path / "verified.json").write_text("{")
    assert at_work(slow, tmp_path).told().state == "never"


def test_the_end_of_the_keeper_ends_a_run_and_keeps_what_was_known(slow: Slow, tmp_path: Path) -> None:
    """A half run is no result: the last whole one stays."""
    first = at_work(slow, tmp_path)
    slow.step.release(4)
    first.start("ann")
    finished(first)
    verification = at_work(slow, tmp_path)
    verification.start("bob")
    slow.ended.clear()
    closing = threading.Thread(target=verification.close)
    closing.start()
    assert verification._ending.wait(PATIENCE)
    slow.step.release(100)
    closing.join(PATIENCE)
    assert not closing.is_alive() and slow.ended.is_set()
    assert not verification.start("cid"), "none begins in a keeper that ends"
    assert at_work(slow, tmp_path).told().by == "ann"


def test_a_run_waits_while_the_machine_is_under_stress(
    slow: Slow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that it is paused, and goes on by itself."""
    monkeypatch.setattr("watchkeeper.keeper.verification.LOOK_SECONDS", 0.001)
    looks, seen = iter([True, True, True]), []

    def stressed() -> bool:
        seen.append(verification.told().paused)
        return next(looks, False)

    verification = at_work(slow, tmp_path, stressed)
    verification.start("ann")
    slow.step.release(100)
    finished(verification)
    assert seen[:4] == [False, True, True, True] and seen[4:] == [False] * 3
    assert verification.told().clean and not verification.told().paused


def test_what_cannot_be_read_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    """An error of the disk ends the run, not the keeper."""

    class Broken:
        def verify(self, go_on: Any) -> Verified:
            raise sqlite3.OperationalError("disk I/O error")

    verification = at_work(Broken(), tmp_path)
    verification.start("ann")
    finished(verification)
    told = verification.told()
    assert (told.state, told.clean, told.finished) == ("failed", None, NOW)
    assert "disk I/O error" in told.error


def test_damage_in_a_real_store_is_told_with_labels_and_times(tmp_path: Path) -> None:
    """The chunk's series by its labels, its range, why; SQLite's word beside it."""
    with Store.open(tmp_path, flush_seconds=math.inf, retention_seconds=1e12, row_samples=64) as store:
        ref = store.ref(labels_of({"bot": "arbbot"}, "up"))
        for k in range(128):
            store.append_refs([ref], k * 1000, np.array([float(k)]))
        store.flush()
        db = sqlite3.connect(tmp_path / "samples.db")
        db.execute("UPDATE chunks SET data = x'00' WHERE id = 2")
        db.commit()
        db.close()
        verification = at_work(store, tmp_path)
        verification.start("")
        finished(verification)
        told = verification.told()
    assert (told.state, told.clean, told.done, told.samples, told.damaged_count) == ("done", False, 2, 64, 1)
    assert told.sqlite == ["ok"]
    (one,) = told.damaged
    assert (one.chunk, one.labels) == (2, {"__name__": "up", "bot": "arbbot"})
    assert (one.start, one.end, one.samples) == (64_000, 127_000, 64) and "checksum" in one.reason


def test_a_broken_file_beside_the_samples_is_named(slow: Slow, tmp_path: Path) -> None:
    """Whatever SQLite says of it; the whole ones are named as such, and the samples' own is left out."""
    for name in ("alerts.db", "samples.db"):
        db = sqlite3.connect(tmp_path / name)
        db.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT)")
        db.commit()
        db.close()
    (tmp_path / "outbox.db").write_bytes(b"no database" * 999)
    verification = at_work(slow, tmp_path)
    slow.step.release(100)
    verification.start("ann")
    finished(verification)
    told = verification.told()
    assert told.files == {"alerts.db": ["ok"], "outbox.db": ["file is not a database"]}
    assert (told.state, told.clean, told.sqlite) == ("done", False, ["ok"])


def test_the_named_damage_is_that_of_the_store(slow: Slow, tmp_path: Path) -> None:
    """What the store cannot tell of a damaged row is null, not a guess."""
    verification = at_work(slow, tmp_path)

    def verify(go_on: Any) -> Verified:
        damage = Damage(None, 7, (), None, None, None, "labels")
        return Verified(1, 0, (damage,), 1, ("ok",), True)

    slow.verify = verify  # type: ignore[method-assign]
    verification.start("ann")
    finished(verification)
    (one,) = verification.told().damaged
    assert (one.chunk, one.series, one.labels, one.start) == (None, 7, {}, None)
