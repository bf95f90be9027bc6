"""The cursor against a slow model that remembers everything."""

from hypothesis import given
from hypothesis import strategies as st

from arbbot.feed import Cursor, Verdict
from arbbot.feed.cursor import FAR

numbers = st.lists(st.tuples(st.integers(0, 30), st.sampled_from([b"a", b"b"])), max_size=60)


@given(numbers)
def test_a_message_counts_once_per_block_hash_of_its_last_sight(arrivals: list[tuple[int, bytes]]) -> None:
    """A number with the hash that was last seen for it is a duplicate; any other arrival counts."""
    cursor, last = Cursor(), dict[int, bytes]()
    first = arrivals[0][0] if arrivals else 0
    for number, block in arrivals:
        verdict, _ = cursor.judge(number, block)
        if number not in last and number < first and verdict is Verdict.OLD:
            continue
        if number not in last:
            assert verdict is Verdict.NEW
        elif last[number] == block:
            assert verdict is Verdict.DUPLICATE
        else:
            assert verdict is Verdict.REORG
        last[number] = block
        first = min(first, number)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=50, unique=True).map(sorted))
def test_the_skipped_numbers_are_those_that_never_came(numbers: list[int]) -> None:
    """Over a rising sequence the gaps add up to what is missing between first and last."""
    cursor = Cursor()
    skipped = sum(cursor.judge(number, None)[1] for number in numbers)
    assert skipped == numbers[-1] - numbers[0] + 1 - len(numbers)
    assert cursor.missing == skipped


def test_a_late_message_fills_its_gap() -> None:
    """What arrives after its successor is new, and no longer missing."""
    cursor = Cursor()
    cursor.judge(1, None)
    assert cursor.judge(4, None) == (Verdict.NEW, 2)
    assert cursor.judge(2, None) == (Verdict.NEW, 0)
    assert cursor.missing == 1
    assert cursor.next_request == 4


def test_memory_is_bounded_and_what_it_forgot_is_old() -> None:
    """Only `remember` numbers are kept; a number below them is refused as old."""
    cursor = Cursor(remember=3)
    for number in range(10):
        cursor.judge(number, None)
    assert cursor.judge(2, None) == (Verdict.OLD, 0)
    assert cursor.judge(8, None) == (Verdict.DUPLICATE, 0)


@given(st.integers(0, 10**9), st.integers(FAR + 10, (1 << 64) - 10**10), st.booleans())
def test_one_number_from_nowhere_changes_nothing(at: int, distance: int, above: bool) -> None:
    """Believed, a single damaged number would make all that follow a gap, or old, for ever."""
    start = at if above else at + distance
    cursor = Cursor()
    cursor.judge(start, None)
    assert cursor.judge(start + distance if above else at, None) == (Verdict.STRAY, 0)
    assert (cursor.last, cursor.missing) == (start, 0)
    assert cursor.judge(start + 1, None) == (Verdict.NEW, 0)
    assert cursor.judge(start, None) == (Verdict.DUPLICATE, 0)


@given(st.integers(0, 10**9), st.integers(FAR + 10, (1 << 64) - 10**10), st.booleans())
def test_two_numbers_in_a_row_from_afar_are_where_the_feed_is_now(
    at: int, distance: int, above: bool
) -> None:
    """After days away, or where the feed began anew, the cursor follows; what it missed is a gap."""
    before, now = (at, at + distance) if above else (at + distance, at)
    cursor = Cursor()
    cursor.judge(before, None)
    cursor.judge(now, None)
    verdict, skipped = cursor.judge(now + 1, None)
    assert verdict is Verdict.NEW and skipped >= 1
    assert cursor.next_request == now + 1
    assert cursor.judge(now + 2, None) == (Verdict.NEW, 0)
