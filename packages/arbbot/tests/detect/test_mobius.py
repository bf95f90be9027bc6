"""Quotients of lines compose and peak as the algebra says."""

from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from arbbot.detect.mobius import Mobius, of_segment
from arbbot.pools import Segment

SIZE = st.integers(1, 10**30)


def value(map_: Mobius, x: Fraction) -> Fraction:
    """Evaluate the map."""
    return (map_.p * x + map_.q) / (map_.r * x + map_.s)


@settings(max_examples=200, deadline=None)
@given(st.tuples(SIZE, SIZE, SIZE), st.tuples(SIZE, SIZE, SIZE), SIZE)
def test_a_composition_applies_one_after_the_other(
    first: tuple[int, int, int], second: tuple[int, int, int], x: int
) -> None:
    """The matrix product is the composed map."""
    one, two = (Mobius(p, 0, r, s) for p, r, s in (first, second))
    assert value(one.then(two), Fraction(x)) == value(two, value(one, Fraction(x)))


@settings(max_examples=200, deadline=None)
@given(SIZE, SIZE, SIZE, st.integers(0, 10**20), st.integers(0, 10**20), st.integers(0, 10**20))
def test_a_piece_that_starts_later_is_written_as_a_map_of_whole_amounts(
    a: int, b: int, c: int, start_in: int, start_out: int, along: int
) -> None:
    """start_out + a*t / (b + c*t) at t beyond start_in, as one quotient."""
    map_ = of_segment(Segment(a, b, c, start_in, start_out, None, 0, None))
    expected = start_out + Fraction(a * along, b + c * along)
    assert value(map_, Fraction(start_in + along)) == expected


@settings(max_examples=300, deadline=None)
@given(SIZE, SIZE, SIZE, st.integers(-5, 5), st.integers(0, 10**30))
def test_no_amount_earns_more_than_the_peak(p: int, r: int, s: int, beside: int, elsewhere: int) -> None:
    """Neither beside the peak nor anywhere else; and the peak itself is within a unit of its bound."""
    map_ = Mobius(p, 0, r, s)
    assume(p > s)
    top, bound = map_.peak()
    for x in (top + beside, elsewhere):
        if x >= 0:
            assert value(map_, Fraction(x)) - x <= bound
    slope = Fraction(p, s)
    assert bound - (value(map_, Fraction(top)) - top) <= 2 + slope


@settings(max_examples=200, deadline=None)
@given(SIZE, SIZE, SIZE, st.integers(1, 10**25))
def test_where_turns_a_map_round(p: int, r: int, s: int, x: int) -> None:
    """The amount that is mapped to a value is found again, rounded down."""
    map_ = Mobius(p, 0, r, s)
    y = map_.value_up(x) - 1
    found = map_.where(y)
    assert found is not None and found <= x
    assert map_.where(-(-p // r)) is None
