"""The tick map steps as the contract's bitmap does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbbot.pools.errors import BadLog, UnknownTicks
from arbbot.pools.tickmap import TickLiquidity, TickMap, ticks_in_word, word_of

SPACING = st.sampled_from([1, 10, 60, 200])


def scan(initialized: set[int], tick: int, spacing: int, falling: bool) -> tuple[int, bool]:
    """Walk tick by tick to the next initialized one or the end of the word, as the definition says."""
    at = tick // spacing if falling else tick // spacing + 1
    word = at >> 8
    while True:
        if at * spacing in initialized:
            return at * spacing, True
        following = at - 1 if falling else at + 1
        if following >> 8 != word:
            return at * spacing, False
        at = following


@settings(max_examples=300, deadline=None)
@given(SPACING, st.sets(st.integers(-700, 700), max_size=12), st.integers(-650, 650), st.integers(0, 199))
def test_a_step_ends_where_a_scan_of_the_word_ends(
    spacing: int, compressed: set[int], position: int, rest: int
) -> None:
    """Both directions, negative ticks and ticks between spacings included."""
    initialized = {at * spacing for at in compressed}
    tickmap = TickMap(spacing, {tick: TickLiquidity(1, 1) for tick in initialized})
    tick = position * spacing + rest % spacing
    assert tickmap.below(tick) == scan(initialized, tick, spacing, True)
    assert tickmap.above(tick) == scan(initialized, tick, spacing, False)


@settings(max_examples=200, deadline=None)
@given(SPACING, st.lists(st.tuples(st.integers(-40, 40), st.integers(1, 40), st.integers(1, 9)), max_size=8))
def test_positions_that_come_and_go_leave_the_map_as_it_was(
    spacing: int, positions: list[tuple[int, int, int]]
) -> None:
    """Minting and burning the same positions, in any order of burning, forgets every tick."""
    empty = TickMap(spacing, {})
    tickmap = empty
    for lower, width, amount in positions:
        tickmap = tickmap.with_liquidity(lower * spacing, (lower + width) * spacing, amount)
    assert sum(entry.net for entry in tickmap.entries.values()) == 0
    assert tickmap.ticks == sorted(tickmap.entries)
    for lower, width, amount in reversed(positions):
        tickmap = tickmap.with_liquidity(lower * spacing, (lower + width) * spacing, -amount)
    assert tickmap.entries == {} and tickmap.ticks == []
    assert empty.entries == {}


def test_more_cannot_be_burned_than_was_minted() -> None:
    """A burn beyond what a tick holds is a wrong log, not negative liquidity."""
    tickmap = TickMap(10, {}).with_liquidity(-10, 10, 5)
    with pytest.raises(BadLog):
        tickmap.with_liquidity(-10, 10, -6)


def test_a_step_outside_the_loaded_words_is_refused() -> None:
    """What was not loaded is unknown, not empty."""
    tickmap = TickMap(1, {}, (-1, 0))
    assert tickmap.below(-1) == (-256, False)
    with pytest.raises(UnknownTicks):
        tickmap.below(-257)
    with pytest.raises(UnknownTicks):
        tickmap.above(255)


@given(st.integers(-20, 20), st.sets(st.integers(0, 255)), SPACING)
def test_a_bitmap_word_names_its_ticks(word: int, bits: set[int], spacing: int) -> None:
    """Each bit of a word is one tick, and it lies in that word."""
    ticks = list(ticks_in_word(word, sum(1 << bit for bit in bits), spacing))
    assert len(ticks) == len(bits)
    assert all(word_of(tick, spacing) == word and tick % spacing == 0 for tick in ticks)
