"""Split, merge and redeem: a dollar against a pair of shares, and a winning share against a dollar."""

from __future__ import annotations

from localvenues.polymarket.exchange.exchange import Exchange
from localvenues.polymarket.exchange.model import Market
from localvenues.polymarket.exchange.news import Converted
from localvenues.polymarket.exchange.refusals import NothingHeld


def split(
    exchange: Exchange, now: int, owner: str, market: Market, shares: int, transaction: str
) -> Converted:
    """Turn cash into a pair of shares at half a dollar each; raise NothingHeld."""
    account = exchange.ledger.account(owner)
    if shares <= 0 or account.free < shares:
        raise NothingHeld("not enough collateral to split")
    account.bind(cash=shares)
    exchange.ledger.mint(market.condition_id, shares)
    first = shares // 2
    for token, cost in zip(market.tokens, (first, shares - first), strict=True):
        exchange.ledger.buy(owner, token, shares, cost, now)
    return Converted(now, owner, market, "SPLIT", shares, transaction)


def merge(
    exchange: Exchange, now: int, owner: str, market: Market, shares: int, transaction: str
) -> Converted:
    """Turn a pair of shares into cash; raise NothingHeld."""
    account = exchange.ledger.account(owner)
    if shares <= 0 or any(account.free_shares(token) < shares for token in market.tokens):
        raise NothingHeld("not enough shares to merge")
    exchange.ledger.burn(market.condition_id, shares)
    first = shares // 2
    for token, cash in zip(market.tokens, (first, shares - first), strict=True):
        account.bind(token=token, shares=shares)
        exchange.ledger.sell(owner, token, shares, cash, now)
    return Converted(now, owner, market, "MERGE", shares, transaction)


def redeem(exchange: Exchange, now: int, owner: str, market: Market, transaction: str) -> Converted:
    """Give up all shares of a resolved market, the winning ones for a dollar each; raise NothingHeld."""
    account = exchange.ledger.account(owner)
    held = {token: account.free_shares(token) for token in market.tokens}
    if market.winner is None:
        raise NothingHeld("the market is not resolved")
    if not any(held.values()):
        raise NothingHeld("there are no shares to redeem")
    payout = 0
    for token, shares in held.items():
        cash = shares if token == market.winner else 0
        payout += cash
        if shares:
            account.bind(token=token, shares=shares)
            exchange.ledger.sell(owner, token, shares, cash, now)
    exchange.ledger.burn(market.condition_id, payout)
    return Converted(now, owner, market, "REDEEM", payout, transaction)
