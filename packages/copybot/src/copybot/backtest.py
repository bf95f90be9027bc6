"""What the rules would have done with recorded activity.

Each fill is judged as if its price stood in the book one moment later, worse by half the slippage that is
allowed; fees are not known from such rows. Sales and redemptions of a leader close what was copied of theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from copybot.clob.amounts import on_tick
from copybot.clob.rows import RowError, amount, decode, fill_of, page_of, seconds, text
from copybot.model import MICRO, AmountError, Book, Fee, Fill, Level, Market, Plan, Refusal, dollars, micro
from copybot.positions.accounts import Effect, Lot, redeemed, traded
from copybot.risk import Exposure, Rules, Scene, judge_buy, judge_sell
from copybot.rules import rules_of
from copybot.settings import Settings, SettingsError
from copybot.wallets.dedup import numbered

TICK = 1_000
DEPTH = 10**15  # shares: the record does not say how deep the book was


class Redemption(msgspec.Struct, frozen=True):
    """What a leader was paid for a resolved condition, in millionths of a dollar; 0 where they lost."""

    leader: str
    condition: str
    payout: int
    timestamp: int


class Ledger:
    """The books of a replay."""

    def __init__(self, cash: int, rules: Rules) -> None:
        self.cash, self._rules = cash, rules
        self._lots: dict[tuple[str, str], Lot] = {}
        self._held: Counter[tuple[str, str]] = Counter()
        self._prices: dict[str, int] = {}
        self._conditions: dict[str, str] = {}
        self.realised = 0
        self.refused: Counter[str] = Counter()
        self.by_leader: Counter[str] = Counter()
        self.copied = 0
        self.redeemed = 0

    def take(self, fill: Fill) -> None:
        """Judge one fill and book what comes of it."""
        self._prices[fill.token], self._conditions[fill.token] = fill.price, fill.condition
        key = (fill.leader, fill.token)
        held = self._held[key]
        self._held[key] = held + fill.size if fill.side == "BUY" else max(0, held - fill.size)
        verdict = self._judge(fill, held)
        if isinstance(verdict, Refusal):
            self.refused[verdict.reason] += 1
            return
        self._book(fill, verdict)

    def _judge(self, fill: Fill, held: int) -> Plan | Refusal:
        scene = Scene(
            market_of(fill), self._scene_book(fill), self._exposure(fill), self.worth(), fill.timestamp
        )
        if fill.side == "BUY":
            return judge_buy(fill, scene, self._rules)
        lot = self._lots.get((fill.leader, fill.token))
        return judge_sell(fill, held, lot.size if lot else 0, scene, self._rules)

    def _scene_book(self, fill: Fill) -> Book:
        slack = self._rules.limits.slippage * fill.price // MICRO // 2
        worse = fill.price + slack if fill.side == "BUY" else fill.price - slack
        price = on_tick(worse, TICK, "SELL" if fill.side == "BUY" else "BUY")
        level = (Level(price, DEPTH),)
        return Book(
            fill.token,
            level if fill.side == "SELL" else (),
            level if fill.side == "BUY" else (),
            fill.timestamp,
            TICK,
            5 * MICRO,
        )

    def _book(self, fill: Fill, plan: Plan) -> None:
        key = (fill.leader, fill.token)
        lot = self._lots.get(key) or Lot(fill.leader, fill.token, fill.condition)
        book = self._scene_book(fill)
        price = (book.ask if plan.side == "BUY" else book.bid) or plan.price
        self._keep(traded(lot, plan.side, plan.size, plan.size * price // MICRO, 0))
        self.copied += 1

    def _keep(self, effect: Effect) -> None:
        lot = effect.lot
        self._lots[lot.leader, lot.token] = lot
        self.cash += effect.flow
        self.realised += effect.realised
        self.by_leader[lot.leader] += effect.realised

    def redeem(self, one: Redemption) -> None:
        """Close what was copied of a leader in a condition: the token of which they held the payout won."""
        tokens = [token for token, condition in self._conditions.items() if condition == one.condition]
        winner = min(tokens, key=lambda token: abs(self._held[one.leader, token] - one.payout), default="")
        for token in tokens:
            self._prices[token] = MICRO if one.payout and token == winner else 0
            self._held[one.leader, token] = 0
            lot = self._lots.get((one.leader, token))
            if lot is not None and lot.size:
                self._keep(redeemed(lot, self._prices[token]))
                self.redeemed += 1

    def _exposure(self, fill: Fill) -> Exposure:
        lots = self._lots.values()
        return Exposure(
            sum(lot.cost for lot in lots if lot.condition == fill.condition),
            sum(lot.cost for lot in lots if lot.leader == fill.leader),
            sum(lot.cost for lot in lots),
            self.cash,
        )

    def worth(self) -> int:
        """Return cash and lots at the last price seen."""
        return self.cash + sum(lot.size * self._prices[lot.token] // MICRO for lot in self._lots.values())


def market_of(fill: Fill) -> Market:
    """Return the market that a row tells of: open, as it was traded."""
    tokens, end = (fill.token,), None
    return Market(
        fill.condition, "", "", tokens, (), (), TICK, MICRO, False, True, False, True, end, 10**15, Fee()
    )


def backtest(data: bytes, settings: Settings, cash: str = "1000") -> dict[str, Any]:
    """Replay recorded activity (JSON of v1 or v2, or one row per line); raise SettingsError for bad cash."""
    try:
        opening = micro(cash)
    except AmountError as error:
        raise SettingsError(f"--cash: {error}") from None
    if opening < 0:
        raise SettingsError(f"--cash is {cash}; it must not be negative")
    unreadable: Counter[str] = Counter()
    fills, redemptions = read(rows_of(data, unreadable), unreadable)
    ledger = Ledger(opening, rules_of(settings))
    events: list[Fill | Redemption] = [*fills, *redemptions]
    for one in sorted(events, key=lambda one: one.timestamp):
        if isinstance(one, Redemption):
            ledger.redeem(one)
        else:
            ledger.take(one)
    return summary(ledger, opening, fills, unreadable)


def summary(ledger: Ledger, opening: int, fills: Sequence[Fill], unreadable: Counter[str]) -> dict[str, Any]:
    """Return what came of a replay; money in dollars as text."""
    worth = ledger.worth()
    change = Decimal(worth - opening) / opening if opening else Decimal(0)
    return {
        "fills": len(fills),
        "copied": ledger.copied,
        "redeemed": ledger.redeemed,
        "refused": dict(ledger.refused.most_common()),
        "unreadable": dict(unreadable),
        "opening": str(dollars(opening)),
        "worth": str(dollars(worth)),
        "realised": str(dollars(ledger.realised)),
        "return": f"{change:.6f}",
        "by_leader": {leader: str(dollars(amount)) for leader, amount in ledger.by_leader.most_common()},
    }


def rows_of(data: bytes, unreadable: Counter[str]) -> list[Any]:
    """Return the rows of a file: one JSON document, or one per line."""
    try:
        return page_of(data).rows
    except RowError:
        pass
    rows = []
    for line in filter(None, (line.strip() for line in data.splitlines())):
        try:
            tree = decode(line)
        except RowError as error:
            unreadable[error.reason] += 1
            continue
        rows += tree if isinstance(tree, list) else [tree]
    return rows


def read(rows: Sequence[Any], unreadable: Counter[str]) -> tuple[list[Fill], list[Redemption]]:
    """Return the fills (oldest first) and the redemptions among rows; what is unreadable is counted."""
    fills: list[Fill] = []
    redemptions: list[Redemption] = []
    for row in rows:
        try:
            if (fill := fill_of(row)) is not None:
                fills.append(fill)
            elif (redemption := redemption_of(row)) is not None:
                redemptions.append(redemption)
        except RowError as error:
            unreadable[error.reason] += 1
    return numbered(fills), redemptions


def redemption_of(row: dict[str, Any]) -> Redemption | None:
    """Read a REDEEM row, None for any other; it names no token. Raises RowError."""
    if str(row.get("type")).upper() != "REDEEM":
        return None
    payout = amount(row, "usdcSize" if "usdcSize" in row else "usdc_size")
    leader, condition = text(row, "proxyWallet").lower(), text(row, "conditionId").lower()
    return Redemption(leader, condition, payout, seconds(row.get("timestamp")))
