"""Classic histograms: quantiles and fractions from cumulative buckets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .annotations import Annotations, bad_bucket
from .labels import BUCKET, NAME, Labels, value_of, without
from .series import Bools, Floats, Ints, Scalar, Vector, at_any
from .syntax import Span

# Counts that differ by less than this are one count that rounding split.
_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Buckets:
    """One histogram: ascending bounds, and counts (bucket by step) where `present`."""

    labels: Labels
    drop: bool
    bounds: Floats
    counts: Floats
    present: Bools

    @property
    def any(self) -> Bools:
        """The steps at which the histogram has a bucket."""
        return at_any(self.present)


def histograms(vector: Vector, annotations: Annotations, span: Span, *, delayed: bool) -> Iterator[Buckets]:
    """Gather the buckets of each histogram in a vector; warn of series without a bound."""
    groups: dict[Labels, list[tuple[float, int]]] = {}
    for row, labels in enumerate(vector.labels):
        bound = _bound(value_of(labels, BUCKET))
        if bound is None:
            metric = value_of(labels, NAME) if delayed else ""
            annotations.warn(bad_bucket(metric, value_of(labels, BUCKET)), span)
            continue
        groups.setdefault(without(labels, {BUCKET}), []).append((bound, row))
    for labels, members in groups.items():
        yield _gathered(labels, sorted(members), vector)


def _bound(text: str) -> float | None:
    try:
        return float(text) if text and "_" not in text and text == text.strip() else None
    except ValueError:
        return None


def _gathered(labels: Labels, members: list[tuple[float, int]], vector: Vector) -> Buckets:
    bounds = sorted({bound for bound, _ in members})
    counts = np.zeros((len(bounds), vector.steps))
    present = np.zeros(counts.shape, dtype=bool)
    place = {bound: at for at, bound in enumerate(bounds)}
    for bound, row in members:
        at = place[bound]
        counts[at] += np.where(vector.present[row], vector.values[row], 0.0)
        present[at] |= vector.present[row]
    drop = any(vector.drops[row] for _, row in members)
    return Buckets(labels, drop, np.array(bounds), counts, present)


@dataclass(frozen=True, slots=True)
class Repair:
    """Where counts fell with rising bounds: the steps, the bounds concerned, the largest fall."""

    steps: Bools
    least: float
    most: float
    difference: float


def repaired(buckets: Buckets) -> tuple[Floats, Repair | None]:
    """Return counts that never fall; absent buckets repeat the count before them."""
    counts = _without_noise(buckets)
    forced = np.zeros(counts.shape, dtype=bool)
    difference = 0.0
    highest = np.full(counts.shape[1], -np.inf)
    for at in range(counts.shape[0]):
        falls = buckets.present[at] & (counts[at] < highest)
        if falls.any():
            difference = max(difference, float((highest - counts[at])[falls].max()))
        forced[at] = falls
        raised = np.where(buckets.present[at] & ~falls & ~np.isnan(counts[at]), counts[at], highest)
        highest = np.fmax(highest, raised)
        counts[at] = np.where(buckets.present[at] & np.isnan(counts[at]), np.nan, highest)
    if not forced.any():
        return counts, None
    concerned = buckets.bounds[forced.any(axis=1)]
    return counts, Repair(at_any(forced), float(concerned[0]), float(concerned[-1]), difference)


def _without_noise(buckets: Buckets) -> Floats:
    counts = buckets.counts.copy()
    previous, seen = np.zeros(counts.shape[1]), np.zeros(counts.shape[1], dtype=bool)
    for at in range(counts.shape[0]):
        here = buckets.present[at]
        difference = np.abs(counts[at] - previous)
        noise = here & seen & (difference != 0) & (difference / counts[at] <= _TOLERANCE)
        counts[at] = np.where(noise, previous, counts[at])
        previous = np.where(here, counts[at], previous)
        seen |= here
    return counts


def quantile(buckets: Buckets, wanted: Scalar) -> tuple[Floats, Repair | None]:
    """Interpolate the quantile at each step, linearly inside its bucket.

    The lowest bucket starts at zero when its bound is positive; a quantile in the highest bucket gives
    the bound below it. No infinite bucket, one bucket alone or no observation give NaN.
    """
    counts, repair = repaired(buckets)
    steps = np.arange(counts.shape[1])
    present = buckets.present
    total = counts[-1]
    rank = wanted * total
    reached = present & (counts >= rank)
    found = np.where(reached.any(axis=0), reached.argmax(axis=0), counts.shape[0] - 1)
    before = _previous(present)
    lower = before[found, steps]
    has_lower = lower >= 0
    start = np.where(has_lower, buckets.bounds[lower], 0.0)
    below = np.where(has_lower, counts[lower, steps], 0.0)
    end = buckets.bounds[found]
    result = start + (end - start) * ((rank - below) / (counts[found, steps] - below))
    result = np.where(~has_lower & (end <= 0), end, result)
    result = np.where(found == counts.shape[0] - 1, start, result)
    whole = np.isposinf(buckets.bounds[-1]) & present[-1] & (present.sum(axis=0) > 1)
    result = np.where(whole & (total != 0) & ~np.isnan(total), result, np.nan)
    result = np.where(wanted < 0, -np.inf, np.where(wanted > 1, np.inf, result))
    return np.where(np.isnan(wanted), np.nan, result), _valid(repair, wanted, whole)


def _valid(repair: Repair | None, wanted: Scalar, whole: Bools) -> Repair | None:
    if repair is None:
        return None
    steps = repair.steps & whole & (wanted >= 0) & (wanted <= 1)
    return Repair(steps, repair.least, repair.most, repair.difference) if steps.any() else None


def _previous(present: Bools) -> Ints:
    """Return for each bucket the place of the present bucket before it, -1 when there is none."""
    places = np.where(present, np.arange(present.shape[0])[:, None], -1)
    newest = np.maximum.accumulate(places, axis=0)
    return np.concatenate([np.full((1, present.shape[1]), -1), newest[:-1]])


def fraction(buckets: Buckets, lower: Scalar, upper: Scalar) -> Floats:
    """Estimate the share of observations between two values at each step."""
    total = np.where(buckets.present[-1], buckets.counts[-1], 0.0)
    whole = np.isposinf(buckets.bounds[-1]) & buckets.present[-1] & (total != 0)
    low = np.minimum(_rank(buckets, lower, total), total)
    high = np.minimum(_rank(buckets, upper, total), total)
    share = np.where(lower >= upper, 0.0, (high - low) / total)
    valid = whole & ~np.isnan(lower) & ~np.isnan(upper)
    return np.where(valid, share, np.nan)


def _rank(buckets: Buckets, value: Scalar, total: Floats) -> Floats:
    """Return how many observations lie below a value."""
    steps = value.shape[0]
    rank, result = np.zeros(steps), total.copy()
    done, seen = np.zeros(steps, dtype=bool), np.zeros(steps, dtype=bool)
    start = np.zeros(steps)
    for at, bound in enumerate(buckets.bounds):
        here = buckets.present[at] & ~done
        floor = np.where(seen, start, -np.inf if bound <= 0 else 0.0)
        below = here & (floor >= value)
        inside = here & ~below & (bound > value)
        share = (value - floor) / (bound - floor)
        inner = rank + (buckets.counts[at] - rank) * share
        inner = np.where(np.isneginf(floor), buckets.counts[at], inner)
        result = np.where(below, rank, np.where(inside, inner, result))
        done |= below | inside
        rank = np.where(here, buckets.counts[at], rank)
        start = np.where(here, bound, start)
        seen |= buckets.present[at]
    return result
