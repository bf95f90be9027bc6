"""Swaps as calls of the real routers, in the forms that wallets and aggregators use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from localvenues.arbitrum.abi import call, encode
from localvenues.arbitrum.deploy import Deployment
from localvenues.arbitrum.market import Pool, Token

# Universal Router: commands and its words for "the sender" and "this contract".
WRAP_ETH, UNWRAP_WETH = 0x0B, 0x0C
V3_EXACT_IN, V3_EXACT_OUT, V2_EXACT_IN, V2_EXACT_OUT = 0x00, 0x01, 0x08, 0x09
SENDER, ROUTER = (1).to_bytes(20, "big"), (2).to_bytes(20, "big")
WHOLE_BALANCE = 2**255


@dataclass(frozen=True, slots=True)
class Trade:
    """A swap along pools of one version. limit is the least out (exact in) or the most in (exact out).

    price_limit is a V3 square-root price at which a single-pool swap stops; 0 is none.
    """

    hops: tuple[Pool, ...]
    tokens: tuple[Token, ...]
    exact_in: bool
    amount: int
    limit: int
    price_limit: int = 0

    @property
    def addresses(self) -> list[bytes]:
        """Return the token path from in to out."""
        return [token.address for token in self.tokens]

    @property
    def path(self) -> bytes:
        """Return the packed V3 path; exact-out swaps want it from out to in."""
        tokens, fees = self.addresses, [pool.fee.to_bytes(3, "big") for pool in self.hops]
        if not self.exact_in:
            tokens, fees = tokens[::-1], fees[::-1]
        return tokens[0] + b"".join(fee + token for fee, token in zip(fees, tokens[1:], strict=True))


@dataclass(frozen=True, slots=True)
class Order:
    """A call to send. gas is the transaction's limit."""

    to: bytes
    data: bytes
    value: int = 0
    gas: int = 400_000


@dataclass(frozen=True, slots=True)
class Desk:
    """What an order is written for: the contracts, the trader, the latest time."""

    on: Deployment
    trader: bytes
    deadline: int


Style = Callable[[Trade, Desk], Order]

PATH = "(uint256,uint256,address[],address,uint256)"
PATH_02 = "(uint256,uint256,address[],address)"
SINGLE = "((address,address,uint24,address,uint256,uint256,uint256,uint160))"
SINGLE_02 = "((address,address,uint24,address,uint256,uint256,uint160))"
MULTI = "((bytes,address,uint256,uint256,uint256))"
MULTI_02 = "((bytes,address,uint256,uint256))"


def _v2(name: str) -> Style:
    def style(t: Trade, desk: Desk) -> Order:
        data = call(name + PATH, t.amount, t.limit, t.addresses, desk.trader, desk.deadline)
        return Order(desk.on.v2_router, data)

    return style


def v2_eth_in(t: Trade, desk: Desk) -> Order:
    """Sell ether: an exact amount, or up to the limit for an exact output."""
    name = "swapExactETHForTokens" if t.exact_in else "swapETHForExactTokens"
    wanted, value = (t.limit, t.amount) if t.exact_in else (t.amount, t.limit)
    shape = f"{name}(uint256,address[],address,uint256)"
    return Order(desk.on.v2_router, call(shape, wanted, t.addresses, desk.trader, desk.deadline), value)


def v2_by_router02(t: Trade, desk: Desk) -> Order:
    """Swap on V2 through SwapRouter02, which takes no deadline."""
    name = "swapExactTokensForTokens" if t.exact_in else "swapTokensForExactTokens"
    data = call(name + PATH_02, t.amount, t.limit, t.addresses, desk.trader)
    return Order(desk.on.swap_router02, data)


def _v3_call(t: Trade, recipient: bytes, deadline: tuple[int, ...]) -> bytes:
    """Encode the swap for SwapRouter (with a deadline) or SwapRouter02 (without)."""
    kind = "Input" if t.exact_in else "Output"
    ends = (*deadline, t.amount, t.limit)
    if len(t.hops) == 1:
        head = (*t.addresses, t.hops[0].fee, recipient)
        return call(f"exact{kind}Single{SINGLE if deadline else SINGLE_02}", (*head, *ends, t.price_limit))
    return call(f"exact{kind}{MULTI if deadline else MULTI_02}", (t.path, recipient, *ends))


def v3_plain(t: Trade, desk: Desk) -> Order:
    """Call SwapRouter directly."""
    return Order(desk.on.swap_router, _v3_call(t, desk.trader, (desk.deadline,)))


def v3_multicall(t: Trade, desk: Desk) -> Order:
    """Call SwapRouter inside multicall(bytes[])."""
    inner = _v3_call(t, desk.trader, (desk.deadline,))
    return Order(desk.on.swap_router, call("multicall(bytes[])", [inner]))


def v3_by_router02(t: Trade, desk: Desk) -> Order:
    """Call SwapRouter02 directly."""
    return Order(desk.on.swap_router02, _v3_call(t, desk.trader, ()))


def v3_by_router02_multicall(t: Trade, desk: Desk) -> Order:
    """Call SwapRouter02 inside multicall(uint256,bytes[])."""
    inner = _v3_call(t, desk.trader, ())
    return Order(desk.on.swap_router02, call("multicall(uint256,bytes[])", desk.deadline, [inner]))


def v3_eth_in(t: Trade, desk: Desk) -> Order:
    """Sell ether through SwapRouter, which wraps what it needs; the rest comes back."""
    inner = [_v3_call(t, desk.trader, (desk.deadline,)), call("refundETH()")]
    value = t.amount if t.exact_in else t.limit
    return Order(desk.on.swap_router, call("multicall(bytes[])", inner), value)


def v3_eth_out(t: Trade, desk: Desk) -> Order:
    """Buy ether: swap to the router itself, then unwrap for the trader."""
    unwrap = call("unwrapWETH9(uint256,address)", t.limit if t.exact_in else t.amount, desk.trader)
    inner = [_v3_call(t, bytes(20), (desk.deadline,)), unwrap]
    return Order(desk.on.swap_router, call("multicall(bytes[])", inner))


def universal_eth_in(t: Trade, desk: Desk) -> Order:
    """Sell ether through the Universal Router: wrap, then swap what the router holds."""
    value = t.amount if t.exact_in else t.limit
    wrap = encode(("address", "uint256"), (ROUTER, value))
    is_v2 = t.hops[0].version == "v2"
    if is_v2:
        command = V2_EXACT_IN if t.exact_in else V2_EXACT_OUT
    else:
        command = V3_EXACT_IN if t.exact_in else V3_EXACT_OUT
    types = ("address", "uint256", "uint256", "address[]" if is_v2 else "bytes", "bool")
    amount = WHOLE_BALANCE if t.exact_in and not is_v2 else t.amount
    swap = encode(types, (SENDER, amount, t.limit, t.addresses if is_v2 else t.path, False))
    rest = encode(("address", "uint256"), (SENDER, 0))
    commands, inputs = bytes((WRAP_ETH, command, UNWRAP_WETH)), [wrap, swap, rest]
    data = call("execute(bytes,bytes[],uint256)", commands, inputs, desk.deadline)
    return Order(desk.on.universal_router, data, value, 500_000)


V2_EXACT_IN_STYLES: dict[str, Style] = {
    "v2.swapExactTokensForTokens": _v2("swapExactTokensForTokens"),
    "v2.supportingFee": _v2("swapExactTokensForTokensSupportingFeeOnTransferTokens"),
    "router02.v2": v2_by_router02,
}
V2_EXACT_OUT_STYLES: dict[str, Style] = {
    "v2.swapTokensForExactTokens": _v2("swapTokensForExactTokens"),
    "router02.v2Out": v2_by_router02,
}
V2_ETH_IN_STYLES: dict[str, Style] = {"v2.ethIn": v2_eth_in, "universal.v2": universal_eth_in}
V2_ETH_OUT_STYLES: dict[str, Style] = {"v2.swapExactTokensForETH": _v2("swapExactTokensForETH")}
V3_STYLES: dict[str, Style] = {
    "router.plain": v3_plain,
    "router.multicall": v3_multicall,
    "router02.plain": v3_by_router02,
    "router02.multicall": v3_by_router02_multicall,
}
V3_ETH_IN_STYLES: dict[str, Style] = {"router.ethIn": v3_eth_in, "universal.v3": universal_eth_in}
V3_ETH_OUT_STYLES: dict[str, Style] = {"router.ethOut": v3_eth_out}


def styles(t: Trade, weth: bytes) -> dict[str, Style]:
    """Return the forms that a trade can take, by name."""
    first, last = t.tokens[0].address, t.tokens[-1].address
    if t.hops[0].version == "v3":
        fitting = dict(V3_STYLES)
        if t.price_limit:
            return fitting
        return fitting | _where(first == weth, V3_ETH_IN_STYLES) | _where(last == weth, V3_ETH_OUT_STYLES)
    fitting = dict(V2_EXACT_IN_STYLES if t.exact_in else V2_EXACT_OUT_STYLES)
    ether_out = _where(last == weth and t.exact_in, V2_ETH_OUT_STYLES)
    return fitting | _where(first == weth, V2_ETH_IN_STYLES) | ether_out


def _where(fits: bool, more: dict[str, Style]) -> dict[str, Style]:
    return more if fits else {}
