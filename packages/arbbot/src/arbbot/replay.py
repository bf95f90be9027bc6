"""`arbbot replay FILE`: recorded feed frames in, one JSON line per transaction out."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, TextIO

import msgspec

from arbbot.decode import (
    DecodeError,
    Grade,
    Message,
    Tx,
    express_lane,
    feed_signer,
    parse_frame,
    sender,
    swaps,
    transactions,
    tx_hash,
)
from arbbot.decode.rows import Row, address, swap_row, tx_row
from arbbot.dex.address import AddressError, parse_address
from arbbot.dex.book import DexBook
from arbbot.dex.load import DexBookError, arbitrum_one, load_book

REMEMBERED = 250_000
"""How many messages are remembered for telling repetitions: 17 hours of Arbitrum at 4 blocks a second."""

Seen = tuple[bytes | None, bytes]


@dataclass(slots=True)
class Replay:
    """What one run knows and has counted.

    chain_id is the one that was asked for; met is the last one that a transaction named. A wrong chain is
    only told where one was asked for.
    """

    book: DexBook
    grade: Grade
    chain_id: int | None = None
    wanted_signer: bytes | None = None
    met: int | None = None
    counts: Counter[str] = field(default_factory=Counter)
    seen: dict[int | bytes, list[Seen]] = field(default_factory=dict)

    def rows(self, line: bytes) -> Iterator[Row]:
        """Decode one frame into rows. Raises FrameError for a frame that is none."""
        frame = parse_frame(line)
        self.counts["frames"] += 1
        for message in frame.messages:
            if self.is_new(message):
                self.counts["messages"] += 1
                yield from self.message_rows(message)
            else:
                self.counts["repeated"] += 1

    def is_new(self, message: Message) -> bool:
        """Tell whether a message was not shown before; a number comes again with another block hash."""
        header = repr((message.kind, message.timestamp, message.sender)).encode()
        content = blake2b(header + message.l2, digest_size=16).digest()
        mine: Seen = (message.block_hash, content)
        known = self.seen.setdefault(content if message.sequence is None else message.sequence, [])
        if any(_same(mine, other) for other in known):
            return False
        known.append(mine)
        if len(self.seen) > REMEMBERED:
            del self.seen[next(iter(self.seen))]
        return True

    def message_rows(self, message: Message) -> Iterator[Row]:
        """Make the rows of a message; one row with its error where Nitro rejects it."""
        front: Row = {"sequenceNumber": message.sequence}
        try:
            txs = self.transactions(message)
        except DecodeError as fault:
            self.counts["rejected"] += 1
            yield {**front, "error": fault.reason, "detail": fault.detail, **self.signer_keys(message)}
            return
        signer = self.signer_keys(message)
        for index, tx in enumerate(txs):
            self.counts["transactions"] += 1
            yield {**front, "index": index, **self.tx_keys(message, index, tx), **signer}

    def transactions(self, message: Message) -> list[Tx]:
        """Decode a message, taking the chain id from its own transactions where none was asked for."""
        chain_id = self.met if self.chain_id is None else self.chain_id
        txs = transactions(message, chain_id)
        named = next((tx.chain_id for tx in txs if tx.signed_at and tx.chain_id is not None), None)
        if named is None:
            return txs
        self.met = named
        if self.chain_id is None and named != chain_id and any(not tx.signed_at for tx in txs):
            return transactions(message, named)
        return txs

    def signer_keys(self, message: Message) -> Row:
        """Recover the feed's signer; empty where a message is not signed."""
        if message.signature is None and message.old_signature is None:
            if self.wanted_signer is not None:
                self.counts["unsigned"] += 1
            return {}
        chain_id = self.met if self.chain_id is None else self.chain_id
        if chain_id is None:
            return {"feedSigner": None, "feedSignerError": "chain_id"}
        try:
            signer = feed_signer(message, chain_id)
        except DecodeError as fault:
            self.counts["wrong_signer"] += 1
            return {"feedSigner": None, "feedSignerError": fault.reason}
        if self.wanted_signer is not None and signer != self.wanted_signer:
            self.counts["wrong_signer"] += 1
        return {"feedSigner": address(signer)}

    def tx_keys(self, message: Message, index: int, tx: Tx) -> Row:
        """Make what a row says about its transaction and the swaps in it."""
        row: Row = {"hash": "0x" + tx_hash(tx).hex() if tx.raw else None, **tx_row(tx)}
        try:
            row["from"] = address(sender(tx))
            row["swaps"] = self.swap_rows(message, tx, row)
        except DecodeError as fault:
            self.counts["bad_transactions"] += 1
            row |= {"from": None, "swaps": [], "error": fault.reason}
        if self.chain_id is not None and tx.chain_id not in (None, self.chain_id):
            self.counts["bad_transactions"] += 1
            row |= {"swaps": [], "error": "chain_id"}
        lane = express_lane(message.metadata, index)
        return row if lane is None else {**row, "expressLane": lane}

    def swap_rows(self, message: Message, tx: Tx, row: Row) -> list[Row]:
        """Decode a transaction's swaps; a refusal is told under `swapError`."""
        try:
            found = swaps(tx, self.book, self.grade, message.timestamp)
        except DecodeError as fault:
            self.counts["swap_errors"] += 1
            row["swapError"] = fault.reason
            return []
        self.counts["swaps"] += len(found)
        return [swap_row(swap) for swap in found]


def _same(one: Seen, other: Seen) -> bool:
    if one[0] is not None and other[0] is not None:
        return one[0] == other[0]
    return one[1] == other[1]


def run(lines: Iterable[bytes], replay: Replay, out: TextIO, err: TextIO) -> None:
    """Write the rows of all lines as they come; a malformed line is told on err and counted."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            for row in replay.rows(line):
                out.write(msgspec.json.encode(row).decode() + "\n")
            out.flush()
        except DecodeError as fault:
            replay.counts["malformed"] += 1
            err.write(f"replay: line {number}: {fault}\n")


def replay(argv: list[str]) -> int:
    """Run the verb. Exit code 0, 1 where --verify-signer does not hold, 2 for wrong arguments."""
    options = _parser().parse_args(argv)
    try:
        book = arbitrum_one() if options.dex is None else load_book(Path(options.dex))
        source = _open(options.file)
    except (DexBookError, OSError) as fault:
        sys.stderr.write(f"replay: {_plain(fault, options.dex)}\n")
        return 2
    state = Replay(book, Grade[options.grade.upper()], options.chain_id, options.verify_signer)
    try:
        with source:
            run(source, state, sys.stdout, sys.stderr)
    except BrokenPipeError:
        # The reader has gone: nothing is wrong. The interpreter's last flush must not say so either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as fault:
        sys.stderr.write(f"replay: {_plain(fault, None)}\n")
        return 2
    return _close(state)


def _close(state: Replay) -> int:
    told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in state.counts.items())
    sys.stderr.write(f"replay: {told or 'nothing to read'}\n")
    failed = state.counts["wrong_signer"] or state.counts["unsigned"]
    return 1 if state.wanted_signer is not None and failed else 0


def _open(name: str) -> BinaryIO:
    return sys.stdin.buffer if name == "-" else Path(name).open("rb")


def _plain(fault: Exception, dex: str | None) -> str:
    if isinstance(fault, OSError):
        # Only the output has no name: what is read was opened by one.
        return f"{fault.filename or 'the output'}: {fault.strerror}"
    return f"{dex}: {fault}"


def _signer(text: str) -> bytes:
    try:
        return parse_address(text)
    except AddressError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from None


def _chain_id(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:21]) < 1 << 64:
        raise argparse.ArgumentTypeError(f"{text!r} is no chain id")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "arbbot replay", description="Decode recorded feed frames into JSON lines."
    )
    parser.add_argument("file", help="one frame per line; - is standard input")
    parser.add_argument(
        "--chain-id", type=_chain_id, metavar="N", help="the chain; without it the transactions tell"
    )
    parser.add_argument("--dex", metavar="FILE", help="the dex book; without it Arbitrum One's")
    grades = [grade.name.lower() for grade in Grade]
    parser.add_argument("--grade", choices=grades, default="moderate", help="validation of router calls")
    parser.add_argument(
        "--verify-signer", type=_signer, metavar="ADDRESS", help="fail on any other feed signer"
    )
    return parser


if __name__ == "__main__":
    sys.exit(replay(sys.argv[1:]))
