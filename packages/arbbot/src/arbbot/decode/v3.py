"""Calls of concentrated-liquidity routers: SwapRouter, SwapRouter02, SmartRouter, Algebra (Camelot V3).

A call names one pool, or a packed path: token, fee (3 bytes), token ... Algebra has one pool per pair, so its
path is tokens alone. Exact-output paths stand reversed on the wire.
Source: Uniswap `v3-periphery` ISwapRouter, `swap-router-contracts` IV3SwapRouter, Algebra ISwapRouter.
"""

from __future__ import annotations

from dataclasses import dataclass

from arbbot.decode import abi
from arbbot.decode.call import Call
from arbbot.decode.errors import CalldataError

_from_bytes = int.from_bytes
Path = tuple[tuple[bytes, ...], tuple[int, ...] | None]


@dataclass(frozen=True, slots=True)
class V3Single:
    """A swap through one pool: in, out, [fee], recipient, [deadline], amount, bound, price limit.

    balance: an amount in of 0 means the router's whole balance.
    """

    exact_in: bool
    fee: bool = True
    deadline: bool = True
    balance: bool = False
    family: str = "uniswap"

    def read(self, call: Call, data: bytes) -> None:
        """Read the swap from calldata and give it to the call. Raises CalldataError."""
        abi.need(data, 4, 6 + self.fee + self.deadline)
        clean = call.clean
        path = (abi.address(data, 4, clean), abi.address(data, 36, clean))
        at, fees = 68, None
        if self.fee:
            fees = (_fee(abi.word(data, 68)),)
            at = 100
            if call.known is not None and call.known.kind == "algebra":
                fees = None  # Algebra kept the argument in its exact-output form and ignores it.
        recipient = abi.address(data, at, clean)
        deadline = None
        if self.deadline:
            at += 32
            deadline = abi.word(data, at)
        exact, bound, limit = abi.word(data, at + 32), abi.word(data, at + 64), abi.word(data, at + 96)
        if clean and limit >> 160:
            raise CalldataError("padding", "price limit passes 160 bits")
        amount = None if self.balance and exact == 0 else exact
        call.emit(self.family, "v3", self.exact_in, path, fees, amount, bound, recipient, deadline, limit)


@dataclass(frozen=True, slots=True)
class V3Path:
    """A swap along a packed path: a tuple of path, recipient, [deadline], amount, bound."""

    exact_in: bool
    deadline: bool = True
    balance: bool = False

    def read(self, call: Call, data: bytes) -> None:
        """Read the swap from calldata and give it to the call. Raises CalldataError."""
        abi.need(data, 4, 1)
        offset = abi.word(data, 4)
        if offset < 32 or (call.clean and offset != 32):
            raise CalldataError("offset", "the arguments' tuple is out of place")
        base, words = 4 + offset, 4 + self.deadline
        abi.need(data, base, words)
        packed = abi.blob(data, base, words, base, call.clean)
        recipient = abi.address(data, base + 32, call.clean)
        deadline = abi.word(data, base + 64) if self.deadline else None
        at = base + 64 + 32 * self.deadline
        exact, bound = abi.word(data, at), abi.word(data, at + 32)
        kind = None if call.known is None else call.known.kind
        path, fees = v3_path(packed, self.exact_in, kind == "algebra", kind is None)
        amount = None if self.balance and exact == 0 else exact
        family = "camelot" if fees is None else "uniswap"
        call.emit(family, "v3", self.exact_in, path, fees, amount, bound, recipient, deadline)


def v3_path(packed: bytes, forward: bool, plain: bool = False, either: bool = False) -> Path:
    """Unpack a path into (tokens from in to out, fee of each hop or None).

    forward is False for exact-output paths, which stand reversed. plain is Algebra's form without fees;
    either takes it where the length fits no path with fees.
    """
    size = len(packed)
    if not plain and size >= 43 and (size - 20) % 23 == 0:
        tokens = [packed[i : i + 20] for i in range(0, size, 23)]
        fees = [_from_bytes(packed[i : i + 3], "big") for i in range(20, size, 23)]
        if not forward:
            tokens.reverse()
            fees.reverse()
        return tuple(tokens), tuple(fees)
    if (plain or either) and size >= 40 and size % 20 == 0:
        tokens = [packed[i : i + 20] for i in range(0, size, 20)]
        return tuple(tokens if forward else tokens[::-1]), None
    raise CalldataError("path", f"{size} bytes are no path")


def _fee(value: int) -> int:
    if value >> 24:
        raise CalldataError("bounds", "fee passes 24 bits")
    return value


V3_FORMS: dict[bytes, V3Single | V3Path] = {
    # SwapRouter (Uniswap, SushiSwap, PancakeSwap): 8 fields with a deadline.
    bytes.fromhex("414bf389"): V3Single(True),  # exactInputSingle
    bytes.fromhex("db3e2198"): V3Single(False),  # exactOutputSingle; Algebra's, too
    bytes.fromhex("c04b8d59"): V3Path(True),  # exactInput; Algebra's, too
    bytes.fromhex("f28c0498"): V3Path(False),  # exactOutput; Algebra's, too
    # SwapRouter02 and SmartRouter: 7 fields, 0 is the router's balance.
    bytes.fromhex("04e45aaf"): V3Single(True, deadline=False, balance=True),
    bytes.fromhex("5023b4df"): V3Single(False, deadline=False),
    bytes.fromhex("b858183f"): V3Path(True, deadline=False, balance=True),
    bytes.fromhex("09b81346"): V3Path(False, deadline=False),
    # Algebra: no fee.
    bytes.fromhex("bc651188"): V3Single(True, fee=False, family="camelot"),  # exactInputSingle
    bytes.fromhex("b87d2524"): V3Single(True, fee=False, family="camelot"),  # ...SupportingFeeOnTransfer...
}
