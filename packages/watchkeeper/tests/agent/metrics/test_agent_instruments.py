"""Counter, gauge, histogram, timer: what they count and what they refuse."""

import math
import sys
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper import BadAmount, Registry
from watchkeeper.agent.metrics.instruments import Counter, Gauge, Histogram
from watchkeeper.agent.metrics.locked import LockedCounter, LockedGauge, LockedHistogram, lock_needed

amounts = st.floats(min_value=0, max_value=1e9)


@pytest.fixture
def hasty_switching() -> Iterator[None]:
    """Let the interpreter switch threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(work: Callable[[], None], threads: int = 4) -> None:
    gate = threading.Barrier(threads)
    running = [threading.Thread(target=lambda: (gate.wait(60), work())) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(60)


@given(st.lists(amounts))
def test_a_counter_is_the_sum_of_its_amounts(given_amounts: list[float]) -> None:
    counter = Counter("")
    expected = 0.0
    for amount in given_amounts:
        counter.inc(amount)
        expected += amount
    assert counter.value() == expected


@pytest.mark.parametrize("amount", [-1, -0.1, math.nan, -math.inf, "two", object(), Decimal("NaN")])
def test_a_counter_refuses_what_would_not_let_it_grow_and_keeps_its_value(amount: object) -> None:
    counter = Counter("")
    counter.inc(2)
    with pytest.raises(BadAmount):
        counter.inc(amount)  # type: ignore[arg-type]
    assert counter.value() == 2


def test_amounts_of_other_number_types_become_exact_floats() -> None:
    """The stored value stays a float, or the fast path's exactness argument would not hold."""
    counter, gauge = Counter(""), Gauge("")
    for amount in (True, 2, Decimal("0.5")):
        counter.inc(amount)  # type: ignore[arg-type]
        gauge.set(amount)  # type: ignore[arg-type]
        assert type(counter.value()) is float
        assert type(gauge.value()) is float
    assert (counter.value(), gauge.value()) == (3.5, 0.5)


def test_a_gauge_goes_both_ways_and_can_read_a_function() -> None:
    gauge = Gauge("")
    gauge.inc(5)
    gauge.dec()
    assert gauge.value() == 4
    gauge.set_function(lambda: 7)
    assert gauge.value() == 7


def test_a_gauge_whose_function_fails_reads_as_nan() -> None:
    """A scrape must not fail because one reader does."""
    gauge = Gauge("")
    gauge.set_function(lambda: 1 / 0)
    assert math.isnan(gauge.value())


@given(st.lists(st.floats(-10, 20)), st.lists(st.floats(-5, 15), min_size=1, unique=True).map(sorted))
def test_buckets_are_cumulative_and_hold_values_up_to_their_bound(
    values: list[float], bounds: list[float]
) -> None:
    histogram = Histogram("", tuple(bounds))
    for value in values:
        histogram.observe(value)
    counts, total = histogram.value()
    assert counts == [sum(value <= bound for value in values) for bound in bounds] + [len(values)]
    assert total == pytest.approx(sum(values))


def test_nan_lands_in_the_last_bucket_alone() -> None:
    histogram = Histogram("", (1.0, 2.0))
    histogram.observe(math.nan)
    counts, total = histogram.value()
    assert counts == [0, 0, 1]
    assert math.isnan(total)


def test_a_timer_observes_once_also_when_an_exception_leaves() -> None:
    histogram = Histogram("", (60.0,))
    with pytest.raises(KeyError), histogram.time():
        raise KeyError
    assert histogram.value()[0] == [1, 1]


async def test_a_decorated_function_is_observed_per_call_and_a_coroutine_until_its_end() -> None:
    histogram = Histogram("", (60.0,))

    @histogram.time()
    def plain(number: int) -> int:
        return number + 1

    @histogram.time()
    async def slow() -> int:
        assert histogram.value()[0][-1] == 2  # not observed before it has ended
        return 3

    assert (plain(1), plain(2), await slow()) == (2, 3, 3)
    assert histogram.value()[0][-1] == 3


class Racy:
    """Control: a call lies between the load and the store."""

    def __init__(self) -> None:
        self.value = 0

    def inc(self) -> None:
        self.value = self.value + self.one()

    def one(self) -> int:
        return 1


ROUNDS = 20_000
MOST_BATCHES = 50


def test_unlocked_instruments_lose_nothing_while_a_racy_control_does(hasty_switching: None) -> None:
    """Four threads at the shortest switch interval, until the control has lost counts: all else is exact."""
    counter, gauge, histogram, racy = Counter(""), Gauge(""), Histogram("", (1.0, 2.0)), Racy()

    def work() -> None:
        for _ in range(ROUNDS):
            counter.inc()
            counter.inc(2.0)
            gauge.inc(3.0)
            gauge.dec(1.0)
            histogram.observe(1.5)
            racy.inc()

    calls = 0
    while racy.value == calls and calls < MOST_BATCHES * 4 * ROUNDS:
        in_threads(work)
        calls += 4 * ROUNDS
    assert racy.value < calls, "the stress was no stress"
    if not lock_needed():
        assert counter.value() == 3 * calls
        assert gauge.value() == 2 * calls
        assert histogram.value() == ([0, calls, calls], 1.5 * calls)


def test_locked_instruments_lose_nothing_either(hasty_switching: None) -> None:
    """The classes for builds without a GIL count the same."""
    counter, gauge, histogram = LockedCounter(""), LockedGauge(""), LockedHistogram("", (1.0,))

    def work() -> None:
        for _ in range(3000):
            counter.inc()
            gauge.inc()
            gauge.dec(0.5)
            histogram.observe(0.5)

    in_threads(work)
    assert (counter.value(), gauge.value()) == (12000, 6000)
    assert histogram.value() == ([12000, 12000], 6000.0)


def test_a_registry_takes_locks_where_it_is_told_to() -> None:
    locked, unlocked = Registry(locked=True), Registry(locked=False)
    assert isinstance(locked.counter("a", ""), LockedCounter)
    assert isinstance(locked.gauge("b", ""), LockedGauge)
    assert isinstance(locked.histogram("c", ""), LockedHistogram)
    assert not isinstance(unlocked.counter("a", ""), LockedCounter)
