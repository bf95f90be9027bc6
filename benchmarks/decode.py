"""Decoding speed: transactions, senders, swaps and whole frames, against eth-account and coincurve.

Every round times all contenders on the same bytes, one after the other, so that a slow moment of the
machine hits all of them; figures are medians over the rounds, ratios are medians of the rounds' ratios.
eth-account runs with coincurve installed, which is its fast form. The transactions are EIP-1559 calls of
SwapRouter02, signed here: half exactInputSingle, half the same inside a multicall. The frame holds all of
them in one batch.
"""

from __future__ import annotations

import base64
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from coincurve import PublicKey
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from arbbot.decode import DecodeError, Tx, parse_frame, parse_signed, sender, swaps, transactions, tx_hash
from arbbot.dex.load import arbitrum_one

ROUNDS = 15
KEY = b"\x11" * 32
BOOK = arbitrum_one()
WETH, USDC = BOOK.tokens["WETH"].address, BOOK.tokens["USDC"].address
ROUTER = "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45"
Contender = tuple[Callable[[Any], object], list[Any]]


def _word(value: int | bytes) -> bytes:
    return value.to_bytes(32, "big") if isinstance(value, int) else value.rjust(32, b"\0")


def _single(amount: int) -> bytes:
    words: tuple[int | bytes, ...] = (WETH, USDC, 500, b"\x0a" * 20, amount, 1, 0)
    return bytes.fromhex("04e45aaf") + b"".join(map(_word, words))


def _multicall(amount: int) -> bytes:
    inner = _single(amount)
    head = (1_900_000_000, 64, 1, 32, len(inner))
    return bytes.fromhex("5ae401dc") + b"".join(map(_word, head)) + inner + bytes(-len(inner) % 32)


def _signed(nonce: int, data: bytes) -> bytes:
    fields = {
        "type": 2, "chainId": 42161, "nonce": nonce, "gas": 300_000, "maxFeePerGas": 10**8,
        "maxPriorityFeePerGas": 0, "to": ROUTER, "value": 0, "data": data,
    }  # fmt: skip
    return bytes(Account.sign_transaction(fields, KEY).raw_transaction)


def _raws() -> list[bytes]:
    return [_signed(n, (_single, _multicall)[n % 2](10**18 + n)) for n in range(16)]


def _frame(raws: list[bytes]) -> bytes:
    """Make the text frame of one message whose batch holds all the transactions."""
    body = b"\x03" + b"".join((len(raw) + 1).to_bytes(8, "big") + b"\x04" + raw for raw in raws)
    header = {
        "kind": 3, "sender": "0xA4b000000000000000000073657175656e636572", "blockNumber": 20_000_000,
        "timestamp": 1_800_000_000, "requestId": None, "baseFeeL1": 0,
    }  # fmt: skip
    inner = {"header": header, "l2Msg": base64.b64encode(body).decode()}
    message = {
        "sequenceNumber": 1,
        "message": {"message": inner, "delayedMessagesRead": 1},
        "signatureV2": None,
    }
    return json.dumps({"version": 1, "messages": [message]}).encode()


def _recovery(raw: bytes) -> tuple[bytes, bytes]:
    """Find what a bare recovery needs: the signature and the digest that was signed."""
    tx = TypedTransaction.from_bytes(HexBytes(raw))
    fields = tx.as_dict()
    signature = fields["r"].to_bytes(32, "big") + fields["s"].to_bytes(32, "big") + bytes((fields["v"],))
    return signature, bytes(tx.hash())


def _all(raw: bytes) -> None:
    tx = parse_signed(raw)
    tx_hash(tx)
    sender(tx)


def _peer_all(raw: bytes) -> None:
    TypedTransaction.from_bytes(HexBytes(raw))
    keccak(raw)
    Account.recover_transaction(raw)


def _peer_hash(raw: bytes) -> None:
    TypedTransaction.from_bytes(HexBytes(raw))
    keccak(raw)


def _whole(frame: bytes) -> None:
    for message in parse_frame(frame).messages:
        for tx in transactions(message):
            _swaps(tx)


def _swaps(tx: Tx) -> None:
    try:
        swaps(tx, BOOK)
    except DecodeError:
        pass


def _contenders() -> dict[str, Contender]:
    raws = _raws()
    txs = [parse_signed(raw) for raw in raws]
    recoveries = [_recovery(raw) for raw in raws]
    return {
        "fields": (parse_signed, raws),
        "hash": (lambda raw: tx_hash(parse_signed(raw)), raws),
        "sender": (_all, raws),
        "peer fields": (lambda raw: TypedTransaction.from_bytes(HexBytes(raw)), raws),
        "peer hash": (_peer_hash, raws),
        "peer sender": (_peer_all, raws),
        "bare": (lambda r: PublicKey.from_signature_and_message(r[0], r[1], hasher=None), recoveries),
        "swaps": (_swaps, txs),
        "frame": (_whole, [_frame(raws)]),
    }


def _time(contender: Contender, seconds: float = 0.02) -> float:
    """Time one contender for about `seconds`; return microseconds per call."""
    work, inputs = contender
    calls = 0
    began = time.perf_counter()
    while True:
        for item in inputs:
            work(item)
        calls += len(inputs)
        spent = time.perf_counter() - began
        if spent > seconds:
            return spent / calls * 1e6


def main() -> dict[str, dict[str, object]]:
    """Measure and return {figure: {value, unit, peer, ratio, goal, ok}}."""
    contenders = _contenders()
    rounds = [{name: _time(each) for name, each in contenders.items()} for _ in range(ROUNDS)]

    def median(name: str) -> float:
        return statistics.median(one[name] for one in rounds)

    def ratio(over: str, under: str) -> float:
        return statistics.median(one[over] / one[under] for one in rounds)

    def figure(value: float, peer: str, times: float | None, goal: str | None, ok: bool) -> dict[str, object]:
        return {"value": value, "unit": "us/tx", "peer": peer, "ratio": times, "goal": goal, "ok": ok}

    fields, hashed = ratio("peer fields", "fields"), ratio("peer hash", "hash")
    full, bare = ratio("peer sender", "sender"), ratio("sender", "bare")
    size = len(contenders["fields"][1])
    from_bytes = f"eth-account TypedTransaction.from_bytes {median('peer fields'):.1f} us"
    with_hash = f"the same and eth_utils.keccak {median('peer hash'):.1f} us"
    with_sender = f"the same and Account.recover_transaction {median('peer sender'):.1f} us"
    recovery = f"one coincurve from_signature_and_message {median('bare'):.1f} us"
    public = "best public feed decoder states 70 us with sender"
    return {
        "fields only": figure(median("fields"), from_bytes, fields, ">= 15x", fields >= 15),
        "fields and hash": figure(median("hash"), with_hash, hashed, ">= 10x", hashed >= 10),
        "fields, hash, sender": figure(median("sender"), with_sender, full, None, True),
        "fields, hash, sender over one recovery": figure(
            median("sender"), recovery, bare, "<= 1.4x", bare <= 1.4
        ),
        "swaps of a parsed transaction": figure(median("swaps"), "", None, None, True),
        "frame to swaps, no sender": figure(median("frame") / size, public, None, None, True),
    }


if __name__ == "__main__":
    for name, row in (figures := main()).items():
        told = "" if row["ratio"] is None else f"{row['ratio']:.2f}x"
        print(
            f"{name:<40} {row['value']:8.2f} us {told:>9}  {row['goal'] or '':<8} {row['peer']}",
            file=sys.stderr,
        )
    print(json.dumps(figures, indent=1))
