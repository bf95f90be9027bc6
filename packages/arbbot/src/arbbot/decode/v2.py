"""Calls of constant-product routers: Uniswap V2 and its forks, Camelot V2, SwapRouter02's V2 half.

All of them are one layout with parts left out: [amount] amount path to [referrer] [deadline].
Source: Uniswap `v2-periphery` IUniswapV2Router02, `swap-router-contracts` IV2SwapRouter, Camelot
ICamelotRouter.
"""

from __future__ import annotations

from dataclasses import dataclass

from arbbot.decode import abi
from arbbot.decode.call import Call
from arbbot.decode.errors import CalldataError


@dataclass(frozen=True, slots=True)
class V2Form:
    """Where one function has its arguments.

    native_in: the amount in is the call's value. referrer, deadline: the argument is there. balance: an
    amount in of 0 means the router's whole balance.
    """

    exact_in: bool
    native_in: bool = False
    referrer: bool = False
    deadline: bool = True
    balance: bool = False
    family: str = "uniswap"

    @property
    def words(self) -> int:
        """Count the head words."""
        return 4 - self.native_in + self.referrer + self.deadline

    def read(self, call: Call, data: bytes) -> None:
        """Read the swap from calldata and give it to the call. Raises CalldataError."""
        words = self.words
        abi.need(data, 4, words)
        first = abi.word(data, 4)
        if self.native_in:
            at = 36
            exact, bound = (call.value, first) if self.exact_in else (first, call.value)
        else:
            at = 68
            exact, bound = first, abi.word(data, 36)
        path = v2_path(data, 4, words, at, call.clean)
        to = abi.address(data, at + 32, call.clean)
        deadline = abi.word(data, 32 * words - 28) if self.deadline else None
        amount = None if self.balance and exact == 0 else exact
        call.emit(self.family, "v2", self.exact_in, path, None, amount, bound, to, deadline)


def v2_path(data: bytes, base: int, words: int, at: int, clean: bool) -> tuple[bytes, ...]:
    """Read a path of addresses; it must name a pair."""
    path = abi.addresses(data, base, words, at, clean)
    if len(path) < 2:
        raise CalldataError("path", f"{len(path)} tokens make no pair")
    return path


V2_FORMS: dict[bytes, V2Form] = {
    # Uniswap V2 Router02 and its forks (SushiSwap, PancakeSwap).
    bytes.fromhex("38ed1739"): V2Form(True),  # swapExactTokensForTokens
    bytes.fromhex("8803dbee"): V2Form(False),  # swapTokensForExactTokens
    bytes.fromhex("7ff36ab5"): V2Form(True, native_in=True),  # swapExactETHForTokens
    bytes.fromhex("4a25d94a"): V2Form(False),  # swapTokensForExactETH
    bytes.fromhex("18cbafe5"): V2Form(True),  # swapExactTokensForETH
    bytes.fromhex("fb3bdb41"): V2Form(False, native_in=True),  # swapETHForExactTokens
    # The same, for tokens that take a fee on transfer.
    bytes.fromhex("5c11d795"): V2Form(True),  # swapExactTokensForTokensSupporting...
    bytes.fromhex("b6f9de95"): V2Form(True, native_in=True),  # swapExactETHForTokensSupporting...
    bytes.fromhex("791ac947"): V2Form(True),  # swapExactTokensForETHSupporting...
    # Camelot V2 has only these, with a referrer before the deadline.
    bytes.fromhex("ac3893ba"): V2Form(True, referrer=True, family="camelot"),
    bytes.fromhex("b4822be3"): V2Form(True, native_in=True, referrer=True, family="camelot"),
    bytes.fromhex("52aa4c22"): V2Form(True, referrer=True, family="camelot"),
    # SwapRouter02 and PancakeSwap's SmartRouter: no deadline, 0 is the router's balance.
    bytes.fromhex("472b43f3"): V2Form(True, deadline=False, balance=True),
    bytes.fromhex("42712a67"): V2Form(False, deadline=False),
}
