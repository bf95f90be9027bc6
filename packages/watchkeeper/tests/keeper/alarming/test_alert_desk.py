"""The alert desk over real rows: what it forgets, what it keeps, what the disk refuses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from watchkeeper.keeper.alertdesk import AlertDesk, TooManyAlerts
from watchkeeper.keeper.alerts import Notification, Posted
from watchkeeper.keeper.alerts.config import parse
from watchkeeper.keeper.alertstore import AlertStore, AlertStoreError

CONFIG = """
route: {receiver: a, group_wait: 0s, group_interval: 10s}
receivers: [{name: a, webhook_configs: [{url: 'http://a'}]}]
"""
DAY = 86_400.0


class Scene:
    """A desk with a clock that is set by hand, over a file."""

    def __init__(self, folder: Path, most: int = 100) -> None:
        self.now = 1000 * DAY
        self.told: list[Notification] = []
        self.store = AlertStore.open(folder)
        self.desk = AlertDesk(parse(CONFIG), self.store, self.store.memory(), self.carry, self.clock, most)

    def clock(self) -> float:
        return self.now

    async def carry(self, notifications: Sequence[Notification]) -> None:
        self.told += notifications

    async def post(self, name: str) -> None:
        await self.desk.post([Posted({"alertname": name}, ends_at=self.now + 60)])
        await self.desk.step()


async def test_timelines_are_kept_as_long_as_is_said_and_no_longer(tmp_path: Path) -> None:
    """Old events go, young ones stay, and the alerts themselves are not touched."""
    scene = Scene(tmp_path)
    await scene.post("Old")
    scene.now += 40 * DAY
    await scene.post("Young")
    before = {view.alert.name for view in scene.desk.alerts()}
    times = [event.at for event in scene.store.events(100)]
    young = times.count(scene.now)
    old = len(times) - young
    assert old > 0 and young > 0
    assert await scene.desk.forget(30 * DAY) == old
    assert len(scene.store.events(100)) == young
    assert await scene.desk.forget(30 * DAY) == 0
    assert {view.alert.name for view in scene.desk.alerts()} == before
    scene.store.close()


async def test_a_post_beyond_the_limit_is_taken_neither_whole_nor_in_part(tmp_path: Path) -> None:
    scene = Scene(tmp_path, most=2)
    with pytest.raises(TooManyAlerts):
        await scene.desk.post([Posted({"alertname": name}) for name in "abc"])
    assert scene.desk.alerts() == []
    await scene.desk.post([Posted({"alertname": name}) for name in "ab"])
    await scene.desk.post([Posted({"alertname": name}) for name in "ba"])
    assert len(scene.desk.alerts()) == 2
    scene.store.close()


async def test_what_the_disk_refuses_is_told_all_the_same_and_written_later(tmp_path: Path) -> None:
    """The client hears of the refusal, people hear of the alert, the rows follow when the disk is back."""
    scene = Scene(tmp_path)
    await scene.post("First")
    scene.store._db.execute("PRAGMA query_only = ON")
    with pytest.raises(AlertStoreError):
        await scene.desk.post([Posted({"alertname": "Second"}, ends_at=scene.now + 600)])
    scene.now += 10
    await scene.desk.step()
    assert {alert.name for one in scene.told for alert in one.alerts} >= {"First", "Second"}
    assert scene.desk.tally.unwritten > 0
    scene.store._db.execute("PRAGMA query_only = OFF")
    await scene.desk.step()
    kept = {dict(one.alert.labels)["alertname"] for one in scene.store.memory().standings}
    assert "Second" in kept
    scene.store.close()
