"""The verb as a process: ready, served, stopped; a stopped clock; a bad command line."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from localvenues.cli import main, parser
from localvenues.polymarket.command import settings
from localvenues.polymarket.doors.outages import FAULTS
from localvenues.polymarket.listing import describe

PAGE = Path(__file__).resolve().parents[4] / "docs" / "reference" / "venue-polymarket.md"


@asynccontextmanager
async def running(
    folder: Path, *words: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, Any]]]:
    """Start the verb and yield it with its listing."""
    command = (sys.executable, "-m", "localvenues.cli", "polymarket", "--dir", str(folder), *words)
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    try:
        line = await asyncio.wait_for(process.stderr.readline(), 30)
        assert b"ready" in line, line
        yield process, json.loads((folder / "venue.json").read_text())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_it_serves_and_stops_on_a_signal(tmp_path: Path) -> None:
    guest = "0x" + "ab" * 20
    async with running(tmp_path, "--fund", guest, "--seed", "9") as (process, listing):
        async with aiohttp.ClientSession() as session:
            token = listing["markets"][0]["token_ids"][0]
            async with session.get(f"{listing['clob']}/tick-size?token_id={token}") as response:
                assert str((await response.json())["minimum_tick_size"]) == listing["markets"][0]["tick_size"]
            async with session.get(f"{listing['control']}/truth?address={guest}") as response:
                assert (await response.json())["cash"] == "10000000000"
            async with session.ws_connect(listing["rtds"]) as socket:
                assert (await socket.receive(timeout=5)).data == ""
        assert len(listing["leaders"]) == 30
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    assert list(tmp_path.iterdir()) == []


async def test_a_stopped_clock_moves_by_hand(tmp_path: Path) -> None:
    words = ("--speed", "0", "--start", "1790000000")
    async with running(tmp_path, *words) as (_, listing), aiohttp.ClientSession() as session:
        async with session.get(f"{listing['clob']}/time") as response:
            assert await response.json() == 1_790_000_000
        async with session.post(f"{listing['control']}/advance", json={"seconds": 90}) as response:
            assert await response.json() == {"now": 1_790_000_090.0}
        async with session.get(f"{listing['control']}/status") as response:
            assert (await response.json())["trades"] > 100


async def test_a_clock_may_run_faster(tmp_path: Path) -> None:
    words = ("--speed", "500", "--start", "1790000000")
    async with running(tmp_path, *words) as (_, listing), aiohttp.ClientSession() as session:
        async with session.post(f"{listing['control']}/advance", json={"seconds": 1}) as response:
            assert response.status == 409
        for _ in range(100):
            async with session.get(f"{listing['clob']}/time") as response:
                if await response.json() > 1_790_000_100:
                    return
            await asyncio.sleep(0.02)
        raise AssertionError("the clock does not run")


@pytest.mark.parametrize(
    "words",
    [
        ["polymarket"],
        ["polymarket", "--dir", "x", "--fund", "0x1"],
        ["polymarket", "--dir", "x", "--speed", "-1"],
    ],
)
def test_a_bad_command_line_ends_with_two(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2


def test_an_unknown_fault_ends_with_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["polymarket", "--dir", str(tmp_path), "--faults", "ghost_fill"]) == 2
    assert "ghost_fills" in capsys.readouterr().err


def test_options_reach_the_settings(tmp_path: Path) -> None:
    words = ["polymarket", "--dir", str(tmp_path), "--fund", "0x" + "ab" * 20, "--fund-amount", "12.5"]
    more = ["--faults", "ws_close@1+2", "--leaders", "7", "--clob-port", "1234", "--chain-id", "137"]
    asked = settings(parser().parse_args([*words, *more]))
    assert asked.fund == (b"\xab" * 20,)
    assert (asked.fund_amount, asked.population.leaders, asked.chain_id) == (12_500_000, 7, 137)
    assert asked.ports[0] == 1234
    assert [(one.name, one.start, one.seconds) for one in asked.faults] == [("ws_close", 1.0, 2.0)]


def test_every_option_and_fault_is_documented() -> None:
    page = PAGE.read_text()
    verbs = next(one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
    options = {word for one in verbs.choices["polymarket"]._actions for word in one.option_strings}
    options = {word for word in options if word.startswith("--")} - {"--help"}
    assert len(options) > 15
    assert {word for word in options if f"`{word}" not in page} == set()
    assert {name for name in FAULTS if f"| `{name}` |" not in page} == set()


async def test_every_key_of_the_listing_and_every_path_is_documented(venue: Any) -> None:
    page = PAGE.read_text()
    assert {key for key in describe(venue) if f"`{key}`" not in page} == set()
    apps = [host.app for host in venue._hosts.values()] + [venue.control.listener._runner.app]
    paths = {route.resource.canonical for app in apps for route in app.router.routes() if route.resource}
    assert len(paths) > 50
    assert {path for path in paths - {"/"} if not re.search(rf"`[A-Z ]*{re.escape(path)}[`?]", page)} == set()
