"""Feed frames into messages, transactions and swaps. Pure: no clock, socket, disk or loop.

The hot path: `parse_frame(data)`, `transactions(message)`, `swaps(tx, book, grade, now)`; on demand
`tx_hash(tx)` and `sender(tx)`. Everything that can be wrong is a `DecodeError` with a `reason` of a fixed
set.
"""

from arbbot.decode.envelope import Frame, Message, parse_frame
from arbbot.decode.errors import (
    REASONS,
    CalldataError,
    DecodeError,
    FrameError,
    MessageError,
    TransactionError,
)
from arbbot.decode.feedsign import express_lane, feed_hash, feed_signer
from arbbot.decode.grade import Grade
from arbbot.decode.message import transactions
from arbbot.decode.signature import sender, tx_hash
from arbbot.decode.swaps import swaps
from arbbot.decode.system import Retryable
from arbbot.decode.transaction import Tx, parse_signed

__all__ = [
    "REASONS",
    "CalldataError",
    "DecodeError",
    "Frame",
    "FrameError",
    "Grade",
    "Message",
    "MessageError",
    "Retryable",
    "TransactionError",
    "Tx",
    "express_lane",
    "feed_hash",
    "feed_signer",
    "parse_frame",
    "parse_signed",
    "sender",
    "swaps",
    "transactions",
    "tx_hash",
]
