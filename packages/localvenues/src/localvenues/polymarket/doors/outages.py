"""Which faults are on, by the venue's clock; what a fault does is decided where it strikes."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from itertools import count

from localvenues.faults import Fault, known

POST_ONLY_SHARE = 4 / 3
FAULTS = {
    "http_429": "every CLOB, Data and Gamma request gets 429 with Retry-After",
    "http_throttle": "answers are 1 to 3 s late",
    "http_500": "half of the requests get 500",
    "clob_restart": "orders get 425; then, for four thirds as long, post-only orders alone are taken",
    "clob_cancel_only": "new orders get 503, cancels work",
    "clob_disabled": "orders and cancels get 503",
    "order_lost": "orders are taken, their answers are lost: the connection is reset",
    "order_slow": "orders are taken, their answers come 15 s later",
    "order_forgotten": "GET /data/order answers null for orders that are not open",
    "ghost_fills": "half of the trades, the first for sure, go MATCHED, RETRYING, FAILED",
    "late_fills": "trades are mined after 30 s instead of 2",
    "data_stall": "the Data API's indexer stands still; the rows follow at its end",
    "data_shuffle": "Data API pages are in no order",
    "market_silent": "market sockets open at its start send no more data, but pong",
    "user_silent": "user sockets open at its start send no more data, but pong",
    "rtds_freeze": "RTDS sockets open at its start send nothing any more",
    "rtds_trades_off": "RTDS sends no rows of type trades",
    "ws_no_pong": "no socket answers PING",
    "ws_close": "all sockets are closed with 1013; new ones are refused",
    "ws_slow": "each frame, PONG included, waits 2 s before the next",
    "ws_duplicate": "half of the frames are sent twice",
    "ws_reorder": "frames change places with their neighbours",
    "ws_malformed": "broken frames come before true ones",
    "tick_change": "at its start some markets change their tick; their books are sent anew",
}
Strike = Callable[[Fault, int], None]


class Outages:
    """Faults by name: on from start to start plus seconds; several may overlap, even of one name."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, bool, Fault]] = []
        self._order = count()
        self._chance: dict[str, random.Random] = {}
        self._fresh: set[str] = set()
        self._strikes: dict[str, list[Strike]] = {}
        self._post_only_until = 0
        self.active: list[Fault] = []
        self.done: list[Fault] = []

    @property
    def names(self) -> list[str]:
        """Return the names of all faults there are."""
        return sorted(FAULTS)

    def on_begin(self, name: str, strike: Strike) -> None:
        """Call something with (fault, now) when a fault begins."""
        self._strikes.setdefault(name, []).append(strike)

    def schedule(self, now: int, fault: Fault) -> None:
        """Plan a fault; its start counts from now. Raises FaultError for an unknown name."""
        known(fault.name, FAULTS)
        heapq.heappush(self._due, (now + round(fault.start * 1000), next(self._order), True, fault))

    def step(self, now: int) -> None:
        """Begin and end what is due."""
        while self._due and self._due[0][0] <= now:
            at, _, begins, fault = heapq.heappop(self._due)
            if begins:
                self._begin(fault, at)
            else:
                self._end(fault, at)

    def _begin(self, fault: Fault, at: int) -> None:
        self.active.append(fault)
        self._chance[fault.name] = random.Random(fault.seed)
        self._fresh.add(fault.name)
        heapq.heappush(self._due, (at + round(fault.seconds * 1000), next(self._order), False, fault))
        for strike in self._strikes.get(fault.name, ()):
            strike(fault, at)

    def _end(self, fault: Fault, at: int) -> None:
        self.active.remove(fault)
        self.done.append(fault)
        if fault.name == "clob_restart":
            self._post_only_until = at + round(fault.seconds * 1000 * POST_ONLY_SHARE)

    def calm(self) -> None:
        """End every fault at once, and forget those that are planned."""
        self._due.clear()
        self.done += self.active
        self.active.clear()
        self._post_only_until = 0

    def on(self, name: str) -> bool:
        """Say whether a fault is on."""
        return any(one.name == name for one in self.active)

    def hit(self, name: str, share: float) -> bool:
        """Say whether an active fault strikes now; its first chance always does."""
        if not self.on(name):
            return False
        first = name in self._fresh
        self._fresh.discard(name)
        return self._chance[name].random() < share or first

    def chance(self, name: str) -> random.Random:
        """Return an active fault's random source."""
        return self._chance[name]

    def post_only(self, now: int) -> bool:
        """Say whether the engine, after a restart, takes post-only orders alone."""
        return now < self._post_only_until


def storm(seed: int, start: float, end: float, every: float, seconds: float = 20.0) -> tuple[Fault, ...]:
    """Return faults of all kinds between two times in seconds, one about every so many; the seed decides."""
    chance, at, faults = random.Random(f"{seed} storm"), start, []
    deck: list[str] = []
    while at < end:
        if not deck:
            deck = sorted(FAULTS)
            chance.shuffle(deck)
        length = round(seconds * chance.uniform(0.3, 1.7), 1)
        faults.append(Fault(deck.pop(), round(at, 1), length, chance.getrandbits(32)))
        at += every * chance.uniform(0.5, 1.5)
    return tuple(faults)
