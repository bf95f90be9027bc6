"""Aggregations: many series become one per group, or some per group are chosen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .labels import NAME, Labels, only, replaced, without
from .overtime import quantile_of_sorted
from .quoting import decimal
from .series import Bools, Floats, Ints, Scalar, Vector
from .summation import Mean, closed, increment
from .syntax import Aggregate


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a vector's rows: labels and members of each, in order of appearance."""

    labels: list[Labels]
    members: list[list[int]]

    @classmethod
    def of(cls, vector: Vector, expr: Aggregate) -> Groups:
        """Group rows by the labels that the clause keeps."""
        places: dict[Labels, int] = {}
        members: list[list[int]] = []
        for row, labels in enumerate(vector.labels):
            place = places.setdefault(group_labels(labels, expr), len(places))
            if place == len(members):
                members.append([])
            members[place].append(row)
        return cls(list(places), members)

    def layers(self) -> Iterator[tuple[Ints, Ints]]:
        """Yield for k = 0, 1 ... the groups that have a k-th member, and these members."""
        for k in range(max((len(rows) for rows in self.members), default=0)):
            groups = [place for place, rows in enumerate(self.members) if k < len(rows)]
            rows = [self.members[place][k] for place in groups]
            yield np.array(groups, dtype=np.int64), np.array(rows, dtype=np.int64)


def group_labels(labels: Labels, expr: Aggregate) -> Labels:
    """Return the labels of the group that a series falls into."""
    if expr.without:
        return without(labels, {*expr.grouping, NAME})
    return only(labels, set(expr.grouping))


def reduced(vector: Vector, expr: Aggregate, quantile: Scalar) -> Vector:
    """Reduce each group to one series; `quantile` is the parameter of that operator at each step."""
    groups = Groups.of(vector, expr)
    size = (len(groups.labels), vector.steps)
    present = np.zeros(size, dtype=bool)
    for chosen, rows in groups.layers():
        present[chosen] |= vector.present[rows]
    if expr.op == "quantile":
        values = _quantiles(vector, groups, quantile)
    else:
        values = _REDUCTIONS[expr.op](vector, groups, size)
    drops = [any(vector.drops[row] for row in rows) for rows in groups.members]
    return Vector(groups.labels, values, present, drops).nonempty()


def _sums(vector: Vector, groups: Groups, size: tuple[int, int]) -> Floats:
    total, lost = np.zeros(size), np.zeros(size)
    filled = np.where(vector.present, vector.values, 0.0)
    for chosen, rows in groups.layers():
        total[chosen], lost[chosen] = increment(filled[rows], total[chosen], lost[chosen])
    # Upstream adds the compensation to infinities as well: it is zero then.
    return closed(total, lost)


def _means(vector: Vector, groups: Groups, size: tuple[int, int]) -> Floats:
    mean = Mean.zero(size)
    for chosen, rows in groups.layers():
        where = np.zeros(size, dtype=bool)
        where[chosen] = vector.present[rows]
        spread = np.zeros(size)
        spread[chosen] = vector.values[rows]
        mean.add(spread[where], where)
    return mean.result()


def _counts(vector: Vector, groups: Groups, size: tuple[int, int]) -> Floats:
    count = np.zeros(size)
    for chosen, rows in groups.layers():
        count[chosen] += vector.present[rows]
    return count


def _ones(vector: Vector, groups: Groups, size: tuple[int, int]) -> Floats:
    return np.ones(size)


def _extremes(better: np.ufunc) -> Callable[[Vector, Groups, tuple[int, int]], Floats]:
    def extremes(vector: Vector, groups: Groups, size: tuple[int, int]) -> Floats:
        best = np.full(size, np.nan)
        filled = np.where(vector.present, vector.values, np.nan)
        for chosen, rows in groups.layers():
            best[chosen] = better(best[chosen], filled[rows])
        return best

    return extremes


def _variances(vector: Vector, groups: Groups, size: tuple[int, int]) -> Floats:
    count, mean, total = np.zeros(size), np.zeros(size), np.zeros(size)
    for chosen, rows in groups.layers():
        mask, values = vector.present[rows], vector.values[rows]
        count[chosen] += mask
        delta = values - mean[chosen]
        new = mean[chosen] + delta / np.maximum(count[chosen], 1)
        total[chosen] = np.where(mask, total[chosen] + delta * (values - new), total[chosen])
        mean[chosen] = np.where(mask, new, mean[chosen])
    return total / np.maximum(count, 1)


def _deviations(vector: Vector, groups: Groups, size: tuple[int, int]) -> Floats:
    return np.sqrt(_variances(vector, groups, size))


_REDUCTIONS: dict[str, Callable[[Vector, Groups, tuple[int, int]], Floats]] = {
    "avg": _means,
    "count": _counts,
    "group": _ones,
    "max": _extremes(np.fmax),
    "min": _extremes(np.fmin),
    "stddev": _deviations,
    "stdvar": _variances,
    "sum": _sums,
}


def _quantiles(vector: Vector, groups: Groups, wanted: Scalar) -> Floats:
    out = np.full((len(groups.labels), vector.steps), np.nan)
    for place, rows in enumerate(groups.members):
        mask = vector.present[rows]
        counts = mask.sum(axis=0)
        used = np.flatnonzero(counts)
        columns = np.where(mask, vector.values[rows], np.nan).T[used]
        out[place, used] = quantile_of_sorted(np.sort(columns, axis=1), counts[used], wanted[used])
    return out


def counted_values(vector: Vector, expr: Aggregate, label: str, charge: Callable[[int], None]) -> Vector:
    """Count in each group how many samples have each value; the value becomes a label.

    Every value of every group is a series, so each is charged before it is made.
    """
    kept = (
        expr
        if expr.without
        else Aggregate(expr.span, expr.op, expr.expr, expr.param, (*expr.grouping, label), without=False)
    )
    places: dict[Labels, int] = {}
    counts: list[Floats] = []
    for row, labels in enumerate(vector.labels):
        mask = vector.present[row]
        for value in distinct(vector.values[row][mask]):
            hit = mask & _alike(vector.values[row], value)
            key = group_labels(replaced(labels, label, decimal(value)), kept)
            place = places.setdefault(key, len(places))
            if place == len(counts):
                charge(vector.steps)
                counts.append(np.zeros(vector.steps))
            counts[place] += hit
    values = np.array(counts).reshape(len(counts), vector.steps)
    return Vector(list(places), values, values > 0, [False] * len(counts))


def _alike(values: Floats, value: float) -> Bools:
    """Find the values that are written as this one: zero has two signs."""
    if value != value:
        return np.isnan(values)
    same: Bools = (values == value) & (np.signbit(values) == (math.copysign(1.0, value) < 0))
    return same


def distinct(values: Floats) -> list[float]:
    """Return each value once, ascending, NaN last; np.unique would import numpy.ma, 40 ms and 2 MB."""
    numbers = sorted({(value, math.copysign(1.0, value)) for value in values.tolist() if value == value})
    return [*(value for value, _ in numbers), *([math.nan] if np.isnan(values).any() else [])]


def ranked(vector: Vector, expr: Aggregate, k: Scalar, *, largest: bool) -> Vector:
    """Keep in each group the k largest or smallest samples of each step; NaN comes last.

    The rows of a single step are in order of rank within their group.
    """
    groups = Groups.of(vector, expr)
    keep = np.zeros(vector.present.shape, dtype=bool)
    order: list[int] = []
    for rows in groups.members:
        values, mask = vector.values[rows], vector.present[rows]
        nan = np.isnan(values)
        key = np.where(nan, np.inf, -values if largest else values)
        sequence = np.lexsort((key, nan, ~mask), axis=0)
        rank = np.empty_like(sequence)
        np.put_along_axis(rank, sequence, np.arange(len(rows))[:, None], axis=0)
        keep[rows] = mask & (rank < np.floor(k))
        order += [rows[i] for i in sequence[:, 0]] if vector.steps == 1 else rows
    chosen = Vector(vector.labels, vector.values, keep, vector.drops)
    return chosen.rows(order).nonempty()


def limited(vector: Vector, expr: Aggregate, k: Scalar) -> Vector:
    """Keep the first k samples of each group and step."""
    groups = Groups.of(vector, expr)
    keep = np.zeros(vector.present.shape, dtype=bool)
    for rows in groups.members:
        mask = vector.present[rows]
        keep[rows] = mask & (np.cumsum(mask, axis=0) <= np.floor(k))
    return Vector(vector.labels, vector.values, keep, vector.drops).nonempty()


def sampled(vector: Vector, ratio: Scalar, offsets: Floats) -> Vector:
    """Keep the share of series whose `offsets` (0 to 1, by their labels) lie within the ratio."""
    bounded = np.clip(ratio, -1.0, 1.0)[None, :]
    place = offsets[:, None]
    inside: Bools = ((bounded >= 0) & (place < bounded)) | ((bounded < 0) & (place >= 1.0 + bounded))
    return vector.valued(vector.values, vector.present & inside & (bounded != 0)).nonempty()
