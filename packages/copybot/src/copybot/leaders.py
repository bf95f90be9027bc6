"""How good a leader is, by recorded fills: profit, hit rate, size, pace; pure but for the asking."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from time import time
from typing import Any

import msgspec

from copybot.clob import Data, Http, RowError
from copybot.clob.rows import fill_of, holding_of
from copybot.model import MICRO, Fill, Holding, dollars
from copybot.positions.accounts import Lot, traded
from copybot.settings import Settings
from copybot.venue import nonces, place_of

FAST = 60  # trades per hour beyond which a wallet trades faster than a copy can follow


class Score(msgspec.Struct, frozen=True):
    """A leader's record. profit and volume are millionths of a dollar; rates are 0 to 1."""

    leader: str
    fills: int
    volume: int
    realised: int
    unrealised: int
    hit_rate: Decimal
    per_hour: Decimal
    points: int

    def row(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "leader": self.leader,
            "points": self.points,
            "fills": self.fills,
            "volume": f"{dollars(self.volume):.2f}",
            "realised": f"{dollars(self.realised):.2f}",
            "unrealised": f"{dollars(self.unrealised):.2f}",
            "hit_rate": f"{self.hit_rate:.3f}",
            "fills_per_hour": f"{self.per_hour:.2f}",
            "too_fast_to_copy": self.per_hour > FAST,
        }


def score(leader: str, fills: Sequence[Fill], holdings: Sequence[Holding]) -> Score:
    """Score one leader: fills in any order, and what they hold now."""
    realised, wins, closes = played(sorted(fills, key=lambda fill: fill.timestamp))
    unrealised = sum(held.size * (held.price - held.average) // MICRO for held in holdings)
    volume = sum(fill.value for fill in fills)
    hits = Decimal(wins) / closes if closes else Decimal(0)
    hours = Decimal(max(3600, span(fills))) / 3600
    points = rated(realised + unrealised, volume, hits, closes, len(fills) / hours)
    return Score(leader, len(fills), volume, realised, unrealised, hits, len(fills) / hours, points)


def played(fills: Sequence[Fill]) -> tuple[int, int, int]:
    """Play fills through lots; return realised profit, winning sales and all sales."""
    lots: dict[str, Lot] = {}
    realised = wins = closes = 0
    for fill in fills:
        lot = lots.get(fill.token) or Lot(fill.leader, fill.token, fill.condition)
        if fill.side == "SELL" and not lot.size:
            continue  # bought before the record begins: nothing to judge it by
        effect = traded(lot, fill.side, fill.size, fill.value, 0)
        lots[fill.token] = effect.lot
        if fill.side == "SELL":
            realised, wins, closes = realised + effect.realised, wins + (effect.realised > 0), closes + 1
    return realised, wins, closes


def span(fills: Sequence[Fill]) -> int:
    """Return the seconds between first and last fill."""
    times = [fill.timestamp for fill in fills]
    return max(times) - min(times) if times else 0


def rated(profit: int, volume: int, hits: Decimal, closes: int, pace: Decimal) -> int:
    """Return 0 to 100: half for return on volume (10 % is full), 40 for hits, 10 for a pace one can follow.

    Few sales prove little: hits count in full from 20 sales on.
    """
    gain = Decimal(profit) / volume if volume else Decimal(0)
    by_gain = min(Decimal(50), max(Decimal(0), gain * 500))
    by_hits = hits * 40 * min(Decimal(1), Decimal(closes) / 20)
    return int(by_gain + by_hits + (10 if 0 < pace <= FAST else 0))


async def score_leaders(
    settings: Settings, folder: Path, addresses: Sequence[str], days: float
) -> list[dict[str, Any]]:
    """Ask for the leaders' records and return their scores, best first; raise ClobError."""
    place = place_of(settings, folder)
    http = Http("data", place.settings.data_api, Unwatched(), timeout=place.settings.timeout_seconds)
    data = Data(http, nonces(time))
    chosen = [one.lower() for one in addresses or settings.wallets.leaders or place.leaders]
    try:
        scores = [await ask(data, leader, int(time() - days * 86_400)) for leader in chosen]
    finally:
        await http.close()
    return [one.row() for one in sorted(scores, key=lambda one: -one.points)]


async def ask(data: Data, leader: str, start: int) -> Score:
    """Ask for one leader's record."""
    sweep = await data.trades(leader, start)
    fills = [fill for row in sweep.rows if (fill := readable(row)) is not None]
    holdings = []
    for row in await data.positions(leader):
        try:
            holdings.append(holding_of(row))
        except RowError:
            continue
    return score(leader, fills, holdings)


def readable(row: Any) -> Fill | None:
    """Return a row's fill, None for what is none or cannot be read."""
    try:
        return fill_of(row)
    except RowError:
        return None


class Unwatched:
    """An observer for verbs that are over in a moment."""

    def called(self, api: str, seconds: float, reason: str | None) -> None: ...
    def throttled(self, api: str, seconds: float) -> None: ...
