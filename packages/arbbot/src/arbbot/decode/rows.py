"""Transactions and swaps as rows of plain JSON values.

Amounts of any size are decimal text, addresses carry their checksum, bytes are 0x text. type and chainId are
numbers.
"""

from __future__ import annotations

from decimal import Decimal

from arbbot.decode.system import Retryable
from arbbot.decode.transaction import ACCESS_LIST, LEGACY, Tx
from arbbot.dex.address import checksum
from arbbot.model import Swap

Row = dict[str, object]
_PLAIN_BITS = 10_000


def amount(value: int | None) -> str | None:
    """Write an integer of any size in decimals."""
    if value is None:
        return None
    # str() refuses integers of more than 4300 digits, which RLP can hold, and is quadratic.
    return str(value) if value.bit_length() < _PLAIN_BITS else str(Decimal(value))


def address(value: bytes | None) -> str | None:
    """Write an address with its checksum."""
    return None if value is None else checksum(value)


def tx_row(tx: Tx) -> Row:
    """Make the row of a transaction without its hash, sender and swaps."""
    row: Row = {
        "raw": "0x" + tx.raw.hex() if tx.raw else None,
        "type": tx.type,
        "chainId": _chain(tx.chain_id),
        "nonce": amount(tx.nonce),
    }
    if tx.type in (LEGACY, ACCESS_LIST):
        row["gasPrice"] = amount(tx.fee_cap)
    else:
        row["maxPriorityFeePerGas"] = amount(tx.tip_cap)
        row["maxFeePerGas"] = amount(tx.fee_cap)
    row |= {
        "gas": amount(tx.gas),
        "to": address(tx.to),
        "value": amount(tx.value),
        "input": "0x" + tx.data.hex(),
        "input_len": len(tx.data),
        "selector": "0x" + tx.data[:4].hex() if len(tx.data) >= 4 else None,
    }
    if tx.request_id is not None:
        row["requestId"] = "0x" + tx.request_id.hex()
    return row | _retry_row(tx) if isinstance(tx, Retryable) else row


def _retry_row(tx: Retryable) -> Row:
    return {
        "depositValue": amount(tx.deposit),
        "retryTo": address(tx.retry_to),
        "retryValue": amount(tx.retry_value),
        "retryData": "0x" + tx.retry_data.hex(),
        "maxSubmissionFee": amount(tx.max_submission_fee),
        "refundTo": address(tx.fee_refund),
        "beneficiary": address(tx.beneficiary),
        "l1BaseFee": amount(tx.l1_base_fee),
    }


def _chain(chain_id: int | None) -> int | str | None:
    # A forged transaction can name a chain id that JSON's readers cannot hold.
    return amount(chain_id) if chain_id is not None and chain_id >> 53 else chain_id


def swap_row(swap: Swap) -> Row:
    """Make the row of a swap; an amount that is not known is null."""
    return {
        "protocol": swap.protocol,
        "version": swap.version,
        "kind": swap.kind,
        "path": [checksum(token) for token in swap.path],
        "fees": None if swap.fees is None else list(swap.fees),
        "amount_in": amount(swap.amount_in),
        "amount_out": amount(swap.amount_out),
        "amount_in_max": amount(swap.amount_in_max),
        "amount_out_min": amount(swap.amount_out_min),
        "recipient": address(swap.recipient),
    }
