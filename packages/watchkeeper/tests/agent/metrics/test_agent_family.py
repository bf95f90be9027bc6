"""Families: finding a series, the cap, the overflow series, expiry without loss."""

import sys
import threading
from collections.abc import Iterator
from enum import Enum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper import Counter, Family, LabelsMissing, Registry, WrongLabels
from watchkeeper.agent.metrics import family as family_module
from watchkeeper.agent.metrics.family import OVERFLOW

ROUNDS = 30_000


@pytest.fixture
def hasty_switching() -> Iterator[None]:
    """Let the interpreter switch threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def family(cap: int = 1000, idle: float | None = None) -> Family[Counter]:
    return Registry().counter("requests", "Requests.", ("method", "code"), cap=cap, idle=idle)


def counts(of: Family[Counter]) -> dict[tuple[str, ...], float]:
    return {key: series.value() for key, series in of.items()}


def test_the_same_label_values_give_the_same_series_however_they_are_written() -> None:
    requests = family()
    series = requests.labels("get", "200")
    assert requests.labels("get", 200) is series
    assert requests.labels(code=200, method="get") is series
    assert requests.labels("get", "500") is not series


def test_an_enumeration_of_texts_means_its_text_on_the_first_and_on_later_look_ups() -> None:
    class Method(str, Enum):  # noqa: UP042  # the kind whose str() is not its text
        GET = "get"

    requests = family()
    assert requests.labels(Method.GET, "200") is requests.labels("get", "200")


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), (("get",), {}), (("get", "200", "x"), {}), (("get",), {"code": "1"}), ((), {"method": "get"})],
)
def test_label_values_that_do_not_fit_are_refused(values: tuple[str, ...], named: dict[str, str]) -> None:
    with pytest.raises(WrongLabels, match="requests"):
        family().labels(*values, **named)


def test_a_labelled_family_used_as_one_series_says_what_to_do() -> None:
    with pytest.raises(LabelsMissing, match=r"call \.labels"):
        family().inc()  # type: ignore[operator]
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = family().nonsense


@given(st.lists(st.sampled_from("abcdefgh"), max_size=60), st.integers(1, 6))
@settings(max_examples=60)
def test_beyond_the_cap_the_overflow_series_takes_all_and_nothing_is_lost(paths: list[str], cap: int) -> None:
    """Law: at most `cap` series and one more; the sum over all is the number of increments."""
    requests = family(cap=cap)
    for path in paths:
        requests.labels(path, "200").inc()
    present = counts(requests)
    kept = [key for key in present if key != (OVERFLOW, OVERFLOW)]
    assert kept == [(path, "200") for path in dict.fromkeys(paths)][:cap]
    assert sum(present.values()) == len(paths)
    assert present.get((OVERFLOW, OVERFLOW), 0) == requests.diverted


def test_creation_from_many_threads_makes_each_series_once() -> None:
    requests = family(cap=50)
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait(10)
        for number in range(100):
            requests.labels(str(number), "200").inc()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(requests) == 51
    assert sum(counts(requests).values()) == 400


def test_a_series_that_does_not_move_for_the_idle_time_goes_and_a_moving_one_stays() -> None:
    requests = family(idle=10)
    for now in (0, 6, 12):
        requests.labels("busy", "200").inc()
        if now == 0:
            requests.labels("quiet", "200").inc()
        requests.expire(now)
    assert [key[0] for key in counts(requests)] == ["busy"]
    assert requests.expired == 1


def test_a_series_that_the_program_holds_never_goes() -> None:
    """Otherwise increments of a cached series would vanish."""
    requests = family(idle=10)
    cached = requests.labels("get", "200")
    bound = requests.labels("put", "200").inc
    for now in (0, 20, 40):
        requests.expire(now)
    cached.inc()
    bound()
    assert counts(requests) == {("get", "200"): 1, ("put", "200"): 1}


def test_an_expired_series_makes_room_below_the_cap() -> None:
    requests = family(cap=1, idle=1)
    requests.labels("old", "200").inc()
    requests.expire(0)
    requests.expire(2)
    requests.labels("new", "200").inc()
    assert list(counts(requests)) == [("new", "200")]


def test_expiry_under_fire_loses_no_increment(hasty_switching: None) -> None:
    """Threads increment through look-ups while idle series are swept away all the time.

    A series that somebody still held when it left the table would die later, on that thread.
    """
    deaths: list[tuple[int, float]] = []

    class Mortal(Counter):
        def __del__(self) -> None:
            deaths.append((threading.get_ident(), self._value))

    requests = Family[Counter]("counter", "requests", "", "", ("path",), lambda key: Mortal(""), 1000, 0.0)

    def work() -> None:
        for number in range(ROUNDS):
            requests.labels(str(number % 151)).inc()

    batches, now = 0, 0.0
    while not deaths and batches < 50:
        batches += 1
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            now += 1
            requests.expire(now)
    assert requests.expired == len(deaths) > 0
    assert {thread for thread, _ in deaths} == {threading.get_ident()}
    assert sum(value for _, value in deaths) + sum(counts(requests).values()) == batches * 3 * ROUNDS


@pytest.mark.parametrize("meanwhile", ["held", "moved"])
def test_a_series_taken_up_between_the_look_and_the_removal_is_put_back(
    monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """The race by hand: another thread gets the series just after it was found alone."""
    requests = family(idle=1)
    requests.labels("get", "200").inc()
    holders: list[Counter] = []
    count = family_module.references

    def interrupted(table: dict[tuple[str, ...], Counter], key: tuple[str, ...]) -> int:
        found = count(table, key)
        if not holders:
            holders.append(table[key])
            table[key].inc()
            if meanwhile == "moved":
                holders[0] = Counter("")
        return found

    monkeypatch.setattr(family_module, "references", interrupted)
    requests.expire(0)
    requests.expire(2)
    assert holders
    assert counts(requests) == {("get", "200"): 2}
    assert requests.expired == 0


def test_remove_forgets_one_series() -> None:
    requests = family()
    requests.labels("get", "200").inc()
    requests.remove("get", 200)
    requests.remove("get", 200)
    assert len(requests) == 0


def test_a_child_process_can_use_a_family_that_was_locked_at_the_fork() -> None:
    requests = family()
    requests._lock.acquire()
    requests.after_fork()
    requests.labels("get", "200").inc()
    assert len(requests) == 1
