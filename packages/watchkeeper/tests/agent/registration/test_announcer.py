"""A bot announces itself to its keeper, again after each restart of it, and is never harmed by it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from watchkeeper import Watch
from watchkeeper.agent.registration.announcer import announcing, own_address, wish
from watchkeeper.agent.settings import Listen

LISTEN = Listen(enabled=True, host="127.0.0.1", port=0, token=None)
LONG = 20.0


class FakeKeeper:
    """Takes announcements in, answers as it is told; can be stopped and started on the same port."""

    def __init__(self) -> None:
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        self.heard: list[tuple[list[str], dict[str, Any]]] = []
        self.port = 0
        self.news = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        length = next(int(line.split(":")[1]) for line in head if line.startswith("Content-Length"))
        self.heard.append((head, json.loads(await reader.readexactly(length))))
        self.news.set()
        writer.write(self.answer)
        writer.close()

    async def hears(self, more: int) -> None:
        """Wait for so many announcements from now on."""
        goal = len(self.heard) + more
        async with asyncio.timeout(LONG):
            while len(self.heard) < goal:
                self.news.clear()
                await self.news.wait()

    def environment(self, **more: str) -> dict[str, str]:
        return {"KEEPER_URL": f"http://127.0.0.1:{self.port}", **more}


@pytest.fixture
async def keeper() -> AsyncIterator[FakeKeeper]:
    """A keeper that listens; it is stopped after the test."""
    made = FakeKeeper()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def spoken(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What the agent says, its INFO too."""
    with caplog.at_level(logging.INFO, "watchkeeper.agent"):
        yield caplog


async def test_the_agent_announces_where_it_listens_and_shows_the_token(keeper: FakeKeeper) -> None:
    """With KEEPER_URL alone; job, address and token may be set beside."""
    environment = keeper.environment(KEEPER_TOKEN="secret")
    with Watch("arbbot", port=0, environment=environment) as watch:
        await keeper.hears(1)
        head, word = keeper.heard[0]
        assert word == {
            "job": "bots", "address": f"127.0.0.1:{watch.port}", "labels": {"bot": "arbbot"}, "ttl": 3600.0,
        }  # fmt: skip
    assert head[0] == "POST /api/v1/targets HTTP/1.1" and "Authorization: Bearer secret" in head


async def test_a_keeper_that_comes_back_hears_of_the_bot_again(keeper: FakeKeeper) -> None:
    """The keeper's restart needs nobody to restart the bot."""
    found = wish(keeper.environment(), "arbbot", LISTEN, 9090)
    assert found is not None
    task = asyncio.create_task(announcing(found, every=0.01))
    await keeper.hears(2)
    await keeper.stop()
    await keeper.start()
    await keeper.hears(2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


ANSWERS = {
    "refused": (b"HTTP/1.1 401 No\r\nContent-Length: 5\r\n\r\ntoken", "answered 401: token"),
    "no http": (b"SSH-2.0-x\r\n\r\n", "does not speak HTTP"),
    "hung up": (b"", "does not speak HTTP"),
}


@pytest.mark.parametrize(("answer", "told"), ANSWERS.values(), ids=ANSWERS)
async def test_a_keeper_that_refuses_is_told_once_and_asked_again(
    keeper: FakeKeeper, answer: bytes, told: str, spoken: pytest.LogCaptureFixture
) -> None:
    """The log says why, once, and again when it has changed."""
    good, keeper.answer = keeper.answer, answer
    found = wish(keeper.environment(), "arbbot", LISTEN, 9090)
    assert found is not None
    task = asyncio.create_task(announcing(found, every=0.01))
    await keeper.hears(4)
    assert [told in message for message in spoken.messages] == [True]
    keeper.answer = good
    await keeper.hears(3)
    assert ["knows the bot" in message for message in spoken.messages] == [False, True]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


BAD = {
    "no scheme": {"KEEPER_URL": "127.0.0.1:8080"},
    "no port": {"KEEPER_URL": "http://127.0.0.1:port"},
    "no token file": {"KEEPER_URL": "http://127.0.0.1:8080", "KEEPER_TOKEN_FILE": "/nowhere/token"},
    "token of two lines": {"KEEPER_URL": "http://127.0.0.1:8080", "KEEPER_TOKEN": "a\nHost: b"},
}


@pytest.mark.parametrize("environment", BAD.values(), ids=BAD)
def test_settings_that_make_no_sense_are_told_and_the_bot_runs(
    environment: dict[str, str], spoken: pytest.LogCaptureFixture
) -> None:
    """Monitoring must never keep a bot from its work."""
    with Watch("arbbot", port=0, environment=environment) as watch:
        assert watch.port
    assert any("cannot announce itself" in message for message in spoken.messages)


def test_without_keeper_url_nothing_is_announced() -> None:
    assert wish({}, "arbbot", LISTEN, 9090) is None


def test_the_operators_word_counts(tmp_path: Path) -> None:
    """A token file, a job and an address as others see it, behind a proxy or in a container."""
    (tmp_path / "token").write_text("secret\n")
    environment = {
        "KEEPER_URL": "https://keeper.example/watch/",
        "KEEPER_TOKEN_FILE": str(tmp_path / "token"),
        "KEEPER_JOB": "arbitrage",
        "KEEPER_ADDRESS": "bot.internal:9090",
    }
    found = wish(environment, "arbbot", LISTEN, 1)
    assert found is not None
    assert (found.token, found.job, found.address) == ("secret", "arbitrage", "bot.internal:9090")


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1:1"), ("::1", "[::1]:1"), ("0.0.0.0", ":1"), ("::", ":1"), ("bot", "bot:1")],
)
def test_an_agent_that_listens_everywhere_leaves_its_host_to_the_keeper(host: str, address: str) -> None:
    assert own_address(host, 1) == address
