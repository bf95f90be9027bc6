"""What a transaction's swaps would do to the pools: all of it, or nothing where it would revert.

The feed tells what was asked for, not what came of it. A swap that would give less than it accepts is
taken to revert, with the whole transaction unless the router lets that leg fail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from arbbot.model import Swap
from arbbot.pools.curve import Curve, Pool, Trade
from arbbot.pools.errors import NoInput, Reverts, Slippage, TooMuch, UnknownTicks

Leg = tuple[str, str, bytes, bytes, int | None]
"""How a swap names a pool: protocol, version, token in, token out, fee (None where it names none)."""
Directory = Mapping[Leg, tuple[Pool, bool]]
Curves = dict[bytes, Curve]


class Intent(msgspec.Struct, frozen=True, gc=False):
    """The swaps of one transaction, kept until its block is confirmed."""

    sequence: int
    block: int
    swaps: tuple[Swap, ...]


def legs(swap: Swap) -> list[Leg]:
    """Name the pools along a swap's path, from the token in to the token out."""
    path, version = swap.path, swap.version
    fees: tuple[int | None, ...] = swap.fees or ()
    if version == "v2" or swap.fees is None:
        fees = (None,) * (len(path) - 1)
    return [
        (swap.protocol, version, token_in, token_out, fee)
        for token_in, token_out, fee in zip(path, path[1:], fees, strict=False)
    ]


def settle(swaps: Sequence[Swap], directory: Directory, curves: Mapping[bytes, Curve]) -> Curves | None:
    """Give the curves that one transaction changes: empty where it reverts, None where it knows no pool.

    What lies beyond an unknown pool stays unknown: the hops before it are applied, the rest is left to
    the logs.
    """
    known = False
    changed: Curves = {}
    carried: tuple[bytes, int] | None = None
    for swap in swaps:
        hops = [directory.get(leg) for leg in legs(swap)]
        if not any(hops):
            carried = None
            continue
        known = True
        try:
            carried = _run(swap, hops, curves, changed, carried)
        except Reverts:
            if not swap.may_fail:
                return {}
            carried = None
    return changed if known else None


def _run(
    swap: Swap,
    hops: list[tuple[Pool, bool] | None],
    curves: Mapping[bytes, Curve],
    changed: Curves,
    carried: tuple[bytes, int] | None,
) -> tuple[bytes, int] | None:
    """Run one swap; change nothing where it reverts. Gives the token and amount that it yields."""
    ours: Curves = {}
    if swap.kind == "exact_out":
        out = _backwards(swap, hops, _Reader(curves, changed, ours))
    else:
        out = _forwards(swap, hops, _Reader(curves, changed, ours), carried)
    changed.update(ours)
    return None if out is None else (swap.path[-1], out)


class _Reader:
    """The newest curve of a pool: this swap's own, else the transaction's, else the market's."""

    __slots__ = ("_layers", "_ours")

    def __init__(self, curves: Mapping[bytes, Curve], changed: Curves, ours: Curves) -> None:
        self._layers, self._ours = (ours, changed, curves), ours

    def curve(self, pool: Pool) -> Curve:
        """Give the pool's curve as this swap finds it."""
        address = pool.address
        return next(layer[address] for layer in self._layers if address in layer)

    def keep(self, pool: Pool, trade: Trade) -> None:
        """Remember the pool's curve after a trade. Raises NoInput where it takes nothing.

        A V3 pool without liquidity on the way moves its price for free; the routers' callback refuses that.
        """
        if not trade.amount_in:
            raise NoInput("no liquidity on the way")
        self._ours[pool.address] = trade.after


def _forwards(
    swap: Swap, hops: list[tuple[Pool, bool] | None], reader: _Reader, carried: tuple[bytes, int] | None
) -> int | None:
    amount = swap.amount_in
    if amount is None:  # the router's own balance: what the leg before left there
        if carried is None or carried[0] != swap.path[0]:
            return None
        amount = carried[1]
    limit = swap.price_limit if len(hops) == 1 else 0
    for hop in hops:
        if hop is None:
            return None
        pool, zero_for_one = hop
        try:
            trade = reader.curve(pool).exact_in(zero_for_one, amount, limit)
        except UnknownTicks:
            return None
        reader.keep(pool, trade)
        amount = trade.amount_out
    if swap.amount_out_min is not None and amount < swap.amount_out_min:
        raise Slippage(f"{amount} out, at least {swap.amount_out_min} wanted")
    return amount


def _backwards(swap: Swap, hops: list[tuple[Pool, bool] | None], reader: _Reader) -> int | None:
    wanted = swap.amount_out
    if wanted is None:
        return None
    limit = swap.price_limit if len(hops) == 1 else 0
    given = wanted
    for hop in reversed(hops):
        if hop is None:
            return given
        pool, zero_for_one = hop
        try:
            trade = reader.curve(pool).exact_out(zero_for_one, wanted, limit)
        except UnknownTicks:
            return given
        if trade.amount_out < wanted and not limit:
            raise TooMuch(f"{trade.amount_out} out of {wanted}")
        reader.keep(pool, trade)
        wanted = trade.amount_in
    if swap.amount_in_max is not None and wanted > swap.amount_in_max:
        raise Slippage(f"{wanted} in, at most {swap.amount_in_max} accepted")
    return given
