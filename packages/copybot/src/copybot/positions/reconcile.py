"""Do the books agree with the venue? Asked when nothing is under way; differences are told, not hidden."""

from __future__ import annotations

import msgspec

from copybot.model import Holding, dollars
from copybot.positions.accounts import Lot
from copybot.positions.ledger import by_token

CENT = 10_000


class Difference(msgspec.Struct, frozen=True):
    """What the venue says against what the books say; millionths."""

    what: str
    venue: int
    books: int

    def __str__(self) -> str:
        return f"{self.what}: venue {dollars(self.venue)}, books {dollars(self.books)}"


def differences(
    cash: int, holdings: list[Holding], own_cash: int, lots: list[Lot], tolerance: int = CENT
) -> list[Difference]:
    """Return where venue and books differ by more than a cent, or a hundredth of a share; pure."""
    found = [Difference("cash", cash, own_cash)] if abs(cash - own_cash) > tolerance else []
    theirs: dict[str, int] = {}
    for holding in holdings:
        theirs[holding.token] = theirs.get(holding.token, 0) + holding.size
    ours = by_token(lots)
    for token in sorted(theirs.keys() | ours.keys()):
        venue, books = theirs.get(token, 0), ours.get(token, 0)
        if abs(venue - books) > tolerance:
            found.append(Difference(token, venue, books))
    return found
