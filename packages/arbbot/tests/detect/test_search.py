"""The exact search against trying every amount, where pools are small enough for that."""

import random
from collections.abc import Iterator

import pytest

from arbbot.detect.peak import Direction, peak
from arbbot.detect.search import best_near, trade
from arbbot.pools import ProductCurve

CEILING = 10**9


def small_cycles(count: int) -> Iterator[list[Direction]]:
    """Draw profitable cycles of two pairs with reserves of some hundred to some ten thousand units."""
    draw = random.Random(1)
    while count:
        first = ProductCurve(draw.randint(10**3, 2 * 10**5), draw.randint(300, 3 * 10**4))
        second = ProductCurve(draw.randint(300, 3 * 10**4), draw.randint(10**3, 2 * 10**5))
        if first.reserve1 * second.reserve1 > first.reserve0 * second.reserve0 * 1.01:
            yield [(first, True), (second, True)]
            count -= 1


def best_of_all(cycle: list[Direction]) -> int:
    """Try the least amount in for every amount between the pools, up to all that is there."""
    (first, direction), _ = cycle
    assert isinstance(first, ProductCurve)
    least = (first.needed(direction, between) for between in range(1, first.reserve1))
    profits = (amounts[-1] - amounts[0] for amount in least if (amounts := trade(cycle, amount)))
    return max(profits, default=0)


def test_no_more_than_a_unit_is_left_and_mostly_nothing() -> None:
    """Of 200 cycles every one is solved to a unit, nine of ten to the last; the bound always holds."""
    exact, cycles = 0, list(small_cycles(200))
    for cycle in cycles:
        pieces = [piece for curve, zero_for_one in cycle if (piece := curve.segment(zero_for_one))]
        top = peak(cycle, pieces, CEILING)
        assert top is not None and top.bound is not None
        amounts = best_near(cycle, top.amount, CEILING)
        best, ours = best_of_all(cycle), amounts[-1] - amounts[0] if amounts else 0
        assert ours <= best <= top.bound
        assert best - ours <= 1
        exact += ours == best
    assert exact >= len(cycles) * 85 // 100


@pytest.mark.parametrize("ceiling", [1, 1000])
def test_the_ceiling_holds_in_the_search_as_well(ceiling: int) -> None:
    """No try beyond the limit is taken, even where it would earn more."""
    for cycle in small_cycles(50):
        amounts = best_near(cycle, ceiling, ceiling)
        assert amounts is None or amounts[0] <= ceiling
