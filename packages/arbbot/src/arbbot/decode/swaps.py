"""A transaction's calldata into the swaps that it asks a router for.

The selector finds the layout, the book the protocol. What fails on chain as a whole fails here as a
whole: one malformed call inside a multicall leaves no swap at all.
"""

from __future__ import annotations

from typing import Protocol

from arbbot.decode import abi
from arbbot.decode.call import Call
from arbbot.decode.errors import CalldataError
from arbbot.decode.grade import Grade
from arbbot.decode.transaction import Tx
from arbbot.decode.universal import PLANS
from arbbot.decode.v2 import V2_FORMS
from arbbot.decode.v3 import V3_FORMS
from arbbot.dex.book import DexBook
from arbbot.model import Swap


class Form(Protocol):
    """A layout of calldata that can be read into a call."""

    def read(self, call: Call, data: bytes) -> None:
        """Give every swap of the calldata to the call. Raises CalldataError."""


class Multicall:
    """The three forms of `multicall`: bytes[], deadline and bytes[], previous block hash and bytes[]."""

    __slots__ = ("deadline", "words")

    def __init__(self, words: int, deadline: bool = False) -> None:
        self.words, self.deadline = words, deadline

    def read(self, call: Call, data: bytes) -> None:
        """Read every inner call that is a swap, in order. Raises CalldataError."""
        call.descend()
        abi.need(data, 4, self.words)
        outer = call.deadline
        if self.deadline:
            call.deadline = abi.word(data, 4)
        for inner in abi.blobs(data, 4, self.words, 32 * self.words - 28, call.clean):
            form = FORMS.get(inner[:4])
            if form is not None:
                _check_router(call, inner[:4])
                form.read(call, inner)
        call.deadline = outer
        call.nesting -= 1


MULTICALLS = {
    bytes.fromhex("ac9650d8"): Multicall(1),
    bytes.fromhex("5ae401dc"): Multicall(2, deadline=True),
    bytes.fromhex("1f0464d1"): Multicall(2),
}
FORMS: dict[bytes, Form] = {**V2_FORMS, **V3_FORMS, **PLANS, **MULTICALLS}

_UNISWAP_V2 = frozenset(s for s, f in V2_FORMS.items() if f.deadline and not f.referrer)
_SWAP_ROUTER = frozenset(map(bytes.fromhex, ("414bf389", "db3e2198", "c04b8d59", "f28c0498", "ac9650d8")))
_SWAP_ROUTER_02 = frozenset(
    map(bytes.fromhex, ("04e45aaf", "5023b4df", "b858183f", "09b81346", "472b43f3", "42712a67"))
) | frozenset(MULTICALLS)
_ALGEBRA = frozenset(
    map(bytes.fromhex, ("bc651188", "b87d2524", "db3e2198", "c04b8d59", "f28c0498", "ac9650d8"))
)

SELECTORS: dict[str, frozenset[bytes]] = {
    "uniswap_v2": _UNISWAP_V2,
    "camelot_v2": frozenset(s for s, f in V2_FORMS.items() if f.referrer),
    "swap_router": _SWAP_ROUTER,
    "swap_router_02": _SWAP_ROUTER_02,
    "algebra": _ALGEBRA,
    "universal_router": frozenset(PLANS),
    "universal_router_v1": frozenset(PLANS),
}
"""The selectors that each kind of router knows; a kind that is missing has none that are read."""


def swaps(
    tx: Tx, book: DexBook | None = None, grade: Grade = Grade.MODERATE, now: int | None = None
) -> tuple[Swap, ...]:
    """List the swaps that a transaction asks for, in their order; empty where it asks for none.

    now is the message's time (Unix seconds), which a strict deadline is held against. Raises CalldataError
    where the selector is a router's and the calldata does not stand the grade's checks.
    """
    data, to = tx.data, tx.to
    form = FORMS.get(data[:4])
    if form is None or to is None:
        return ()
    known = None if book is None else book.routers.get(to)
    call = Call(to, known, tx.value, grade, now)
    _check_router(call, data[:4])
    form.read(call, data)
    return tuple(call.out)


def _check_router(call: Call, selector: bytes) -> None:
    if not call.clean:
        return
    if call.known is None:
        raise CalldataError("router", "the router is not in the book")
    if selector not in SELECTORS.get(call.known.kind, frozenset()):
        raise CalldataError("router", f"a {call.known.kind} does not know {selector.hex()}")
