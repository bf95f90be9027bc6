"""Watching wallets: pushed rows for speed, polls of the Data API for completeness, one name for both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from copybot.clob import ClobError, Data, RowError
from copybot.clob.rows import activity_rows, fill_of, holding_of
from copybot.model import Fill
from copybot.ports import Clock, WalletObserver
from copybot.settings import WalletSettings
from copybot.wallets.dedup import next_watermark, numbered
from copybot.wallets.ledger import Detected, Mark, WalletLedger

HELLO = (
    b'{"action":"subscribe","subscriptions":[{"topic":"activity","type":"trades"},'
    b'{"topic":"activity","type":"orders_matched"}]}'
)
FUTURE = 120  # a fill that claims to be later than this is no fill of this clock


class WalletMonitor:
    """Follow wallets. on_fills is called on the loop with what is new, oldest first, and must not raise."""

    def __init__(
        self,
        data: Data,
        ledger: WalletLedger,
        settings: WalletSettings,
        clock: Clock,
        observer: WalletObserver,
        on_fills: Callable[[Sequence[Detected]], None],
    ) -> None:
        self._data, self._ledger, self._settings = data, ledger, settings
        self._clock, self._observer, self._on_fills = clock, observer, on_fills
        now = clock()
        self._marks = {leader.lower(): ledger.follow(leader.lower(), now) for leader in settings.leaders}
        self._wake = asyncio.Event()
        self.scanned_at = now  # when all wallets but a few were last scanned
        observer.wallets(len(self._marks))

    @property
    def leaders(self) -> tuple[str, ...]:
        """Return the wallets that are followed."""
        return tuple(self._marks)

    # --- pushed ---------------------------------------------------------------------------------

    def hello(self) -> Sequence[bytes]:
        """Return what is said on each connection of the activity stream."""
        return (HELLO,)

    def wake(self) -> None:
        """Scan at once: something may have been missed."""
        self._wake.set()

    def on_frame(self, data: bytes) -> None:
        """Take one frame of the activity stream."""
        try:
            rows = activity_rows(data)
        except RowError as error:
            self._observer.malformed("rtds", error.reason)
            return
        for kind, row in rows:
            if self._followed(row):
                self._pushed(kind, row)

    def _followed(self, row: Any) -> bool:
        """Look at the wallet before anything else: a stranger's row must not hide a leader's."""
        return isinstance(row, dict) and str(row.get("proxyWallet", "")).lower() in self._marks

    def _pushed(self, kind: str, row: Any) -> None:
        if kind != "trades":  # one row per transaction, added up: no name that the Data API knows
            self.wake()
            return
        try:
            fill = fill_of(row)
        except RowError as error:
            self._observer.malformed("rtds", error.reason)
            self.wake()
            return
        if fill is None or not self._plausible(fill):
            return
        mark = self._marks[fill.leader]
        if fill.timestamp < mark.watermark - self._settings.overlap_seconds:
            self._observer.duplicate("push")  # older than any poll asks for: known, or of the baseline
            return
        self._admit([fill], "push", mark.since)

    def _plausible(self, fill: Fill) -> bool:
        if fill.timestamp <= self._clock() + FUTURE:
            return True
        self._observer.malformed("rtds", "future")
        return False

    # --- polled ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Scan for ever: every few seconds, and at once when woken."""
        while True:
            self._wake.clear()
            await self.scan()
            try:
                await asyncio.wait_for(self._wake.wait(), self._settings.scan_seconds)
            except TimeoutError:
                continue

    async def scan(self) -> None:
        """Ask for every wallet's fills since its mark, all at once; a wallet that fails hurts no other."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        with self._observer.operation("scan") as work:
            done = await asyncio.gather(*(self._scan_one(leader) for leader in self._marks))
            failed = done.count(False)
            if failed:
                work.fail()
        if failed * 2 <= len(done):
            self.scanned_at = self._clock()
        self._observer.scanned(loop.time() - began, len(done), failed)

    async def _scan_one(self, leader: str) -> bool:
        mark = self._marks[leader]
        try:
            if not mark.snapshot:
                await self._snapshot(leader)
            start = max(0, min(mark.since, mark.watermark) if mark.watermark < mark.since else mark.watermark)
            sweep = await self._data.trades(leader, start - self._settings.overlap_seconds)
        except ClobError:
            return False  # counted by the client; the next scan asks again from the same mark
        except RowError as error:
            self._observer.malformed("data", error.reason)
            return False
        fills = self._read(leader, sweep.rows)
        newest = next_watermark(mark.watermark, fills) if sweep.complete else None
        self._admit(fills, "poll", mark.since, newest)
        if newest is not None:
            self._marks[leader] = Mark(mark.since, max(newest, self._marks[leader].watermark), True)
        return True

    async def _snapshot(self, leader: str) -> None:
        """Remember what the leader holds already: it is never copied, only what is sold of it counts."""
        holdings = []
        for row in await self._data.positions(leader):
            try:
                holding = holding_of(row)
            except RowError as error:
                self._observer.malformed("positions", error.reason)
                continue
            holdings.append((holding.token, holding.size))
        self._ledger.snapshot(leader, holdings)

    def _read(self, leader: str, rows: Sequence[Any]) -> list[Fill]:
        fills = []
        for row in rows:
            try:
                fill = fill_of(row)
            except RowError as error:
                self._observer.malformed("data", error.reason)
                continue
            if fill is not None and fill.leader == leader and self._plausible(fill):
                fills.append(fill)
        return numbered(fills)

    # --- both -----------------------------------------------------------------------------------

    def _admit(self, fills: Sequence[Fill], source: str, since: int, watermark: int | None = None) -> None:
        now = self._clock()
        found = self._ledger.admit(fills, source, now, since, watermark)
        for one in found:
            self._observer.detected(source, max(0.0, now - one.fill.timestamp))
        if source == "push" and not found:
            self._observer.duplicate(source)
        if found:
            self._on_fills(found)
