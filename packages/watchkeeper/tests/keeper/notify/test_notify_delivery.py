"""What became of an alert's notifications, read beside the outbox that is at work."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.keeper.notify.errors import OutboxUnreadable
from watchkeeper.keeper.notify.outbox.delivery import deliveries
from watchkeeper.keeper.notify.outbox.parcel import parcel_of
from watchkeeper.keeper.notify.outbox.rows import close, connect, insert, postpone

Make = Callable[..., Any]


def test_only_what_speaks_of_an_alert_is_told_the_oldest_first(
    tmp_path: Path, notify: Make, alert: Make
) -> None:
    """With its state, its tries and its times; the newest where there are more than wanted."""
    mine, other = alert("Mine"), alert("Other")
    path = tmp_path / "outbox.db"
    with closing(connect(path)) as db:
        for at, told in ((1.0, mine), (2.0, other), (3.0, mine)):
            insert(db, parcel_of(notify(told, at=at)))
        close(db, [1], "sent", 1.5)
        postpone(db, parcel_of(notify(mine, at=3.0)).stored_as(3).failed("503", 99.0))
        first, last = deliveries(path, mine.fingerprint, 10)
        newest = deliveries(path, mine.fingerprint, 1)
    assert (first.notification.at, first.state, first.tries, first.done_at) == (1.0, "sent", 1, 1.5)
    assert (last.notification.at, last.state, last.tries, last.error) == (3.0, "open", 1, "503")
    assert (first.next_try, last.next_try) == (0.0, 99.0)
    assert newest == [last]


def test_a_row_that_cannot_be_read_hides_no_other(tmp_path: Path, notify: Make, alert: Make) -> None:
    path = tmp_path / "outbox.db"
    with closing(connect(path)) as db:
        for at in (1.0, 2.0):
            insert(db, parcel_of(notify(alert("Mine"), at=at)))
        broken = f'{{"firing": ["{alert("Mine").fingerprint}"]'.encode()
        db.execute("UPDATE outbox SET body = ? WHERE id = 1", (broken,))
        (found,) = deliveries(path, alert("Mine").fingerprint, 10)
    assert found.notification.at == 2.0


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Nobody is told of an empty past where the rows are out of reach; and looking makes no file."""
    path = tmp_path / "outbox.db"
    with pytest.raises(OutboxUnreadable, match=r"outbox\.db"):
        deliveries(path, "0" * 16, 10)
    assert not path.exists()
    sqlite3.connect(path).close()
    with pytest.raises(OutboxUnreadable):
        deliveries(path, "0" * 16, 10)
