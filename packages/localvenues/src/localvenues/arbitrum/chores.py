"""What a chain carries besides swaps: payments, wraps, allowances, bytes that mean nothing."""

from __future__ import annotations

import random

from localvenues.arbitrum import market
from localvenues.arbitrum.abi import call
from localvenues.arbitrum.deploy import UNLIMITED, Deployment
from localvenues.arbitrum.orders import Order


class Chores:
    """Draws orders that no swap decoder may take for a swap."""

    def __init__(self, on: Deployment, chance: random.Random) -> None:
        self._on, self._random = on, chance
        self._kinds = {
            "payment": self._pay,
            "token payment": self._pay_token,
            "wrap": self._wrap,
            "allowance": self._allow,
            "note": self._note,
        }

    def draw(self, peer: bytes) -> tuple[str, Order]:
        """Return a kind's name and its order; peer is who is paid."""
        name = self._random.choice(list(self._kinds))
        return name, self._kinds[name](peer)

    def _pay(self, peer: bytes) -> Order:
        return Order(peer, b"", self._random.randrange(10**15, 10**17), 50_000)

    def _pay_token(self, peer: bytes) -> Order:
        token = self._random.choice(list(self._on.tokens.values()))
        amount = market.amount(token, self._random.uniform(1, 5000))
        return Order(token.address, call("transfer(address,uint256)", peer, amount), gas=100_000)

    def _wrap(self, _: bytes) -> Order:
        amount = self._random.randrange(10**15, 10**18)
        if self._random.random() < 0.5:
            return Order(self._on.weth, call("deposit()"), amount, 60_000)
        return Order(self._on.weth, call("withdraw(uint256)", amount), gas=60_000)

    def _allow(self, _: bytes) -> Order:
        token = self._random.choice(list(self._on.tokens.values()))
        allow = call("approve(address,uint256)", self._on.v2_router, UNLIMITED)
        return Order(token.address, allow, gas=80_000)

    def _note(self, peer: bytes) -> Order:
        data = self._random.randbytes(self._random.randrange(1, 200))
        return Order(peer, data, gas=60_000)
