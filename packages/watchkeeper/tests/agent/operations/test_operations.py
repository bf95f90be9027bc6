"""Operations: counts, percentiles, trend, class and advice; sync, async and under threads."""

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Iterator
from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper import DuplicateName, Registry
from watchkeeper.agent.operations.judgement import Grade, grade, percentile, trend
from watchkeeper.agent.operations.ledger import Ledger
from watchkeeper.agent.operations.operation import KEPT
from watchkeeper.agent.operations.report import Process, report, text
from watchkeeper.agent.profiling.stalls import Stall

SECONDS = st.lists(st.floats(1e-6, 100), min_size=1, max_size=50)
QUIET = Process(60, 1, 0, 0, 100, 100, 0, 0)


def ledger(locked: bool | None = None) -> Ledger:
    return Ledger(Registry(locked=locked), lambda: 0.0, list)


def ran(one: Ledger, name: str, seconds: list[float], target: float | None = None) -> None:
    operation = one.operation(name, target)._operation
    for value in seconds:
        operation.ran(value)


@given(SECONDS)
def test_the_figures_are_those_of_the_runs(seconds: list[float]) -> None:
    one = ledger()
    ran(one, "a", seconds)
    (found,) = one.accounts()
    assert (found.count, found.min, found.max) == (len(seconds), min(seconds), max(seconds))
    assert math.isclose(found.total, math.fsum(seconds)) and math.isclose(
        found.mean, found.total / found.count
    )
    assert found.min <= found.p50 <= found.p90 <= found.p95 <= found.p99 <= found.max


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=300), st.integers(1, 100))
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(values: list[int], share: int) -> None:
    ordered = sorted(values)
    found = percentile(ordered, share)
    assert sum(value <= found for value in ordered) * 100 >= share * len(ordered)
    assert sum(value < found for value in ordered) * 100 < share * len(ordered)


def test_percentiles_agree_with_the_standard_library_on_many_runs() -> None:
    seconds = [number / 1000 for number in range(1, KEPT + 1)]
    one = ledger()
    ran(one, "a", seconds)
    points = quantiles(seconds, n=100)
    assert one.accounts()[0].p95 == pytest.approx(points[94], rel=0.01)


def test_percentiles_are_of_the_last_runs_and_counts_of_all() -> None:
    one = ledger()
    ran(one, "a", [5.0] * 10 + [0.001] * KEPT)
    (found,) = one.accounts()
    assert (found.count, found.p99, found.max) == (KEPT + 10, 0.001, 5.0)


def test_an_exception_is_an_error_and_goes_on_to_the_caller() -> None:
    one = ledger()
    with pytest.raises(KeyError), one.operation("a"):
        raise KeyError("x")
    (found,) = one.accounts()
    assert (found.count, found.errors, found.error_rate) == (1, 1, 1.0)


def test_a_run_that_is_called_failed_is_an_error_and_the_next_one_starts_anew() -> None:
    """An order refused raises nothing; the same run entered again is not failed by its past."""
    found = ledger()
    run = found.operation("order")
    for _ in range(2):
        with run:
            pass
        with run:
            run.fail()
    (one,) = found.accounts()
    assert (one.count, one.errors) == (4, 2)


async def test_a_coroutine_runs_until_it_has_ended_and_cancellation_is_no_error() -> None:
    one = ledger()
    gate = asyncio.Event()

    @one.operation("a")
    async def waits(word: str) -> str:
        await gate.wait()
        return word

    first, second = asyncio.create_task(waits("x")), asyncio.create_task(waits("y"))
    await asyncio.sleep(0)
    assert one.accounts() == []
    second.cancel()
    gate.set()
    assert await first == "x"
    with pytest.raises(asyncio.CancelledError):
        await second
    (found,) = one.accounts()
    assert (found.count, found.errors) == (2, 0)


async def test_a_generator_runs_until_it_has_ended_and_leaving_it_early_is_no_error() -> None:
    one = ledger()

    @one.operation("a")
    def counts(top: int) -> Iterator[int]:
        yield from range(top)
        if top == 3:
            raise KeyError(top)

    @one.operation("b")
    async def counts_too(top: int) -> AsyncIterator[int]:
        for number in counts(top):
            yield number

    begun = counts_too(2)
    assert await anext(begun) == 0 and one.accounts() == []
    await begun.aclose()
    assert list(counts(2)) == [0, 1]
    with pytest.raises(KeyError):
        [number async for number in counts_too(3)]
    first, second = sorted(one.accounts(), key=lambda found: found.name)
    assert (first.count, first.errors, second.count, second.errors) == (3, 1, 2, 1)


def test_a_decorated_function_keeps_its_name_and_each_call_is_a_run() -> None:
    one = ledger()

    @one.operation("f")
    def function(a: int, *, b: int) -> int:
        """Add."""
        return a + b

    assert [function(1, b=2), function(3, b=4)] == [3, 7]
    assert (function.__name__, function.__doc__) == ("function", "Add.")
    assert one.accounts()[0].count == 2


@pytest.mark.parametrize("locked", [False, True])
def test_no_run_is_lost_under_threads(locked: bool) -> None:
    one = ledger(locked)

    def work() -> None:
        for _ in range(3000):
            with one.operation("a"):
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (found,) = one.accounts()
    assert found.count == 12000


@pytest.mark.parametrize(
    ("factors", "wanted"),
    [([1.0] * 40, "stable"), ([1.0] * 20 + [1.5] * 20, "degrading"), ([1.0] * 20 + [3.0] * 20, "critical"),
     ([2.0] * 20 + [1.0] * 20, "improving"), ([1.0] * 9 + [9.0] * 9, "stable")],
)  # fmt: skip
def test_the_trend_compares_the_newer_half_with_the_older(factors: list[float], wanted: str) -> None:
    """Fewer than twenty runs say nothing."""
    assert trend(factors) == wanted


@pytest.mark.parametrize(
    ("p95", "errors", "wanted"),
    [(0.05, 0, Grade.EXCELLENT), (0.1, 0, Grade.GOOD), (0.2, 0, Grade.AVERAGE), (0.5, 0, Grade.POOR),
     (0.51, 0, Grade.CRITICAL), (0.01, 0.0005, Grade.GOOD), (0.01, 0.005, Grade.AVERAGE),
     (0.01, 0.05, Grade.POOR), (0.01, 0.2, Grade.CRITICAL), (0.3, 0.0005, Grade.POOR)],
)  # fmt: skip
def test_the_class_is_the_worse_of_time_and_errors(p95: float, errors: float, wanted: Grade) -> None:
    assert grade(p95, 0.1, errors) is wanted


def test_the_worst_operation_is_the_first_bottleneck_and_a_good_one_is_none() -> None:
    one = ledger()
    ran(one, "fast", [0.001] * 50)
    ran(one, "slow", [0.3] * 50)
    ran(one, "slowest", [0.9] * 50)
    found = report(one.accounts(), QUIET)
    bottlenecks = found["bottlenecks"]
    assert isinstance(bottlenecks, list)
    assert [row["name"] for row in bottlenecks] == ["slowest", "slow"]
    assert all(row["recommendations"] for row in bottlenecks)
    operations = found["operations"]
    assert isinstance(operations, list)
    assert sum(row["share"] for row in operations) == pytest.approx(1)


def test_advice_names_what_is_wrong() -> None:
    one = ledger()
    ran(one, "tail", [0.001] * 90 + [0.5] * 10, target=0.9)
    failing = one.operation("failing")._operation
    for number in range(100):
        failing.ran(0.001, failed=number % 5 == 0)
    told = text(one.accounts(), Process(10, 9.9, 50, 0, 300, 100, 3, 0.7))
    for word in (
        "20.0% of the runs fail",
        "times the median",
        "whole core",
        "full garbage",
        "3.0 times",
        "stalled 3",
    ):
        assert word in told


@pytest.mark.parametrize(("factor", "advised"), [(0.01, False), (0.5, True)])
def test_what_becomes_slower_is_told_before_it_misses_its_target_and_trifles_are_not(
    factor: float, advised: bool
) -> None:
    """A millisecond that becomes two is no bottleneck of what may take a second."""
    one = ledger()
    ran(one, "a", [0.4 * factor] * 30 + [0.9 * factor] * 30, target=1.0)
    (found,) = one.accounts()
    assert found.trend == "critical" and found.grade is Grade.EXCELLENT
    assert ("becomes slower" in text([found], QUIET)) is advised


def test_stalls_reach_the_report() -> None:
    one = Ledger(Registry(), lambda: 0.0, lambda: [Stall(0.0, "loop", 0.4, ())])
    process = one.document()["process"]
    assert isinstance(process, dict)
    assert (process["stalls"], process["longest_stall_seconds"]) == (1, 0.4)


def test_an_operation_has_one_target() -> None:
    one = ledger()
    one.operation("a", 0.5)
    one.operation("a")
    with pytest.raises(DuplicateName):
        one.operation("a", 0.6)
    for target in (0, -1, math.nan, math.inf):
        with pytest.raises(ValueError, match="above 0"):
            one.operation("b", target)


def test_operations_are_metrics_too_and_without_any_there_are_none() -> None:
    registry = Registry()
    one = Ledger(registry, lambda: 0.0, list)
    assert registry.families() == []
    ran(one, "a", [0.1])
    assert {family.name for family in registry.families()} == {
        "monitoring_operation_duration_seconds",
        "monitoring_operation_errors",
    }


def test_the_account_of_nothing_is_empty() -> None:
    one = ledger()
    one.operation("a")
    assert one.accounts() == []
    assert report([], QUIET)["operations"] == []
