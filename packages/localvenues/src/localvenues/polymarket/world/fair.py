"""Fair values: a random walk that ends at 0 or 1. Floats steer a simulation here; they are never money."""

from __future__ import annotations

import math
import random

LEAST = 0.002
SHORTEST_STEP = 1_000
MOST_STEPS = 20_000


class FairValue:
    """A latent random walk whose sign at the end decides the market; the value is the chance of that.

    The value is a martingale: buying at it earns nothing on average. It walks on a grid of its own, so that
    who looks at it, and when, changes nothing.
    """

    def __init__(self, chance: random.Random, start: int, end: int) -> None:
        self._chance, self._start, self._end = chance, start, end
        self._span = max(1, end - start)
        self._step = max(SHORTEST_STEP, self._span // MOST_STEPS)
        self._swing = math.sqrt(self._step / self._span)
        self._walked = 0
        self._latent = chance.uniform(-1.1, 1.1)

    def at(self, now: int) -> float:
        """Walk to a time and return the chance of the first outcome, between 0.002 and 0.998."""
        due = (min(now, self._end) - self._start) // self._step
        while self._walked < due:
            self._latent += self._chance.gauss(0.0, self._swing)
            self._walked += 1
        left = math.sqrt(max(1e-6, 1 - self._walked * self._step / self._span))
        value = 0.5 * (1 + math.erf(self._latent / left / math.sqrt(2)))
        return min(1 - LEAST, max(LEAST, value))

    @property
    def latent(self) -> float:
        """Return where the walk is; above zero the first outcome wins."""
        return self._latent
