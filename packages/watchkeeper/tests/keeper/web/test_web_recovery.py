"""Verifying over HTTP: who may begin it, what is told, what the trail keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

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


class Site:
    """A keeper's web with three users; `client` logs one in."""

    def __init__(self, scene: Any, folder: Path) -> None:
        store: Any = Damaged()
        self.verification = Verification(store, folder / "verified.json", lambda: NOW, lambda: False)
        self.people = People.open(folder, lambda: NOW)
        self.people.accounts.first("ann", PASSWORD)
        self.people.accounts.add("opal", "operator", PASSWORD)
        self.people.accounts.add("vic", "viewer", PASSWORD)
        self.desk = Desk(self.people, Policy())
        self.app = create_app(
            scene.live(), more=prometheus_routes(), desk=self.desk, mending=Recovery(self.verification)
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
