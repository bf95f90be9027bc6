"""Binary operators between vectors: how series find each other, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .arithmetic import applied
from .errors import EvaluationError
from .labels import IDENTITY, NAME, Labels, anonymous, of, only, text, value_of, without
from .series import Bools, Floats, Vector, at_any, merged
from .syntax import COMPARISONS, Binary, Matching

_MANY_TO_MANY = ";many-to-many matching not allowed: matching labels must be unique on one side"
_IMPLICIT = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
_AMBIGUOUS = "multiple matches for labels: grouping labels must ensure unique matches"


@dataclass(frozen=True, slots=True)
class Side:
    """One operand: its rows by match group."""

    vector: Vector
    rows: dict[Labels, list[int]]

    @classmethod
    def of(cls, vector: Vector, matching: Matching) -> Side:
        """Sort the rows into match groups."""
        rows: dict[Labels, list[int]] = {}
        for row, labels in enumerate(vector.labels):
            rows.setdefault(signature(labels, matching), []).append(row)
        return cls(vector, rows)

    def any_of(self, key: Labels) -> Bools:
        """Tell at which steps a match group has a sample."""
        return at_any(self.vector.present[self.rows.get(key, [])])


def signature(labels: Labels, matching: Matching) -> Labels:
    """Return the labels by which a series is matched."""
    if matching.on:
        return only(labels, set(matching.labels))
    return without(labels, {*matching.labels, NAME})


def set_operation(op: str, left: Vector, right: Vector, matching: Matching) -> Vector:
    """Combine two vectors by and, or, unless."""
    one, two = Side.of(left, matching), Side.of(right, matching)
    if op == "or":
        shown = _masked(two, one, inside=False)
        return _joined(left, shown.nonempty())
    return _masked(one, two, inside=op == "and").nonempty()


def _masked(side: Side, other: Side, *, inside: bool) -> Vector:
    present = side.vector.present.copy()
    for key, rows in side.rows.items():
        there = other.any_of(key)
        present[rows] &= there if inside else ~there
    return side.vector.valued(side.vector.values, present)


def _joined(first: Vector, second: Vector) -> Vector:
    return merged(
        Vector(
            first.labels + second.labels,
            np.concatenate([first.values, second.values]),
            np.concatenate([first.present, second.present]),
            first.drops + second.drops,
        )
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    """A match: the many side's series, the one side's, where both are, both values, result labels."""

    many: Labels
    one: Labels
    present: Bools
    many_values: Floats
    one_values: Floats


def operation(expr: Binary, left: Vector, right: Vector, *, delayed: bool) -> Vector:
    """Apply an arithmetic or comparison operator to matched series. Raises EvaluationError."""
    matching = expr.matching
    swapped = matching.many == "right"
    many, one = (right, left) if swapped else (left, right)
    sides = Side.of(many, matching), Side.of(one, matching)
    # As upstream has it: left means the many side and right the one side, also with group_right.
    fill_many, fill_one = matching.fill_left, matching.fill_right
    used = at_any(many.present) & at_any(one.present)
    if fill_one is not None or fill_many is not None:
        used = at_any(many.present) | at_any(one.present)
    _check_unique(sides[1], matching, used, "left" if swapped else "right")
    labels: list[Labels] = []
    values: list[Floats] = []
    present: list[Bools] = []
    drops: list[bool] = []
    for key in dict.fromkeys([*sides[0].rows, *sides[1].rows]):
        pairs = list(_pairs(sides, key, fill_many, fill_one))
        named = [result_labels(pair.many, pair.one, expr) for pair in pairs]
        _check_results(pairs, named, matching)
        for pair, name in zip(pairs, named, strict=True):
            a, b = (pair.one_values, pair.many_values) if swapped else (pair.many_values, pair.one_values)
            number, keep = applied(expr.op, a, b, as_bool=expr.as_bool)
            labels.append(anonymous(name) if expr.as_bool and not delayed else name)
            values.append(number)
            present.append(pair.present & keep)
            # As upstream has it: a filter forgets that a name was to be dropped.
            drops.append(expr.as_bool)
    shape = (len(labels), left.steps)
    result = Vector(
        labels, np.array(values).reshape(shape), np.array(present, dtype=bool).reshape(shape), drops
    )
    return merged(result.nonempty())


def _check_unique(one: Side, matching: Matching, used: Bools, name: str) -> None:
    for key, rows in one.rows.items():
        if len(rows) < 2:
            continue
        double = used & (one.vector.present[rows].sum(axis=0) > 1)
        if double.any():
            step = int(np.argmax(double))
            shown = sorted(one.vector.labels[row] for row in rows if one.vector.present[row, step])[:2]
            raise EvaluationError(
                f"found duplicate series for the match group {text(key)} on the {name} hand-side of the "
                f"operation: [{text(shown[0])}, {text(shown[1])}]{_MANY_TO_MANY}"
            )


def _pairs(
    sides: tuple[Side, Side], key: Labels, fill_many: float | None, fill_one: float | None
) -> Iterator[_Pair]:
    many, one = sides
    many_rows, one_rows = many.rows.get(key, []), one.rows.get(key, [])
    for row in many_rows:
        for other in one_rows:
            both = many.vector.present[row] & one.vector.present[other]
            if both.any():
                yield _Pair(
                    many.vector.labels[row],
                    one.vector.labels[other],
                    both,
                    many.vector.values[row],
                    one.vector.values[other],
                )
        if fill_one is not None:
            alone = many.vector.present[row] & ~one.any_of(key)
            filler = np.full(alone.shape, fill_one)
            values = many.vector.values[row]
            yield _Pair(many.vector.labels[row], key, alone, values, filler)
    if fill_many is None:
        return
    for other in one_rows:
        alone = one.vector.present[other] & ~many.any_of(key)
        filler = np.full(alone.shape, fill_many)
        yield _Pair(key, one.vector.labels[other], alone, filler, one.vector.values[other])


def _check_results(pairs: list[_Pair], named: list[Labels], matching: Matching) -> None:
    if len(pairs) < 2:
        return
    taken: dict[Labels, Bools] = {}
    for pair, labels in zip(pairs, named, strict=True):
        key = labels if matching.many != "none" else ()
        before = taken.get(key)
        if before is not None and (before & pair.present).any():
            raise EvaluationError(_IMPLICIT if matching.many == "none" else _AMBIGUOUS)
        taken[key] = pair.present if before is None else before | pair.present


def result_labels(many: Labels, one: Labels, expr: Binary) -> Labels:
    """Return the labels of a matched result: those of the many side, with what `group_` includes."""
    matching = expr.matching
    kept = many if expr.op in COMPARISONS else without(many, IDENTITY)
    if matching.many == "none":
        kept = only(kept, set(matching.labels)) if matching.on else without(kept, set(matching.labels))
    if not matching.include:
        return kept
    return of({**dict(kept), **{name: value_of(one, name) for name in matching.include}})
