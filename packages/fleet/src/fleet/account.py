"""A bot's money twice: by its own books, and by its venue's ledger; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

MICRO = 10**6


@dataclass(frozen=True, slots=True)
class Account:
    """Integers of `scale` to the unit, by name; profit is one of the names. An empty side did not answer."""

    unit: str
    scale: int
    own: Mapping[str, int] = field(default_factory=dict)
    venue: Mapping[str, int] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Tell whether books and ledger agree in every integer."""
        return bool(self.venue) and dict(self.own) == dict(self.venue)

    @property
    def profit(self) -> int:
        """Return the profit by the venue's ledger."""
        return self.venue.get("profit", 0)

    def differences(self) -> list[str]:
        """Return where books and ledger differ, in words."""
        names = sorted(self.own.keys() | self.venue.keys())
        pairs = [(name, self.own.get(name, 0), self.venue.get(name, 0)) for name in names]
        return [f"{name}: books {own}, venue {venue}" for name, own, venue in pairs if own != venue]

    def told(self) -> str:
        """Say the profit, and whether the ledger agrees."""
        if not self.venue:
            return "the venue's ledger did not answer"
        amount = f"{Decimal(self.profit) / self.scale:+.6f} {self.unit}"
        return f"{amount}; books and venue's ledger {'are equal' if self.equal else 'DIFFER'}"

    def as_json(self) -> dict[str, Any]:
        """Return both sides with integers as text: no reader may round them."""
        sides = {"books": self.own, "ledger": self.venue}
        rows = {side: {name: str(amount) for name, amount in its.items()} for side, its in sides.items()}
        return {"unit": self.unit, "scale": str(self.scale), "equal": self.equal, **rows}


def micro(text: str) -> int:
    """Read dollars or shares as millionths; what is finer than that is an error."""
    amount = Decimal(text) * MICRO
    if amount != amount.to_integral_value():
        raise ValueError(f"{text} is finer than a millionth")
    return int(amount)


def copy_account(report: Mapping[str, Any], truth: Mapping[str, Any]) -> Account:
    """Compare `copybot report` with the venue's /truth: cash, fees, shares of each token, and profit.

    The books split profit in realised and unrealised by each leader's lots, the ledger by tokens; their sum
    is compared, with what the venue says that a share counts for.
    """
    held = [row for row in truth["positions"] if int(row["shares"])]
    prices = {row["token_id"]: int(row["price"]) for row in held}
    theirs = {row["token_id"]: int(row["shares"]) for row in held}
    ours: dict[str, int] = {}
    for row in report["positions"]:
        ours[row["token"]] = ours.get(row["token"], 0) + micro(row["shares"])
    unrealised = worth(ours, prices) - micro(report["positions_at_cost"])
    return Account(
        "USD",
        MICRO,
        {
            "cash": micro(report["cash"]),
            "fees": micro(report["fees"]),
            "profit": micro(report["realised"]) + unrealised,
            **{f"shares of {token}": size for token, size in ours.items()},
        },
        {
            "cash": int(truth["cash"]),
            "fees": int(truth["fees"]),
            "profit": int(truth["cash"]) + worth(theirs, prices) - int(truth["deposited"]),
            **{f"shares of {token}": size for token, size in theirs.items()},
        },
    )


def worth(shares: Mapping[str, int], prices: Mapping[str, int]) -> int:
    """Return what shares count for, rounded down once."""
    return sum(size * prices.get(token, 0) for token, size in shares.items()) // MICRO
