"""Memory is a flat line: many days' worth of frames leave no more behind than a few hours'."""

from __future__ import annotations

import asyncio
import gc
import json
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from copybot.clob import Sweep
from copybot.model import MICRO, Book, Fee, Level, Market
from copybot.scanner import Books, Catalogue
from copybot.settings import WalletSettings
from copybot.state import State
from copybot.wallets import Detected, WalletLedger, WalletMonitor

LEADER = "0x" + "a1" * 20
DAY, FILLS = 86_400.0, 20_000


class Nobody:
    """Stands in for the APIs: has nothing."""

    async def trades(self, user: str, start: int) -> Sweep:
        return Sweep([], True)

    async def positions(self, user: str) -> list[Any]:
        return []

    async def book(self, token: str) -> Book:
        level = (Level(500_000, MICRO),) * 50
        return Book(token, level, level, 0.0, 10_000, MICRO)


def market(token: str) -> Market:
    """Return a market of this token."""
    tokens = (token, token + "n")
    return Market("0xc", "?", "m", tokens, (), (), 1, 1, False, True, False, True, None, 0, Fee())


def moment(number: int) -> float:
    """Return the time of a fill; all of them fill a day."""
    return 1_000.0 + number * DAY / FILLS


def frame(number: int) -> bytes:
    """Return a leader's fill that no other frame tells."""
    row = {
        "proxyWallet": LEADER,
        "side": "BUY",
        "asset": str(number % 50),
        "conditionId": "0xc",
        "price": 0.5,
    }
    row |= {"size": 5, "timestamp": int(moment(number)), "transactionHash": f"0x{number:x}"}
    return json.dumps({"topic": "activity", "type": "trades", "payload": row}).encode()


async def test_frames_markets_and_books_leave_nothing_behind(tmp_path: Path, observed: Any) -> None:
    """Known failure: unbounded caches. After a day the memory of its first hours, to half a megabyte."""
    state, nobody = State(tmp_path / "rows.sqlite"), Nobody()
    ledger = WalletLedger(state)
    ledger.recent._most = 2_000
    observed.calls = type(
        "Deaf", (dict,), {"__missing__": lambda self, key: 0, "__setitem__": lambda *_: None}
    )()
    observed.seen = type("Deaf", (list,), {"append": lambda *_: None})()

    def decide(found: Sequence[Detected]) -> None:
        for one in found:
            ledger.decide(one.fill.key, "refused", "slippage")

    now = [1_000.0]
    settings = WalletSettings(leaders=(LEADER,))
    monitor = WalletMonitor(nobody, ledger, settings, lambda: now[0], observed, decide)  # type: ignore[arg-type]
    catalogue = Catalogue(nobody, lambda: now[0], most=500)  # type: ignore[arg-type]
    books = Books(nobody, lambda: now[0], observed, most=50)

    async def hours(first: int, last: int) -> int:
        for number in range(first, last):
            now[0] = moment(number)
            monitor.on_frame(frame(number))
            if number % 10 == 0:
                catalogue.put(market(str(number)))
                await books.fetch(str(number))
            if number % 1000 == 0:
                # As a scan would: what lies before the mark is never asked for again.
                state.db.execute("UPDATE leaders SET watermark = ?", (int(now[0]),))
                ledger.forget(now[0] - DAY / 4, 600.0)
                await asyncio.sleep(0)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = await hours(0, FILLS // 4)
        late = await hours(FILLS // 4, FILLS)
    finally:
        tracemalloc.stop()
    kept = state.db.execute("SELECT count(*) FROM fills").fetchone()[0]
    assert FILLS // 4 <= kept < FILLS // 2  # what is decided and old is forgotten on disk, too
    state.close()
    assert late - early < 500_000
