"""What can be wrong with bytes that came from outside.

The tree: DecodeError > FrameError, MessageError, TransactionError, CalldataError. Each error carries one
`reason` word of a fixed set, so that it can be counted as a label without growing it.
"""

from __future__ import annotations


class DecodeError(Exception):
    """Say why bytes could not be decoded; `reason` is one word of `REASONS`."""

    reasons: frozenset[str] = frozenset()

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class FrameError(DecodeError):
    """A websocket frame that is no broadcast message; the whole frame is skipped."""

    reasons = frozenset({"json", "base64", "shape", "version"})


class MessageError(DecodeError):
    """A feed message that Nitro rejects; none of its transactions exists."""

    reasons = frozenset(
        {
            "oversized",
            "l1_kind",
            "l2_kind",
            "unimplemented",
            "depth",
            "truncated",
            "request_id",
            "heartbeat",
            "range",
            "signature",
        }
    )


class TransactionError(DecodeError):
    """A transaction that is not canonical, not of a known type, or not signed as it should be."""

    reasons = frozenset({"rlp", "tx_type", "tx_field", "signature", "chain_id"})


class CalldataError(DecodeError):
    """Router calldata that names a swap and does not hold one."""

    reasons = frozenset(
        {
            "bounds",
            "offset",
            "padding",
            "token",
            "path",
            "router",
            "deadline",
            "amount",
            "nesting",
            "commands",
        }
    )


REASONS: frozenset[str] = (
    FrameError.reasons | MessageError.reasons | TransactionError.reasons | CalldataError.reasons
)
"""Every word that `DecodeError.reason` can be: the values of a metric's label."""
