"""The error budget: how much of what may go wrong has gone wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """The budget of an objective at a Unix time.

    allowed is the share of events that may be bad over the period (seconds), spent the share that was
    bad so far, burn how many times faster than evenly it burns now.
    """

    allowed: float
    spent: float
    burn: float
    period: int
    at: float

    @property
    def remaining(self) -> float:
        """Return the share of the budget that is left; below nought it is overdrawn."""
        return 1 - self.spent / self.allowed

    def exhausted_at(self) -> float | None:
        """Return when it will be spent if it burns on as now; None where it will not be."""
        if self.remaining <= 0:
            return self.at
        if self.burn <= 0:
            return None
        return self.at + self.remaining * self.period / self.burn


def history(points: Sequence[tuple[float, float]], allowed: float, start: float) -> list[tuple[float, float]]:
    """Return (Unix time, share of the budget left) since the start of a period, for each point."""
    found, total, count = [], 0.0, 0
    for at, ratio in points:
        if at < start or ratio != ratio:
            continue
        total, count = total + ratio, count + 1
        found.append((at, 1 - total / count / allowed))
    return found
