"""Leaders' fills are found by push and by poll, whatever the feeds do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from copybot.clob import Sweep
from copybot.clob.errors import ClobTimeout
from copybot.settings import WalletSettings
from copybot.state import State
from copybot.wallets import Detected, WalletLedger, WalletMonitor

LEADER, STRANGER = "0x" + "a1" * 20, "0x" + "b2" * 20


def row(wallet: str = LEADER, at: int = 1_000, tx: str = "0x1", **words: Any) -> dict[str, Any]:
    """Return a v2 row; v1 names where the stream has them."""
    base = {
        "proxyWallet": wallet,
        "side": "BUY",
        "asset": "7",
        "conditionId": "0xc",
        "size": 5,
        "price": "0.5",
    }
    return base | {"timestamp": at, "transactionHash": tx} | words


def frame(payload: dict[str, Any], kind: str = "trades") -> bytes:
    """Return one frame of the activity stream."""
    return json.dumps({"topic": "activity", "type": kind, "payload": payload}).encode()


class Api:
    """A Data API that shows `rows` since the start that is asked for, and notes what was asked."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.starts: list[int] = []
        self.error: Exception | None = None
        self.complete = True

    async def trades(self, user: str, start: int) -> Sweep:
        self.starts.append(start)
        if self.error:
            raise self.error
        return Sweep([one for one in self.rows if one["timestamp"] >= start], self.complete)

    async def positions(self, user: str) -> list[Any]:
        return []


def monitor(api: Any, state: State, observed: Any, **settings: Any) -> tuple[WalletMonitor, list[Detected]]:
    found: list[Detected] = []

    def take(fills: Sequence[Detected]) -> None:
        found.extend(fills)

    chosen = WalletSettings(leaders=(LEADER.upper().replace("0X", "0x"),), **settings)
    one = WalletMonitor(api, WalletLedger(state), chosen, lambda: 900.0, observed, take)
    return one, found


def test_a_strangers_row_does_not_hide_the_leaders(state: State, observed: Any) -> None:
    """Known failure: dedup by transaction before the wallet is looked at drops a leader's maker row."""
    one, found = monitor(Api(), state, observed)
    one.on_frame(frame(row(STRANGER, 950)))
    one.on_frame(frame(row(LEADER, 950)))
    assert [detected.fill.leader for detected in found] == [LEADER]


def test_frames_in_any_shape_never_stop_the_monitor(state: State, observed: Any) -> None:
    """Empty first frame, arrays, rubbish, a row without a price: counted, and the next one is read."""
    one, found = monitor(Api(), state, observed)
    for data in (b"", b"[]", b"{", b"\xff", frame(row(at=950, price=None)), frame(row(at=950, side=""))):
        one.on_frame(data)
    one.on_frame(b"[" + frame(row(at=950)) + b"," + frame(row(at=950, tx="0x2")) + b"]")
    assert len(found) == 2
    assert observed.calls["malformed"] == 4


async def test_what_the_stream_lost_the_poll_finds(state: State, observed: Any) -> None:
    """A frozen stream costs seconds, not fills."""
    api = Api()
    one, found = monitor(api, state, observed)
    one.on_frame(frame(row(at=950)))
    api.rows = [row(at=960, tx="0x2"), row(at=950)]
    await one.scan()
    assert [detected.fill.tx for detected in found] == ["0x1", "0x2"]


async def test_late_rows_inside_the_overlap_are_found(state: State, observed: Any) -> None:
    """The mark is the newest fill seen less an overlap, so a row that appears late is still asked for."""
    api = Api()
    one, found = monitor(api, state, observed, overlap_seconds=300)
    api.rows = [row(at=1_000)]
    await one.scan()
    api.rows = [row(at=1_000), row(at=940, tx="0xlate")]
    await one.scan()
    assert [detected.fill.tx for detected in found] == ["0x1", "0xlate"]
    assert api.starts == [600, 700]


async def test_a_failed_or_cut_off_poll_moves_no_mark(state: State, observed: Any) -> None:
    """Rows beyond the last page, or behind an error, are asked for again."""
    api = Api()
    one, found = monitor(api, state, observed)
    api.error = ClobTimeout("no answer")
    await one.scan()
    api.error, api.complete, api.rows = None, False, [row(at=1_010)]
    await one.scan()
    await one.scan()
    assert set(api.starts) == {600} and len(found) == 1
    assert observed.calls["scanned"] == 3


async def test_a_row_added_up_over_a_transaction_only_wakes_the_poll(state: State, observed: Any) -> None:
    """orders_matched has no name that the Data API knows: to count it would double the fill."""
    one, found = monitor(Api(), state, observed)
    one.on_frame(frame(row(at=950), "orders_matched"))
    assert found == []


async def test_a_redemption_is_no_fill(state: State, observed: Any) -> None:
    """REDEEM rows come with the activity of a wallet."""
    api = Api()
    one, found = monitor(api, state, observed)
    api.rows = [row(at=950, type="REDEEM", asset="", side="", price=0, outcomeIndex=999)]
    await one.scan()
    assert found == [] and observed.calls["malformed"] == 0
