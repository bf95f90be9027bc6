"""Verifying over HTTP: who may begin it, what is told, what the trail keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from watchkeeper.keeper.alerts import Alert, Notification, Slot
from watchkeeper.keeper.notify.errors import OutboxUnreadable, OutboxUnwritable, Undeliverable
from watchkeeper.keeper.notify.outbox import Undelivered, line_of
from watchkeeper.keeper.people import People
from watchkeeper.keeper.store import Damage, Verified
from watchkeeper.keeper.verification import Verification
from watchkeeper.keeper.web import Desk, Policy, Recovery, create_app
from watchkeeper.keeper.web.prometheus import routes as prometheus_routes

NOW = 1_700_000_000.0
PATH = "/api/v1/admin/tsdb/verify"
PASSWORD = "correct horse"


class Damaged:
    """A store with one damaged chunk."""

    def verify(self, go_on: Any) -> Verified:
        damage = Damage(3, 1, (("__name__", "up"),), 1000, 2000, 2, "checksum does not match")
        return Verified(9, 70, (damage,), 1, ("ok",), True)


ALERT = Alert(
    (("alertname", "FeedSilent"), ("bot", "arbbot")), (("summary", "The feed is silent"),), NOW - 60, None
)
SLOT = Slot("{}:{}", "team", "slack", 0)
PAGE = Notification(NOW - 50, SLOT, (), (ALERT,) * 7, frozenset(), frozenset(), "first")


class Owing:
    """An outbox with two pages that did not get through, the second of a channel that is gone."""

    def __init__(self) -> None:
        self.hurried: list[int] = []
        self.problem: Exception | None = None

    async def undelivered(self) -> list[Undelivered]:
        if self.problem is not None:
            raise self.problem
        line = line_of(SLOT)
        return [
            Undelivered(8, line, PAGE, "refused", 3, "401: bad key", NOW + 300, 0.0),
            Undelivered(5, line, PAGE, "given up", 40, "no route", 0.0, NOW - 10),
        ]

    async def again(self, row: int) -> None:
        if self.problem is not None:
            raise self.problem
        if row != 8:
            raise Undeliverable(f"row {row}", known=row == 5)
        self.hurried.append(row)


class Site:
    """A keeper's web with three users; `client` logs one in."""

    def __init__(self, scene: Any, folder: Path) -> None:
        store: Any = Damaged()
        self.verification = Verification(store, folder / "verified.json", lambda: NOW, lambda: False)
        self.owing = Owing()
        self.people = People.open(folder, lambda: NOW)
        self.people.accounts.first("ann", PASSWORD)
        self.people.accounts.add("opal", "operator", PASSWORD)
        self.people.accounts.add("vic", "viewer", PASSWORD)
        self.desk = Desk(self.people, Policy())
        self.app = create_app(
            scene.live(),
            more=prometheus_routes(),
            desk=self.desk,
            mending=Recovery(self.verification, self.owing),
        )

    @asynccontextmanager
    async def client(self, name: str) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            told = await client.post("/api/login", json={"name": name, "password": PASSWORD})
            client.headers["X-CSRF-Token"] = told.json()["csrf"]
            yield client

    def finished(self) -> None:
        thread = self.verification._thread
        assert thread is not None
        thread.join(60)

    def close(self) -> None:
        self.verification.close()
        self.desk.close()
        self.people.close()


@pytest.fixture
async def site(scene: Any, tmp_path: Path) -> AsyncIterator[Site]:
    """Yield the site."""
    made = Site(scene, tmp_path)
    yield made
    made.close()


async def test_an_operator_begins_it_and_everybody_reads_the_result(site: Site) -> None:
    """202 and the run by its name; afterwards the damage, in the envelope of the admin API."""
    async with site.client("opal") as opal, site.client("vic") as vic:
        assert (await vic.get(PATH)).json()["data"]["state"] == "never"
        begun = await opal.post(PATH)
        assert begun.status_code == 202 and begun.json()["data"]["by"] == "opal"
        site.finished()
        told = (await vic.get(PATH)).json()
        assert told["status"] == "success"
        data = told["data"]
        assert (data["state"], data["clean"], data["damaged_count"], data["sqlite"]) == (
            "done",
            False,
            1,
            ["ok"],
        )
        assert data["damaged"][0] == {
            "chunk": 3, "series": 1, "labels": {"__name__": "up"}, "start": 1000, "end": 2000, "samples": 2,
            "reason": "checksum does not match",
        }  # fmt: skip


async def test_a_viewer_may_not_begin_it(site: Site) -> None:
    """403 with the right that is missing, and nothing runs."""
    async with site.client("vic") as vic:
        refused = await vic.post(PATH)
        assert refused.status_code == 403 and "operate" in refused.json()["error"]
    assert site.verification.told().state == "never"


async def test_it_leaves_a_row_in_the_trail(site: Site) -> None:
    """Who, what, and how it was answered."""
    async with site.client("opal") as opal, site.client("ann") as ann:
        await opal.post(PATH)
        site.finished()
        rows = (await ann.get("/api/audit", params={"actor": "opal"})).json()["entries"]
    assert any(PATH in str(row) and row["status"] == 202 for row in rows)


async def test_other_methods_are_refused_and_other_paths_are_prometheus_own(site: Site) -> None:
    async with site.client("ann") as ann:
        assert (await ann.delete(PATH)).status_code == 405
        assert (await ann.get(f"{PATH}/more")).json()["errorType"] == "not_found"


async def test_what_did_not_get_through_is_told_with_channel_alerts_and_reason(site: Site) -> None:
    """The newest first; five alerts of each and their number; times that are none are null."""
    async with site.client("vic") as vic:
        told = (await vic.get("/api/undelivered")).json()
        assert told["count"] == 2
        first, second = told["undelivered"]
        assert (first["row"], first["channel"], first["fate"]) == (8, "team/slack[0]", "refused")
        assert (first["tries"], first["error"], first["next_try"]) == (3, "401: bad key", NOW + 300)
        assert first["given_up_at"] is None and first["at"] == NOW - 50
        assert (len(first["alerts"]), first["count"]) == (5, 7)
        alert = {"name": "FeedSilent", "bot": "arbbot", "firing": True, "summary": "The feed is silent"}
        assert first["alerts"][0] == alert
        assert (second["fate"], second["next_try"], second["given_up_at"]) == ("given up", None, NOW - 10)
        shorter = (await vic.get("/api/undelivered", params={"limit": 1})).json()
        assert (len(shorter["undelivered"]), shorter["count"]) == (1, 2)
        assert (await vic.get("/api/undelivered", params={"limit": 0})).status_code == 400


async def test_an_operator_sends_one_again(site: Site) -> None:
    """202 and a row in the trail; 409 where its channel is gone, 404 where there is none."""
    async with site.client("opal") as opal, site.client("ann") as ann:
        done = await opal.post("/api/undelivered/8/again")
        assert (done.status_code, done.json()) == (202, {"row": 8})
        assert site.owing.hurried == [8]
        assert (await opal.post("/api/undelivered/5/again")).status_code == 409
        for row in ("7", "x", "-1", "9" * 40, "٣"):
            assert (await opal.post(f"/api/undelivered/{row}/again")).status_code == 404, row
        rows = (await ann.get("/api/audit", params={"actor": "opal"})).json()["entries"]
    assert any("/api/undelivered/8/again" in str(row) and row["status"] == 202 for row in rows)


async def test_a_viewer_may_not_send_again(site: Site) -> None:
    async with site.client("vic") as vic:
        assert (await vic.post("/api/undelivered/8/again")).status_code == 403
    assert site.owing.hurried == []


async def test_a_disk_that_refuses_is_told_as_such(site: Site) -> None:
    """503 with the outbox's words, for reading and for sending."""
    async with site.client("opal") as opal:
        site.owing.problem = OutboxUnreadable("cannot read outbox.db")
        answer = await opal.get("/api/undelivered")
        assert (answer.status_code, answer.json()["error"]) == (503, "cannot read outbox.db")
        site.owing.problem = OutboxUnwritable("the disk is full")
        assert (await opal.post("/api/undelivered/8/again")).status_code == 503
