"""One router call while it is read: what its parts share, and how a swap leaves it."""

from __future__ import annotations

from arbbot.decode.errors import CalldataError
from arbbot.decode.grade import Grade
from arbbot.dex.book import Router
from arbbot.model import Kind, Swap, Version

MAX_NESTING = 8
_ZERO = bytes(20)


class Call:
    """The state of one transaction's decoding.

    known is the router's entry in the book, None for a router that is not there. value is the wei sent
    along, deadline what an enclosing multicall or plan set, now the time that a strict deadline is held
    against.
    """

    __slots__ = (
        "clean",
        "deadline",
        "grade",
        "known",
        "may_fail",
        "nesting",
        "now",
        "out",
        "router",
        "value",
    )

    def __init__(
        self, router: bytes, known: Router | None, value: int, grade: Grade, now: int | None
    ) -> None:
        self.router, self.known, self.value = router, known, value
        self.grade, self.now = grade, now
        self.clean = grade >= Grade.STRICT
        self.deadline: int | None = None
        self.may_fail = False
        self.nesting = 0
        self.out: list[Swap] = []

    def descend(self) -> None:
        """Enter a nested call. Raises CalldataError("nesting") where it goes too deep."""
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise CalldataError("nesting", f"calls nest deeper than {MAX_NESTING}")

    def emit(
        self,
        family: str,
        version: Version,
        exact_in: bool,
        path: tuple[bytes, ...],
        fees: tuple[int, ...] | None,
        exact: int | None,
        bound: int,
        recipient: bytes,
        deadline: int | None = None,
        price_limit: int = 0,
    ) -> None:
        """Add a swap after the checks of its grade. exact is None where the chain knows the amount."""
        if deadline is None:
            deadline = self.deadline
        if self.grade:
            _check_path(path, 8 if self.clean else 16)
        if self.clean:
            self._check_strictly(fees, exact, deadline)
        protocol = family if self.known is None else self.known.protocol
        kind: Kind = "exact_in" if exact_in else "exact_out"
        amount_in, amount_out = (exact, None) if exact_in else (None, exact)
        in_max, out_min = (None, bound) if exact_in else (bound, None)
        front = (protocol, version, kind, path, fees)
        amounts = (amount_in, amount_out, in_max, out_min)
        place = (recipient, self.router)
        self.out.append(Swap(*front, *amounts, *place, deadline, price_limit, self.may_fail))

    def _check_strictly(self, fees: tuple[int, ...] | None, exact: int | None, deadline: int | None) -> None:
        if exact == 0:
            raise CalldataError("amount", "the exact amount is zero")
        if fees is not None and max(fees) >= 1_000_000:
            raise CalldataError("path", "a fee is 100 % or more")
        if self.now is not None and deadline is not None and deadline < self.now:
            raise CalldataError("deadline", f"{deadline} is behind {self.now}")


def _check_path(path: tuple[bytes, ...], longest: int) -> None:
    if len(path) > longest:
        raise CalldataError("path", f"{len(path)} tokens")
    before = None
    for token in path:
        if token == _ZERO:
            raise CalldataError("token", "a token is the zero address")
        if token == before:
            raise CalldataError("path", "a hop ends where it starts")
        before = token
