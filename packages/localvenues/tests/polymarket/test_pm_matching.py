"""The exchange under arbitrary orders: nothing is created or lost, nobody gets a worse price than asked."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from localvenues.polymarket.exchange import conversions
from localvenues.polymarket.exchange.exchange import Exchange
from localvenues.polymarket.exchange.fees import FeeSchedule
from localvenues.polymarket.exchange.model import Event, Kind, Market, Order, Side
from localvenues.polymarket.exchange.money import ONE, text
from localvenues.polymarket.exchange.news import Traded
from localvenues.polymarket.exchange.refusals import Refusal
from localvenues.polymarket.world.catalog import schedule

PEOPLE = ("0xa", "0xb", "0xc")
FIRST, SECOND = "1", "2"


def open_market(fees: FeeSchedule | None = None, delay: int = 0) -> tuple[Exchange, Market]:
    """Return an exchange with one open market, and three people with cash and shares."""
    exchange = Exchange()
    event = Event(1, "event", "Event?", "Tech")
    fees = fees or schedule("0.05")
    market = Market(
        1, "0xc0", "Event?", "event", (FIRST, SECOND), event, 0, 0, 10**12, fees=fees, delay=delay
    )
    exchange.list_market(0, market)
    for person in PEOPLE:
        exchange.guests.add(person)
        exchange.ledger.deposit(person, 10_000 * ONE)
        conversions.split(exchange, 0, person, market, 1_000 * ONE, "0x")
    return exchange, market


@dataclass(frozen=True)
class Step:
    """One order of a random history."""

    owner: str
    token: str
    side: Side
    cents: int
    shares: int
    kind: Kind


STEPS = st.builds(
    Step,
    st.sampled_from(PEOPLE),
    st.sampled_from((FIRST, SECOND)),
    st.sampled_from(list(Side)),
    st.integers(1, 99),
    st.integers(500, 60_000),
    st.sampled_from([Kind.GTC, Kind.GTC, Kind.FAK, Kind.FOK]),
)


def order_of(step: Step, number: int) -> Order:
    """Return a step's order; a market BUY spends what its shares would cost."""
    price, shares = step.cents * 10_000, step.shares * 10_000
    budget = None
    if step.kind.market and step.side is Side.BUY:
        budget = max(ONE, price * shares // ONE // 10_000 * 10_000)
    return Order(f"0x{number}", step.owner, step.token, step.side, price, shares, step.kind, number, budget)


def check_laws(exchange: Exchange, market: Market) -> None:
    """Cash is conserved; both tokens and the vault agree; nothing is bound beyond what is there."""
    ledger = exchange.ledger
    assert ledger.total() == ledger.deposits
    for token in market.tokens:
        assert sum(one.shares(token) for one in ledger.accounts.values()) == ledger.vault[market.condition_id]
    for account in ledger.accounts.values():
        assert account.free >= 0
        assert all(account.free_shares(token) >= 0 for token in market.tokens)


@settings(deadline=None, max_examples=120)
@given(st.lists(STEPS, min_size=1, max_size=40), st.integers(0, 2**16))
def test_no_history_of_orders_breaks_the_ledger(steps: list[Step], mask: int) -> None:
    """Law: whatever is ordered and cancelled, the ledger's sums hold and all holds end at 0."""
    exchange, market = open_market()
    for number, step in enumerate(steps):
        try:
            exchange.place(number * 1000, order_of(step, number))
        except Refusal:
            pass
        if mask >> (number % 16) & 1:
            exchange.cancel(number * 1000, step.owner, [f"0x{number}"])
        exchange.step(number * 1000)
        check_laws(exchange, market)
    for person in PEOPLE:
        exchange.cancel(10**6, person, [one.id for one in exchange.orders(person)])
    exchange.step(10**9)
    check_laws(exchange, market)
    assert all(one.held == 0 and not one.held_tokens for one in exchange.ledger.accounts.values())


@settings(deadline=None, max_examples=120)
@given(st.lists(STEPS, min_size=2, max_size=40))
def test_nobody_pays_more_or_gets_less_than_the_limit(steps: list[Step]) -> None:
    """Law: each side's cash per share respects its own limit, to a millionth of a dollar per fill."""
    exchange, _ = open_market()
    limits: dict[str, int] = {}
    for number, step in enumerate(steps):
        limits[f"0x{number}"] = step.cents * 10_000
        try:
            exchange.place(number, order_of(step, number))
        except Refusal:
            continue
    for news in exchange.take_news():
        if isinstance(news, Traded):
            trade = news.trade
            parts = [(trade.order_id, trade.side, trade.shares, trade.cash, len(trade.makers))]
            parts += [(one.order_id, one.side, one.shares, one.cash, 1) for one in trade.makers]
            for name, side, shares, cash, fills in parts:
                worst = shares * limits[name] / ONE
                assert cash <= worst + fills if side is Side.BUY else cash >= worst - fills


@settings(deadline=None, max_examples=120)
@given(st.lists(STEPS, min_size=2, max_size=40))
def test_the_book_is_never_crossed(steps: list[Step]) -> None:
    """Law: after every order the best bid is below the best ask, and the tokens mirror each other."""
    exchange, market = open_market()
    for number, step in enumerate(steps):
        try:
            exchange.place(number, order_of(step, number))
        except Refusal:
            continue
        book = exchange.book(market)
        bid, ask = book.best(FIRST)
        assert bid is None or ask is None or bid < ask
        mirrored = book.best(SECOND)
        assert mirrored == (None if ask is None else ONE - ask, None if bid is None else ONE - bid)


@settings(deadline=None, max_examples=100)
@given(st.lists(STEPS, min_size=2, max_size=30))
def test_matches_follow_price_then_time(steps: list[Step]) -> None:
    """Law: no order is matched while a better priced, or an older one at its price, is left untouched."""
    exchange, market = open_market()
    for number, step in enumerate(steps):
        book = exchange.book(market)
        order = order_of(step, number)
        ladder, limit = book.opposite(order)
        sign = 1 if ladder is book.asks else -1
        queue = [(price, one.id, one.remaining) for price, one in ladder.queue()]
        exchange.take_news()
        try:
            exchange.place(number, order)
        except Refusal:
            continue
        filled = [
            (part.order_id, part.shares)
            for news in exchange.take_news()
            if isinstance(news, Traded)
            for part in news.trade.makers
        ]
        reachable = [row for row in queue if row[0] * sign <= limit * sign]
        assert [name for name, _ in filled] == [name for _, name, _ in reachable[: len(filled)]]
        whole = {name: left for _, name, left in reachable}
        assert all(shares == whole[name] for name, shares in filled[:-1])


def test_two_buyers_of_both_tokens_mint_a_pair() -> None:
    """BUY first at 0.60 meets BUY second at 0.40: each pays its price, and the vault holds the dollar."""
    exchange, market = open_market(schedule("0"))
    before = exchange.ledger.vault[market.condition_id]
    exchange.place(0, Order("0x1", "0xa", SECOND, Side.BUY, 400_000, 10 * ONE, Kind.GTC, 0))
    exchange.place(0, Order("0x2", "0xb", FIRST, Side.BUY, 600_000, 10 * ONE, Kind.GTC, 0))
    exchange.step(10_000)
    assert exchange.ledger.vault[market.condition_id] - before == 10 * ONE
    assert exchange.ledger.account("0xa").shares(SECOND) == 1_010 * ONE
    assert exchange.ledger.account("0xa").cash == (9_000 - 4) * ONE
    assert exchange.ledger.account("0xb").cash == (9_000 - 6) * ONE


def test_two_sellers_of_both_tokens_merge_a_pair() -> None:
    """SELL first at 0.55 meets SELL second at 0.40 at its price 0.40: the taker gets 0.60."""
    exchange, market = open_market(schedule("0"))
    before = exchange.ledger.vault[market.condition_id]
    exchange.place(0, Order("0x1", "0xa", SECOND, Side.SELL, 400_000, 10 * ONE, Kind.GTC, 0))
    exchange.place(0, Order("0x2", "0xb", FIRST, Side.SELL, 550_000, 10 * ONE, Kind.GTC, 0))
    exchange.step(10_000)
    assert before - exchange.ledger.vault[market.condition_id] == 10 * ONE
    assert exchange.ledger.account("0xa").cash == (9_000 + 4) * ONE
    assert exchange.ledger.account("0xb").cash == (9_000 + 6) * ONE


def test_a_market_buy_spends_its_dollars_and_shows_the_recorded_oddity() -> None:
    """614.285714 dollars at 0.86 buy 714.285713 shares: a price of 0.860000001148, as recorded."""
    exchange, _ = open_market(schedule("0"))
    exchange.place(0, Order("0x1", "0xa", FIRST, Side.SELL, 860_000, 1_000 * ONE, Kind.GTC, 0))
    taker = Order("0x2", "0xb", FIRST, Side.BUY, 860_000, 714_285_713, Kind.FAK, 0, 614_285_714)
    exchange.place(0, taker)
    assert (taker.matched, taker.cash) == (714_285_713, 614_285_714)
    assert f"{taker.cash / taker.matched:.12f}" == "0.860000001148"


def test_a_taker_pays_the_fee_on_top_and_a_maker_none() -> None:
    exchange, _ = open_market(schedule("0.05"))
    exchange.place(0, Order("0x1", "0xa", FIRST, Side.SELL, 500_000, 100 * ONE, Kind.GTC, 0))
    exchange.place(0, Order("0x2", "0xb", FIRST, Side.BUY, 500_000, 100 * ONE, Kind.GTC, 0))
    exchange.step(10_000)
    assert exchange.ledger.account("0xa").cash == 9_050 * ONE
    assert text(exchange.ledger.account("0xb").cash) == "8948.75"
    assert text(exchange.ledger.fees) == "1.25"
