"""Calls of the Universal Router: a string of one-byte commands with one input each.

Only the V2 and V3 swap commands and nested plans are read; permits, wrapping, sweeping, V4 and bridging
change no pool that this bot knows and are passed over. Inputs of the swap commands begin with the same
five fields in all versions (2.1.1 appends minHopPriceX36), so one reader takes both.
Source: Uniswap `universal-router` Commands.sol, Dispatcher.sol, Constants.sol.
"""

from __future__ import annotations

from arbbot.decode import abi
from arbbot.decode.call import Call
from arbbot.decode.errors import CalldataError
from arbbot.decode.v2 import v2_path
from arbbot.decode.v3 import v3_path

V3_IN, V3_OUT, V2_IN, V2_OUT, SUB_PLAN = 0x00, 0x01, 0x08, 0x09, 0x21
CONTRACT_BALANCE = 1 << 255
ALLOW_REVERT = 0x80
_INPUT_WORDS = 5


class Plan:
    """The two forms of `execute`: with and without a deadline."""

    __slots__ = ("deadline",)

    def __init__(self, deadline: bool) -> None:
        self.deadline = deadline

    def read(self, call: Call, data: bytes) -> None:
        """Read every swap of the plan and give it to the call. Raises CalldataError."""
        words = 2 + self.deadline
        abi.need(data, 4, words)
        outer = call.deadline
        if self.deadline:
            call.deadline = abi.word(data, 68)
        _plan(call, data, 4, words)
        call.deadline = outer


def _plan(call: Call, data: bytes, base: int, words: int) -> None:
    call.descend()
    abi.need(data, base, words)
    commands = abi.blob(data, base, words, base, call.clean)
    inputs = abi.blobs(data, base, words, base + 32, call.clean)
    if len(commands) != len(inputs):
        raise CalldataError("commands", f"{len(commands)} commands have {len(inputs)} inputs")
    # Version 1 masks two flag bits off a command, version 2 one.
    mask = 0x3F if call.known is not None and call.known.kind == "universal_router_v1" else 0x7F
    for command, body in zip(commands, inputs, strict=True):
        _command(call, command & mask, bool(command & ALLOW_REVERT), body)
    call.nesting -= 1


def _command(call: Call, command: int, allow_revert: bool, body: bytes) -> None:
    if command not in _READERS:
        return
    outer, nesting, count = call.may_fail, call.nesting, len(call.out)
    call.may_fail = outer or allow_revert
    try:
        _READERS[command](call, command, body)
    except CalldataError:
        # A command that may fail takes only its own swaps with it.
        if not allow_revert:
            raise
        del call.out[count:]
        call.nesting = nesting
    call.may_fail = outer


def _swap(call: Call, command: int, body: bytes) -> None:
    abi.need(body, 0, _INPUT_WORDS)
    clean, exact_in = call.clean, command in (V3_IN, V2_IN)
    recipient = abi.address(body, 0, clean)
    exact, bound = abi.word(body, 32), abi.word(body, 64)
    if clean and abi.word(body, 128) > 1:
        raise CalldataError("padding", "payerIsUser is no flag")
    amount = None if exact_in and _on_chain(command, exact) else exact
    if command in (V2_IN, V2_OUT):
        path = v2_path(body, 0, _INPUT_WORDS, 96, clean)
        call.emit("uniswap", "v2", exact_in, path, None, amount, bound, recipient)
        return
    packed = abi.blob(body, 0, _INPUT_WORDS, 96, clean)
    path, fees = v3_path(packed, exact_in)
    call.emit("uniswap", "v3", exact_in, path, fees, amount, bound, recipient)


def _on_chain(command: int, exact: int) -> bool:
    # For V2, 0 means that the tokens already lie in the pair.
    return exact == CONTRACT_BALANCE or (command == V2_IN and exact == 0)


def _sub_plan(call: Call, command: int, body: bytes) -> None:
    _plan(call, body, 0, 2)


_READERS = {V3_IN: _swap, V3_OUT: _swap, V2_IN: _swap, V2_OUT: _swap, SUB_PLAN: _sub_plan}
PLANS = {bytes.fromhex("24856bc3"): Plan(False), bytes.fromhex("3593564c"): Plan(True)}
