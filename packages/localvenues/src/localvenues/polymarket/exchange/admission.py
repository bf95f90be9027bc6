"""What an order must fulfil to be taken, and the money that open orders bind."""

from __future__ import annotations

from localvenues.polymarket.exchange.ledger import Ledger
from localvenues.polymarket.exchange.matching import Plan
from localvenues.polymarket.exchange.model import Kind, Market, Order, Side
from localvenues.polymarket.exchange.money import ONE, text, up
from localvenues.polymarket.exchange.refusals import InvalidOrder, NotEnoughBalance

LEAST_TAKEN = ONE
GTD_MARGIN = 60_000


def check_form(now: int, market: Market, order: Order) -> None:
    """Check price, size and expiration; raise InvalidOrder."""
    if not market.tick.allows(order.price):
        highest = text(ONE - market.tick.size)
        raise InvalidOrder(f"invalid price ({text(order.price)}), min: {market.tick} - max: {highest}")
    if order.post_only and order.kind.market:
        raise InvalidOrder("invalid post-only order: only GTC and GTD orders are allowed")
    if order.kind is Kind.GTD and order.expiration * 1000 < now + GTD_MARGIN:
        raise InvalidOrder("invalid expiration")
    if not order.kind.market and order.shares < market.min_size:
        size, least = text(order.shares), text(market.min_size)
        raise InvalidOrder(f"order {order.id} is invalid. Size ({size}) lower than the minimum: {least}")


def check_taken(order: Order) -> None:
    """Check that an order which crosses the book buys for a dollar or more; raise InvalidOrder."""
    if order.side is Side.BUY and needed(order) < LEAST_TAKEN:
        raise InvalidOrder(
            f"invalid amount for a marketable BUY order (${text(needed(order))}), min size: $1"
        )


def needed(order: Order) -> int:
    """Return the dollars or shares that an order needs for what is still open of it."""
    if order.side is Side.SELL:
        return order.remaining
    return order.budget if order.budget is not None else up(order.remaining, order.price)


def check_balance(ledger: Ledger, order: Order) -> None:
    """Check that free cash or shares cover an order; raise NotEnoughBalance."""
    account, amount = ledger.account(order.owner), needed(order)
    if order.side is Side.BUY and account.free < amount:
        raise NotEnoughBalance(account.cash, account.held, amount)
    if order.side is Side.SELL and account.free_shares(order.token) < amount:
        held = account.held_tokens.get(order.token, 0)
        raise NotEnoughBalance(account.shares(order.token), held, amount)


def check_plan(ledger: Ledger, order: Order, wanted: Plan, fee: int) -> None:
    """Check that free cash covers a buyer's matches, fee and remainder; raise NotEnoughBalance."""
    if order.side is Side.SELL:
        return
    rest = 0 if order.kind.market else up(order.shares - wanted.shares, order.price)
    account = ledger.account(order.owner)
    if account.free < wanted.cash + rest + fee:
        raise NotEnoughBalance(account.cash, account.held, wanted.cash + rest + fee)


def hold(ledger: Ledger, order: Order) -> None:
    """Bind just what an open order needs now."""
    _bind(ledger, order, needed(order))


def release(ledger: Ledger, order: Order) -> None:
    """Free what an order binds."""
    _bind(ledger, order, 0)


def _bind(ledger: Ledger, order: Order, amount: int) -> None:
    account = ledger.account(order.owner)
    if order.side is Side.BUY:
        account.bind(cash=amount - order.hold)
    else:
        account.bind(token=order.token, shares=amount - order.hold)
    order.hold = amount
