"""Alerts handed over to real Alertmanagers: nothing is lost while one is down, nothing is sent for ever."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from watchkeeper.keeper.alerts import Posted
from watchkeeper.keeper.forwarding import Forwarder, Place


class Taker:
    """An Alertmanager that answers as it is told."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.heads: list[str] = []
        self.taken: list[list[dict[str, object]]] = []
        self.url = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(x.split(":")[1]) for x in head.splitlines() if x.lower().startswith("content-length")
        )
        body = json.loads(await reader.readexactly(length))
        status = self.statuses.pop(0) if self.statuses else 200
        self.heads.append(head)
        if status == 200:
            self.taken.append(body)
        writer.write(f"HTTP/1.1 {status} Said\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno".encode())
        writer.close()


@pytest.fixture
async def taker() -> AsyncIterator[Taker]:
    made = Taker()
    server = await asyncio.start_server(made, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()
    await server.wait_closed()


def post(name: str, ends_at: float = 1e9, **more: str) -> Posted:
    return Posted({"alertname": name, **more}, {"summary": "x"}, 1.0, ends_at, "http://k/#x")


async def test_an_alert_arrives_as_the_api_has_it(taker: Taker, tmp_path: Path) -> None:
    """With times, its source, and the token of the file."""
    (tmp_path / "token").write_text("secret\n")
    forwarder = Forwarder(Place(f"{taker.url}/", token_file=tmp_path / "token"))
    forwarder.take([post("A")])
    assert await forwarder.send()
    assert taker.heads[0].startswith("POST /api/v2/alerts HTTP/1.1")
    assert "authorization: bearer secret" in taker.heads[0].lower()
    assert taker.taken[0] == [
        {
            "labels": {"alertname": "A"},
            "annotations": {"summary": "x"},
            "startsAt": "1970-01-01T00:00:01.000Z",
            "endsAt": "2001-09-09T01:46:40.000Z",
            "generatorURL": "http://k/#x",
        }
    ]


async def test_what_is_not_taken_is_sent_again(taker: Taker) -> None:
    """In the newest words of each alert; an end that came meanwhile is among them."""
    forwarder = Forwarder(Place(taker.url))
    taker.statuses = [503]
    forwarder.take([post("A"), post("B")])
    assert not await forwarder.send()
    forwarder.take([post("A", ends_at=2.0)])
    assert await forwarder.send()
    ends = {one["labels"]["alertname"]: one["endsAt"] for one in taker.taken[0]}  # type: ignore[index]
    assert ends == {"A": "1970-01-01T00:00:02.000Z", "B": "2001-09-09T01:46:40.000Z"}
    assert forwarder.check().status.value == "healthy"


async def test_what_is_refused_for_good_is_not_sent_for_ever(taker: Taker) -> None:
    """It is counted and said."""
    forwarder = Forwarder(Place(taker.url))
    taker.statuses = [400]
    forwarder.take([post("A")])
    assert await forwarder.send()
    assert (forwarder.dropped, forwarder.sent) == (1, 0)
    assert "it refused: 400" in forwarder.check().reason


async def test_a_dead_alertmanager_is_a_degraded_part() -> None:
    """And the alert waits."""
    forwarder = Forwarder(Place("http://127.0.0.1:1"))
    forwarder.take([post("A")])
    assert not await forwarder.send()
    assert forwarder.check().status.value == "degraded"
    assert not await forwarder.send()


async def test_it_runs_by_itself(taker: Taker) -> None:
    """Whatever comes in goes out, in batches."""
    forwarder = Forwarder(Place(taker.url))
    task = asyncio.create_task(forwarder.run())
    forwarder.take([post(f"A{n}") for n in range(600)])
    async with asyncio.timeout(20):
        while forwarder.sent < 600:  # noqa: ASYNC110 (it counts, it does not signal)
            await asyncio.sleep(0)
    task.cancel()
    assert sorted(len(batch) for batch in taker.taken) == [88, 256, 256]
