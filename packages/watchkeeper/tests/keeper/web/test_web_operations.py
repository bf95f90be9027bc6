"""A bot's operations through the keeper: the agent's own report, asked for seldom, with its token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from watchkeeper import Watch
from watchkeeper.keeper.agents import Agents
from watchkeeper.keeper.scrape import FetchError, ScrapeJob, TargetStatus
from watchkeeper.keeper.web import Reports, create_app

TOKEN = "a token of the bot's agent"


def status(job: str, url: str) -> TargetStatus:
    """Return the status of a target that answers."""
    return TargetStatus(url, (), job, "up", "", 0.0, 0.0, 0, 1.0, 1.0)


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[str]:
    """Yield the root of a true agent that asks for a token and has run two operations."""
    (tmp_path / "token").write_text(TOKEN + "\n")
    environment = {"METRICS_PORT": "0", "METRICS_TOKEN": TOKEN}
    with Watch("arbbot", environment=environment, profile_hz=0) as watch:
        for _ in range(3):
            with watch.operation("reconcile", target=1e-9):
                pass
        with watch.operation("execute"):
            pass
        yield f"http://127.0.0.1:{watch.port}"


def asking(scene: Any, reports: Reports) -> httpx.AsyncClient:
    """Return a client of a keeper with these reports."""
    transport = httpx.ASGITransport(create_app(scene.live(), reports=reports))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


async def test_the_report_of_an_agent_with_a_token_comes_through_whole(
    scene: Any, agent: str, tmp_path: Path
) -> None:
    """The keeper shows the token of the bot's scrape job; each figure is the agent's own."""
    jobs = [ScrapeJob("other"), ScrapeJob("arb", bearer_token_file=tmp_path / "token")]
    agents = Agents(
        jobs, lambda: [status("other", "http://127.0.0.1:1/metrics"), status("arb", agent + "/metrics")]
    )
    direct = json.loads(await agents.get(agent + "/debug/operations"))
    async with asking(scene, Reports(lambda: {"arbbot": agent}, agents.get, lambda: scene.now)) as client:
        told = (await client.get("/api/operations")).json()
    assert (told["bot"], told["at"]) == ("arbbot", scene.now)
    assert told["operations"] == direct["operations"] and len(told["operations"]) == 2
    assert told["bottlenecks"] == direct["bottlenecks"]
    assert [one["class"] for one in told["bottlenecks"]] == ["critical"]
    assert set(told["process"]) == set(direct["process"])


async def test_without_the_token_the_agents_refusal_is_told(scene: Any, agent: str) -> None:
    """502 with the agent's own answer: nobody takes an empty report for an idle bot."""
    agents = Agents([], list)
    async with asking(scene, Reports(lambda: {"arbbot": agent}, agents.get, lambda: scene.now)) as client:
        answer = await client.get("/api/operations?bot=arbbot")
    assert answer.status_code == 502 and "401" in answer.json()["error"]


async def test_a_token_is_shown_to_its_own_origin_alone(tmp_path: Path) -> None:
    """Another port of the same host is another program."""
    (tmp_path / "token").write_text(TOKEN)
    jobs = [ScrapeJob("arb", bearer_token_file=tmp_path / "token")]
    agents = Agents(jobs, lambda: [status("arb", "http://127.0.0.1:9090/metrics")])
    assert agents.headers("http://127.0.0.1:9090/health") == [("Authorization", f"Bearer {TOKEN}")]
    assert agents.headers("http://127.0.0.1:9091/health") == []
    (tmp_path / "token").write_text("\n")
    with pytest.raises(FetchError, match="holds no token"):
        agents.headers("http://127.0.0.1:9090/health")


class Slow:
    """Answers when it is let, and counts how often it was asked."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.asked = 0
        self.let = asyncio.Event()

    async def get(self, url: str, timeout: float, limit: int) -> bytes:
        self.asked += 1
        await self.let.wait()
        return self.body


async def report_of(agent: str) -> bytes:
    """Return a true report."""
    tokens = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient() as client:
        return (await client.get(agent + "/debug/operations", headers=tokens)).content


async def test_however_many_look_the_agent_is_asked_once(scene: Any, agent: str) -> None:
    """Side by side they share one asking; within two seconds they are told what was told; then anew."""
    slow = Slow(await report_of(agent))
    reports = Reports(lambda: {"arbbot": agent}, slow.get, lambda: scene.now)
    looks = [asyncio.create_task(reports.of("arbbot")) for _ in range(20)]
    await asyncio.sleep(0)
    looks.pop().cancel()  # one goes away: the others are told all the same
    slow.let.set()
    assert len({id(told) for told in await asyncio.gather(*looks)}) == 1
    scene.now += 1.9
    await reports.of("arbbot")
    assert slow.asked == 1
    scene.now += 0.2
    await reports.of("arbbot")
    assert slow.asked == 2


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"operations": 3}', b"\xff", b'{"operations": []}'])
async def test_what_is_no_report_is_said_and_not_kept(scene: Any, agent: str, body: bytes) -> None:
    """502 for a foreign program on the agent's port; the next asking may succeed."""
    slow = Slow(body)
    slow.let.set()
    async with asking(scene, Reports(lambda: {"arbbot": agent}, slow.get, lambda: scene.now)) as client:
        assert (await client.get("/api/operations")).status_code == 502
        slow.body = await report_of(agent)
        assert (await client.get("/api/operations")).status_code == 200


async def test_a_bot_without_agent_and_a_bot_that_is_not_there_differ(scene: Any) -> None:
    """404 where no agent has told its health, 400 for a name that nobody has."""
    async with asking(scene, Reports(dict, Slow(b"").get, lambda: scene.now)) as client:
        assert (await client.get("/api/operations")).status_code == 404
        assert (await client.get("/api/operations?bot=nobody")).status_code == 400
