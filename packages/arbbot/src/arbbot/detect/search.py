"""The exact best amount near a cycle's peak, by trading it for real.

What is proven: every amount of the answer is what the contracts pay, to the last unit; the amount in
is the best of those tried; and no amount in at all earns more than profit + slack, where slack is the
peak's bound less the profit. What is not: that no other integer earns a few units more; near a flat
peak the rounding decides, and there are more integers than one can try.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from arbbot.detect.peak import Direction
from arbbot.pools import PoolError

RADIUS = 2
"""How many units of the coarsest amount are tried on either side of the peak."""

Amounts = tuple[int, ...]


def trade(directions: Sequence[Direction], amount: int) -> Amounts:
    """Give what goes in and what comes out of each pool. Raises PoolError."""
    amounts = [amount]
    for curve, zero_for_one in directions:
        amount = curve.quote(zero_for_one, amount)
        amounts.append(amount)
    return tuple(amounts)


def best_near(directions: Sequence[Direction], amount: int, ceiling: int) -> Amounts | None:
    """Trade the amounts around a peak and give the best; None where none earns anything.

    The neighbourhood is taken in the coarsest token on the way: a whole unit of it stands for many of
    the first token's, and only the least amount that buys it makes sense.
    """
    centre = _tried(directions, amount)
    if centre is None:
        return None
    pivot = min(range(len(directions)), key=centre.__getitem__)
    return _best(directions, centre, _around(directions, centre, pivot), ceiling)


def best_anywhere(directions: Sequence[Direction], ceiling: int) -> Amounts | None:
    """Search the whole range of amounts, for a cycle with a curve that has no closed form.

    Doubles until the profit falls, then halves the bracket in the golden section's manner: at most
    some 200 trades. Relies on the profit being concave up to rounding.
    """

    def profit(amount: int) -> int:
        amounts = _tried(directions, amount)
        return amounts[-1] - amounts[0] if amounts else -amount

    top = max((1 << bits for bits in range(ceiling.bit_length())), key=profit)
    found = _climb(profit, top // 2, min(top * 2, ceiling))
    return best_near(directions, found, ceiling) if found > 0 else None


def _climb(profit: Callable[[int], int], low: int, high: int) -> int:
    while high - low > 2:
        third = (high - low) // 3
        left, right = low + third, high - third
        if profit(left) < profit(right):
            low = left
        else:
            high = right
    return max(range(low, high + 1), key=profit)


def _tried(directions: Sequence[Direction], amount: int) -> Amounts | None:
    try:
        return trade(directions, amount)
    except PoolError:
        return None


def _around(directions: Sequence[Direction], centre: Amounts, pivot: int) -> Iterable[int]:
    for offset in range(-RADIUS, RADIUS + 1):
        wanted = centre[pivot] + offset
        try:
            for curve, zero_for_one in reversed(directions[:pivot]):
                wanted = curve.needed(zero_for_one, wanted)
        except PoolError:
            continue
        yield wanted


def _best(
    directions: Sequence[Direction], centre: Amounts, tries: Iterable[int], ceiling: int
) -> Amounts | None:
    best = centre
    for amount in tries:
        if 0 < amount <= ceiling and amount != centre[0]:
            amounts = _tried(directions, amount)
            if amounts and amounts[-1] - amount > best[-1] - best[0]:
                best = amounts
    return best if best[-1] > best[0] else None
