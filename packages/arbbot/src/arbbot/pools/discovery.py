"""Find pools by asking the factories for every pair of tokens and every fee."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import msgspec

from arbbot.model import Version
from arbbot.pools.calls import GET_PAIR, GET_POOL, Answer, Call, address, call
from arbbot.pools.errors import BadAnswer
from arbbot.pools.loading import PoolSpec


class Factory(msgspec.Struct, frozen=True, gc=False):
    """Who made a protocol's pools. fees are a V3 factory's fee tiers (pips)."""

    protocol: str
    version: Version
    address: bytes
    fees: tuple[int, ...] = ()


class Discovery:
    """One round of calls to the factories: every unordered pair of tokens, every fee tier."""

    def __init__(self, factories: Iterable[Factory], tokens: Sequence[bytes]) -> None:
        self._asked = [
            question for factory in factories for question in _questions(factory, sorted(set(tokens)))
        ]

    def calls(self) -> list[Call]:
        """Give the calls."""
        return [asked for asked, _, _ in self._asked]

    def specs(self, answers: Sequence[Answer]) -> list[PoolSpec]:
        """Read the answers, in the order of the calls: the pools that exist. Raises BadAnswer."""
        if len(answers) != len(self._asked):
            raise BadAnswer(f"{len(answers)} answers to {len(self._asked)} calls")
        return [
            PoolSpec(found, factory.protocol, factory.version, fee)
            for (_, factory, fee), answer in zip(self._asked, answers, strict=True)
            if answer and any(found := address(answer))
        ]


def _questions(factory: Factory, tokens: Sequence[bytes]) -> list[tuple[Call, Factory, int | None]]:
    pairs = combinations(tokens, 2)
    if factory.version == "v2":
        return [(call(factory.address, GET_PAIR, *pair), factory, None) for pair in pairs]
    return [
        (call(factory.address, GET_POOL, *pair, fee), factory, fee) for pair in pairs for fee in factory.fees
    ]
