"""The copy bot: from a leader's fill on the wire to the written order, a scan of 25 wallets, memory, cost.

A decision runs from the frame's bytes to the order's row in SQLite, signed and about to be sent: parsing, the
wallet filter, dedup rows, market, book, sizing, limits. Half of the rounds run with the agent's instruments,
half without, in turn. The peers are the field's figures: 150 ms for a wallet scan, 45 ms for an execution.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import statistics
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from aiohttp import web

from copybot import watch
from copybot.alerts import Repeats, Telegram, Templates
from copybot.bot import Bot
from copybot.clob import LocalSigner
from copybot.clob.signing import Credentials
from copybot.model import MICRO, Book, Fee, Level, Market
from copybot.reading import read_settings
from copybot.settings import Settings
from copybot.state import State
from copybot.venue import Clients, place_of

LEADERS = [f"0x{number:040x}" for number in range(1, 26)]
ROUNDS, FILLS = 8, 400
CONDITION = "0x" + "c3" * 32
SIGNER = LocalSigner(b"\x44" * 32)


class Silent:
    """A log and an observer that do nothing."""

    def operation(self, name: str) -> Any:
        return nullcontext(self)

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **words: None


async def answer(request: web.Request) -> web.Response:
    """Answer as a venue that has nothing new, and takes every order."""
    if request.path == "/order":
        body = {"success": True, "orderID": "", "status": "matched", "takingAmount": "1", "makingAmount": "1"}
        return web.json_response(body)
    if request.path == "/v2/trades":
        return web.json_response({"data": [], "pagination": {"has_more": False, "next_cursor": ""}})
    return web.json_response({"data": [], "next_cursor": "LTE="})


async def served() -> tuple[web.AppRunner, str]:
    """Serve the answers on loopback."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


def settings_of(url: str) -> Settings:
    """Follow 25 wallets with limits that never bind."""
    socket = url.replace("http", "ws")
    return read_settings(
        {
            "venue": {"clob": url, "data_api": url, "gamma": url, "clob_ws": socket, "rtds": socket},
            "wallets": {"leaders": LEADERS},
            "sizing": {"mode": "fixed", "fixed": 1},
            "risk": {"per_market": 10**8, "per_leader": 10**8, "total": 10**8},
            "scanner": {"book_seconds": 3600, "market_seconds": 86_400},
        }
    )


def made(url: str, folder: Path, observer: Any) -> tuple[Bot, Clients]:
    """Make a bot that knows one market and its book."""
    settings = settings_of(url)
    clients = Clients(place_of(settings, folder), SIGNER, time.time, observer)
    clients.venue.trading.credentials = Credentials("k", "c2VjcmV0", "p")
    telegram = Telegram("", "", "", Templates(settings.alerts), Repeats(1), time.time, observer)
    state = State(folder / f"{time.perf_counter_ns()}.sqlite")
    bot = Bot(settings, clients.venue, state, time.time, observer, Silent(), telegram)
    bot.positions.open_with(10**8 * MICRO)
    fee = Fee()
    market = Market(
        CONDITION, "?", "m", ("1", "2"), ("Yes", "No"), (MICRO // 2, MICRO // 2), 10_000, 5 * MICRO,
        False, True, False, True, None, 10**12, fee,
    )  # fmt: skip
    bot.catalogue.put(market)
    levels = tuple(Level(500_000 + 10_000 * step, 10**9) for step in range(40))
    bot.books._add(Book("1", (Level(490_000, 10**9),), levels, time.time(), 10_000, 5 * MICRO))
    return bot, clients


def frame(leader: str, number: int) -> bytes:
    """Write one frame of the activity stream."""
    payload = {
        "proxyWallet": leader, "side": "BUY", "asset": "1", "conditionId": CONDITION, "size": 100 + number,
        "price": 0.5, "timestamp": int(time.time()), "transactionHash": f"0x{number:064x}", "title": "?" * 60,
        "slug": "m" * 40, "icon": "https://example.invalid/" + "i" * 80, "eventSlug": "", "outcome": "Yes",
        "outcomeIndex": 999, "name": "n" * 20, "pseudonym": "p" * 20, "bio": "", "profileImage": "",
    }  # fmt: skip
    return json.dumps({"topic": "activity", "type": "trades", "timestamp": 0, "payload": payload}).encode()


async def decisions(url: str, folder: Path, observer: Any, start: int) -> list[float]:
    """Return the seconds from frame to written order, one fill after the other."""
    bot, clients = made(url, folder, observer)
    draw, spans = random.Random(start), []
    for number in range(start, start + FILLS):
        data = frame(draw.choice(LEADERS), number)
        began = time.perf_counter()
        bot.monitor.on_frame(data)
        spans.append(time.perf_counter() - began)
        await bot.trader.drain()
        bot.orders._state.db.execute("UPDATE orders SET status = 'settled'")
    count = bot.orders._state.db.execute("SELECT count(*) FROM orders").fetchone()[0]
    assert count == FILLS, f"{count} orders of {FILLS} fills"
    await clients.close()
    return spans


async def strangers(url: str, folder: Path, observer: Any) -> float:
    """Return the seconds per frame of a stranger: what most of the stream is."""
    bot, clients = made(url, folder, observer)
    data = [frame("0x" + "ee" * 20, number) for number in range(2000)]
    began = time.perf_counter()
    for one in data:
        bot.monitor.on_frame(one)
    spent = time.perf_counter() - began
    await clients.close()
    return spent / len(data)


async def scans(url: str, folder: Path) -> list[float]:
    """Return the seconds of scans of 25 wallets, each within the budget of requests."""
    bot, clients = made(url, folder, Silent())
    spans = []
    for _ in range(5):
        for mark in bot.monitor._marks:
            bot.monitor._marks[mark] = type(bot.monitor._marks[mark])(0, 0, True)
        began = time.perf_counter()
        await bot.monitor.scan()
        spans.append(time.perf_counter() - began)
        await asyncio.sleep(2.0)
    await clients.close()
    return spans


def resident() -> float:
    """Return this process's resident memory now, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


async def measure(folder: Path) -> dict[str, Any]:
    """Run everything in turn."""
    runner, url = await served()
    watched = watch.Watcher(watch.agent(settings_of(url), "0"), settings_of(url))
    on: list[float] = []
    off: list[float] = []
    ratios = []
    for round_ in range(ROUNDS):
        first = await decisions(url, folder, watched, round_ * 2 * FILLS)
        second = await decisions(url, folder, Silent(), (round_ * 2 + 1) * FILLS)
        ratios.append(statistics.median(first) / statistics.median(second))
        on, off = on + first, off + second
    stranger = await strangers(url, folder, watched)
    scan = statistics.median(await scans(url, folder))
    await runner.cleanup()
    return figures(sorted(on), statistics.median(ratios), stranger, scan)


def figures(on: list[float], ratio: float, stranger: float, scan: float) -> dict[str, Any]:
    """Return the figures as the table wants them."""
    half, late = on[len(on) // 2] * 1e3, on[int(len(on) * 0.95)] * 1e3
    memory = resident()
    return {
        "fill to order written, p50": row(half, "ms", None, "5 ms at p95", True),
        "fill to order written, p95": row(
            late, "ms", 45 / late, "<= 5 ms", late <= 5, "field: 45 ms execution"
        ),
        "a stranger's frame": row(stranger * 1e6, "us", None, None, True),
        "scan of 25 wallets": row(
            scan * 1e3, "ms", 150 / (scan * 1e3), "< 150 ms", scan < 0.15, "field: 150 ms"
        ),
        "decision watched / unwatched": row(ratio, "x", ratio, "noise", ratio < 1.1, "same run, unwatched"),
        "resident memory with venue and benchmark": row(memory, "MB", None, "<= 80 MB", memory <= 80),
    }


def row(
    value: float, unit: str, ratio: float | None, goal: str | None, ok: bool, peer: str | None = None
) -> dict[str, Any]:
    """Return one figure."""
    return {"value": value, "unit": unit, "peer": peer, "ratio": ratio, "goal": goal, "ok": ok}


def main() -> dict[str, Any]:
    """Measure and return the figures."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(measure(Path(folder)))
