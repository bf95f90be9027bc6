"""The rows of alerting: what was written is what a new keeper begins with."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from watchkeeper.keeper.alerts import Acknowledgement, Dispatcher, Posted, Silence, alert_views
from watchkeeper.keeper.alerts.changes import Memory
from watchkeeper.keeper.alerts.config import parse
from watchkeeper.keeper.alerts.matchers import read_matchers
from watchkeeper.keeper.alertstore import AlertStore, AlertStoreUnwritable

CONFIG = """
route: {receiver: desk, group_by: [alertname], group_wait: 10s, group_interval: 60s}
receivers: [{name: desk, webhook_configs: [{url: 'http://desk'}]}]
watchkeeper:
  people: {ann: {default: [desk]}}
  policies: [{name: p, steps: [{wait: 1m}, {notify: {people: [ann]}}]}]
  escalate: [{policy: p}]
"""
NOW = 1_700_000_000.0


def lived(store: AlertStore) -> Dispatcher:
    """Return a dispatcher that has been through everything, all of it written."""
    desk = Dispatcher(parse(CONFIG), NOW)
    desk.receive([Posted({"alertname": "A", "é": "ü\n"}, {"x": "y"}, ends_at=NOW + 5000)], NOW)
    desk.receive([Posted({"alertname": "B"}, ends_at=NOW + 40)], NOW)
    sets = (read_matchers('a=~"b|c"'), read_matchers("d=e"))
    desk.silence(Silence(sets, NOW, NOW + 99, "ann", "x"), NOW, "id1")
    for second in range(0, 200, 10):
        now = NOW + second
        desk.handed(desk.tick(now), now)
        if second == 20:
            views = {view.alert.name: view for view in alert_views(desk, now)}
            desk.acknowledge(Acknowledgement(views["A"].alert.fingerprint, "ann", now, now + 50, "mine"))
        store.write(desk.changes(), now)
    return desk


def plain(memory: Memory) -> dict[str, object]:
    """Return a memory in a form in which the order of rows does not matter."""
    return {
        "standings": {one.alert.labels: one for one in memory.standings},
        "groups": {(one.route_id, one.labels): one for one in memory.groups},
        "log": memory.log,
        "silences": {one.id: one for one in memory.silences},
        "acknowledgements": set(memory.acknowledgements),
        "runs": set(memory.runs),
    }


def test_what_was_written_is_what_is_remembered(tmp_path: Path) -> None:
    """The file, opened anew, holds exactly what the dispatcher knew."""
    store = AlertStore.open(tmp_path)
    desk = lived(store)
    store.close()
    again = AlertStore.open(tmp_path)
    memory = again.memory()
    again.close()
    assert plain(memory) == plain(desk.memory(NOW + 190))
    assert memory.runs and memory.log and memory.silences
    assert memory.at == NOW + 190


def test_a_write_is_all_or_nothing(tmp_path: Path) -> None:
    """Where the disk refuses a row, none of the transaction is kept, and the error says so."""
    store = AlertStore.open(tmp_path)
    lived(store)
    before = plain(store.memory())
    blocker = sqlite3.connect(tmp_path / "alerts.db", isolation_level=None)
    blocker.execute("CREATE TRIGGER no BEFORE INSERT ON timeline BEGIN SELECT RAISE(FAIL, 'full'); END")
    desk = Dispatcher(parse(CONFIG), NOW)
    desk.receive([Posted({"alertname": "C"})], NOW)
    changes = desk.changes()
    with pytest.raises(AlertStoreUnwritable, match="full"):
        store.write(changes, NOW)
    assert plain(store.memory()) == before
    blocker.execute("DROP TRIGGER no")
    blocker.close()
    store.write(changes, NOW)
    assert len(store.memory().standings) == len(before["standings"]) + 1  # type: ignore[arg-type]
    store.close()


def test_a_timeline_tells_an_alerts_story_in_order(tmp_path: Path) -> None:
    store = AlertStore.open(tmp_path)
    desk = lived(store)
    name = next(one.alert.fingerprint for one in alert_views(desk, NOW + 190) if one.alert.name == "A")
    story = [(event.kind, event.who) for event in store.timeline(name)]
    assert story[:5] == [
        ("state", ""),
        ("state", ""),
        ("told", ""),
        ("state", "ann"),
        ("acknowledged", "ann"),
    ]
    assert [event.at for event in store.timeline(name)] == sorted(event.at for event in store.timeline(name))
    assert len(store.events(3)) == 3
    every = store.events(1000)
    young = [event for event in every if event.at >= NOW + 15]
    assert 0 < len(young) < len(every)
    assert store.expire(NOW + 15) == len(every) - len(young)
    assert store.events(1000) == young
    assert store.expire(NOW + 10_000) == len(young) and store.events() == []
    store.close()


def test_a_row_that_cannot_be_read_is_passed_over_and_counted(tmp_path: Path) -> None:
    store = AlertStore.open(tmp_path)
    lived(store)
    whole = len(store.memory().standings)
    with sqlite3.connect(tmp_path / "alerts.db") as db:
        db.execute("UPDATE alerts SET body = x'c1' WHERE key IN (SELECT key FROM alerts LIMIT 1)")
    db.close()
    assert len(store.memory().standings) == whole - 1
    assert store.unreadable == 1
    store.close()


def test_a_file_that_is_no_database_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "alerts.db").write_bytes(b"this is not a database, whatever its name says" * 50)
    store = AlertStore.open(tmp_path)
    assert store.memory().standings == ()
    assert (tmp_path / "alerts.db.damaged").exists()
    store.close()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AlertStoreUnwritable, match="cannot open"):
        AlertStore.open(tmp_path / "file")


@pytest.mark.parametrize("cut", range(4))
def test_what_was_not_handed_over_before_a_crash_is_asked_for_again(tmp_path: Path, cut: int) -> None:
    """Killed after the rows were written and before a telling was in safe hands: it is told after the start.

    The n-th telling is cut off so: the route's, the escalation's, the ends of both. Each is told once.
    """
    store = AlertStore.open(tmp_path)
    desk, told, count = Dispatcher(parse(CONFIG), NOW), [], 0
    desk.receive([Posted({"alertname": "A"}, ends_at=NOW + 130)], NOW)
    for second in range(300):
        now = NOW + second
        due = desk.tick(now)
        store.write(desk.changes(), now)
        if due and count == cut:
            desk = Dispatcher(desk.alerting, now, store.memory())
            count += 1
            due = desk.tick(now)
        count += bool(due)
        told += [(one.slot.group_key, one.reason, one.at - NOW) for one in due]
        desk.handed(due, now)
        store.write(desk.changes(), now)
    store.close()
    assert told == [
        ('{}:{alertname="A"}', "first", 10),
        ('{}:{alertname="A"}/escalation', "escalation step 2", 70),
        ('{}:{alertname="A"}', "resolved", 130),
        ('{}:{alertname="A"}/escalation', "resolved", 130),
    ]
