"""Remote write's doors: the receiver's HTTP codes, and settings that cannot be used."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from watchkeeper.keeper.config import ConfigError, RemoteWrite
from watchkeeper.keeper.relaying import check, relabelling
from watchkeeper.keeper.remote import Bounds, Commit, Intake
from watchkeeper.keeper.remote.writing import label_fields, request
from watchkeeper.keeper.scrape import rule_from
from watchkeeper.keeper.store import Store, StoreUnwritable
from watchkeeper.keeper.web.prometheus import Receiving
from watchkeeper.keeper.web.prometheus.receiving import write

T0 = 1_700_000_000_000
HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}


class Disk:
    """A flush that fails while the disk is full."""

    def __init__(self, store: Store) -> None:
        self.store, self.full = store, False

    def flush(self) -> None:
        if self.full:
            raise StoreUnwritable("database or disk is full")
        self.store.flush()


Scene = tuple[httpx.AsyncClient, Disk, Receiving]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """Yield a client of a receiver, its disk and the receiver."""
    with Store.open(tmp_path, flush_seconds=math.inf, clock=lambda: T0 / 1000) as store:
        disk = Disk(store)
        receiving = Receiving(Intake(store, Bounds()), Commit(disk.flush, pace=0.0), 1 << 16)
        app = Starlette(routes=[Route("/api/v1/write", write, methods=["POST"])])
        app.state.receiving = receiving
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client, disk, receiving
        receiving.close()


def body(place: int = 0) -> bytes:
    at, value = np.array([T0 + place * 1000]), np.array([place * 1.0])
    return request([(label_fields((("__name__", "a"),)), at, value)])


async def post(client: httpx.AsyncClient, content: bytes, **headers: str) -> httpx.Response:
    return await client.post("/api/v1/write", content=content, headers={**HEADERS, **headers})


async def test_a_full_disk_is_told_and_nothing_is_lost(scene: Scene) -> None:
    """503 with a pause while the disk is full; sent again, the same request is taken."""
    client, disk, _ = scene
    disk.full = True
    refused = await post(client, body())
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert "full" in refused.text
    disk.full = False
    assert (await post(client, body())).status_code == 204
    assert disk.store.stats().unflushed_samples == 0 and disk.store.stats().samples == 1


async def test_writes_side_by_side_are_all_taken(scene: Scene) -> None:
    """Requests that come together are each answered when all of theirs is on the disk."""
    client, disk, _ = scene
    answers = await asyncio.gather(*(post(client, body(place)) for place in range(20)))
    assert {answer.status_code for answer in answers} <= {204, 400}
    assert disk.store.stats().unflushed_samples == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Origin": "http://elsewhere"}, 403),
        ({"Origin": "http://127.0.0.1"}, 204),
        ({"Content-Type": "application/x-protobuf;proto=prometheus.WriteRequest"}, 204),
    ],
)
async def test_only_remote_write_is_taken(scene: Scene, headers: dict[str, str], status: int) -> None:
    """Other kinds, the protocol's second version, and pages of other origins are refused."""
    assert (await post(scene[0], body(), **headers)).status_code == status


async def test_bounds_are_told(scene: Scene) -> None:
    """Too long, too many at once, broken, switched off."""
    client, _, receiving = scene
    assert (await post(client, b"x" * (1 << 17))).status_code == 413
    assert (await post(client, b"\xff\xff\xff\xff\x0f")).status_code in (400, 413)
    receiving.waiting = 64
    busy = await post(client, body())
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
    receiving.waiting, receiving.enabled = 0, False
    assert (await post(client, body())).status_code == 404


def test_places_need_a_url_and_a_name_of_their_own() -> None:
    """Two places of one name would share their positions."""
    good = RemoteWrite(url="http://h:1/api/v1/write")
    check([good, RemoteWrite(url=good.url, name="other")])
    for bad in ([good, good], [RemoteWrite(url="h:1")], [RemoteWrite(url="http://")]):
        with pytest.raises(ConfigError, match=r"remote_write\[\d\]"):
            check(bad)


def test_external_labels_and_rules_make_what_is_sent() -> None:
    """A series' own label wins over the external one; what a rule drops is not sent."""
    drop = rule_from({"source_labels": ["__name__"], "regex": "secret.*", "action": "drop"})
    relabel = relabelling({"site": "here", "job": "external"}, [drop])
    assert relabel((("__name__", "a"), ("job", "own"))) == (
        ("__name__", "a"),
        ("job", "own"),
        ("site", "here"),
    )
    assert relabel((("__name__", "secret_total"),)) is None
