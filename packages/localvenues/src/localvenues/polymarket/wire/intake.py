"""From a posted body to an order: form, amounts and signature; the exchange judges the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from localvenues.polymarket.contracts import CONTRACTS, Contracts
from localvenues.polymarket.exchange.model import Kind, Market, Order, Side
from localvenues.polymarket.exchange.refusals import InvalidOrder, InvalidSignature
from localvenues.polymarket.exchange.ticks import BadAmounts, read_amounts
from localvenues.polymarket.wire.numbers import whole
from localvenues.polymarket.wire.signatures import BadSignature, SignedFields, order_digest, recover

MAX_BATCH = 15
EOA = 0
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_PLACE = re.compile(r"0x[0-9a-fA-F]{40}")


class PostedFields(msgspec.Struct, rename="camel"):
    """The order as the wire has it: amounts, token and times are decimal texts."""

    maker: str
    signer: str
    token_id: str
    maker_amount: str
    taker_amount: str
    side: str
    timestamp: str
    signature: str
    salt: int | str
    signature_type: int = 0
    expiration: str = "0"
    metadata: str = "0x" + "0" * 64
    builder: str = "0x" + "0" * 64


class Posted(msgspec.Struct, rename="camel"):
    """The body of POST /order."""

    order: PostedFields
    order_type: str
    owner: str
    defer_exec: bool = False
    post_only: bool = False


@dataclass(frozen=True, slots=True)
class Intake:
    """Reads posted orders for a chain and its contracts."""

    chain_id: int
    contracts: Contracts = CONTRACTS

    def signed_fields(self, posted: PostedFields) -> SignedFields:
        """Return the signed part; raise InvalidOrder for a malformed one."""
        if not all(map(_PLACE.fullmatch, (posted.maker, posted.signer))):
            raise InvalidOrder("Invalid order payload: maker and signer are addresses")
        if not all(map(_HASH.fullmatch, (posted.metadata, posted.builder))):
            raise InvalidOrder("Invalid order payload: metadata and builder are 32 bytes")
        if posted.side not in ("BUY", "SELL"):
            raise InvalidOrder("Invalid order payload: side is BUY or SELL")
        texts = (
            str(posted.salt),
            posted.token_id,
            posted.maker_amount,
            posted.taker_amount,
            posted.timestamp,
        )
        numbers = [number for one in texts if (number := whole(one)) is not None]
        if len(numbers) < len(texts):
            raise InvalidOrder("Invalid order payload: numbers are decimal digits")
        salt, token, making, taking, stamp = numbers
        side = 0 if posted.side == "BUY" else 1
        people, rest = (posted.maker, posted.signer), (posted.metadata, posted.builder)
        return SignedFields(salt, *people, token, making, taking, side, posted.signature_type, stamp, *rest)

    def digest(self, fields: SignedFields, neg_risk: bool) -> bytes:
        """Return the order's digest for the exchange that its market needs."""
        contract = self.contracts.neg_risk_exchange if neg_risk else self.contracts.exchange
        try:
            return order_digest(fields, self.chain_id, contract)
        except OverflowError as error:
            raise InvalidOrder("Invalid order payload: a number exceeds 256 bits") from error

    def read(self, now: int, posted: Posted, market: Market, owner: str) -> Order:
        """Return the order of an API key's owner; raise Refusal.

        Only plain accounts (signature type 0) trade here: maker, signer and owner are one address.
        """
        fields = self.signed_fields(posted.order)
        digest = self.digest(fields, market.neg_risk)
        if fields.signature_type != EOA:
            raise InvalidOrder("Invalid order payload: this venue knows signature type 0 alone")
        if not fields.maker.lower() == fields.signer.lower() == owner:
            raise InvalidOrder("the order signer address has to be the address of the API KEY")
        self._verify(digest, posted.order.signature, owner)
        return self._order(now, posted, market, "0x" + digest.hex(), owner)

    def _verify(self, digest: bytes, signature: str, owner: str) -> None:
        try:
            if recover(digest, signature) != owner:
                raise InvalidSignature
        except BadSignature as error:
            raise InvalidSignature from error

    def _order(self, now: int, posted: Posted, market: Market, name: str, owner: str) -> Order:
        if posted.order_type not in Kind.__members__:
            raise InvalidOrder(f"invalid order type {posted.order_type!r}")
        kind, side = Kind(posted.order_type), Side(posted.order.side)
        making, taking = int(posted.order.maker_amount), int(posted.order.taker_amount)
        try:
            amounts = read_amounts(making, taking, side is Side.BUY, kind.market, market.tick)
        except BadAmounts as error:
            raise InvalidOrder(str(error)) from error
        expiration = whole(posted.order.expiration)
        if expiration is None or (kind is not Kind.GTD and expiration):
            raise InvalidOrder("invalid expiration")
        return Order(
            name,
            owner,
            posted.order.token_id,
            side,
            amounts.price,
            amounts.shares,
            kind,
            now,
            amounts.budget,
            expiration,
            posted.post_only,
            posted.owner,
        )
