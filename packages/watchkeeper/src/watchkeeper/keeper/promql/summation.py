"""Sums and means that do not lose small terms: Neumaier's compensated summation, over arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .series import Bools, Floats

# Up to this many times the sum, the magnitudes and the count of the terms leave its digits alone.
_WELL_CONDITIONED = 1e14


def increment(term: Floats, total: Floats, lost: Floats) -> tuple[Floats, Floats]:
    """Add a term to running totals; `lost` collects what rounding took. Overflow clears it."""
    new = total + term
    larger = np.abs(total) >= np.abs(term)
    kept = lost + np.where(larger, (total - new) + term, (term - new) + total)
    kept[np.isinf(new)] = 0.0
    return new, kept


def closed(total: Floats, lost: Floats) -> Floats:
    """Return the compensated sum."""
    return np.where(np.isinf(total), total, total + lost)


def compensated(values: Floats) -> float:
    """Return the compensated sum of an array; the same as adding its terms one by one.

    The sum rounded once is quicker, and the two differ by no more than a last digit unless large terms
    cancel: what compensation loses is below count * eps^2 times the sum of the magnitudes.
    """
    try:
        total = math.fsum(values.tolist())
    except (OverflowError, ValueError):  # too large on the way, or infinities of both signs
        return float(np.sum(values))
    size = values.size * float(np.abs(values).sum())
    if math.isnan(total) or size <= _WELL_CONDITIONED * abs(total):
        return total
    return sum(_one_by_one(values.tolist()))


def _one_by_one(values: list[float]) -> tuple[float, float]:
    total, lost = 0.0, 0.0
    for term in values:
        new = total + term
        lost += (total - new) + term if abs(total) >= abs(term) else (term - new) + total
        total = new
    return total, lost


def compensated_mean(values: Floats) -> float:
    """Return the mean of an array, also where its sum would overflow."""
    total = compensated(values)
    if math.isinf(total) and np.isfinite(values).all():
        return compensated(values / values.size)
    return total / values.size


@dataclass(slots=True)
class Mean:
    """Running means: sum and division, until the sum would overflow; incremental from there on."""

    total: Floats
    lost: Floats
    mean: Floats
    count: Floats
    incremental: Bools

    @classmethod
    def zero(cls, shape: tuple[int, ...]) -> Mean:
        """Return means of nothing."""
        total, lost, mean, count = (np.zeros(shape) for _ in range(4))
        return cls(total, lost, mean, count, np.zeros(shape, dtype=bool))

    def add(self, terms: Floats, where: Bools | slice) -> None:
        """Take one more term into the means chosen by `where`."""
        count = self.count[where] + 1
        total, lost, mean = self.total[where], self.lost[where], self.mean[where]
        incremental = self.incremental[where]
        new, kept = increment(terms, total, lost)
        overflows = np.isinf(new) & (count > 1) & ~incremental
        if overflows.any() or incremental.any():
            before = np.maximum(count - 1, 1)
            mean = np.where(overflows, total / before, mean)
            lost = np.where(overflows, lost / before, lost)
            incremental = incremental | overflows
            share = (count - 1) / count
            means, kept_mean = increment(terms / count, share * mean, share * lost)
            self.mean[where] = np.where(incremental, means, mean)
            new = np.where(incremental, total, new)
            kept = np.where(incremental, kept_mean, kept)
            self.incremental[where] = incremental
        self.total[where], self.lost[where], self.count[where] = new, kept, count

    def result(self) -> Floats:
        """Return the means."""
        count = np.maximum(self.count, 1)
        return np.where(self.incremental, self.mean + self.lost, self.total / count + self.lost / count)
