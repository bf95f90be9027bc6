"""Why an order, a cancel or a settlement is refused: one tree; each says the HTTP status that it answers."""

from __future__ import annotations


class Refusal(Exception):
    """The exchange says no; the text is the wire's."""

    status = 400


class InvalidOrder(Refusal):
    """The order breaks a rule of form, price, size or expiration."""


class InvalidSignature(Refusal):
    """The signature does not belong to the order, the signer or the exchange."""

    def __init__(self) -> None:
        super().__init__("invalid signature")


class NotEnoughBalance(Refusal):
    """Cash or shares do not cover the order and those already open. Amounts in micro-units."""

    def __init__(self, balance: int, held: int, needed: int) -> None:
        super().__init__(
            "not enough balance / allowance: the balance is not enough -> "
            f"balance: {balance}, sum of active orders: {held}, order amount: {needed}"
        )


class NotFilled(Refusal):
    """A FOK order could not be filled whole; nothing was done."""

    def __init__(self) -> None:
        super().__init__("order couldn't be fully filled. FOK orders are fully filled or killed.")


class NothingToMatch(Refusal):
    """A FAK order found nothing to match."""

    def __init__(self) -> None:
        super().__init__(
            "no orders found to match with FAK order. "
            "FAK orders are partially filled or killed if no match is found."
        )


class WouldCross(Refusal):
    """A post-only order crosses the book."""

    def __init__(self) -> None:
        super().__init__("invalid post-only order: order crosses book")


class NotReady(Refusal):
    """The market does not take orders yet."""

    def __init__(self) -> None:
        super().__init__("the market is not yet ready to process new orders")


class NoBook(Refusal):
    """There is no book: the token is unknown, or its market is closed."""

    status = 404

    def __init__(self) -> None:
        super().__init__("No orderbook exists for the requested token id")


class Duplicated(Refusal):
    """The same order is known already."""

    def __init__(self) -> None:
        super().__init__("order is invalid. Duplicated.")


class NothingHeld(Refusal):
    """There is nothing to redeem, split or merge."""
