"""Continuous profiles: no sample twice, none lost, sums kept, and what is too much makes room."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.agent.profiling import pprof
from watchkeeper.agent.profiling.profile import CPU, SAMPLES, Frame, Profile
from watchkeeper.keeper.profiles import (
    Fetching,
    Flame,
    NoProfile,
    ProfileShelf,
    Range,
    flame_of,
    merged_range,
    paired,
)
from watchkeeper.keeper.scrape.errors import FetchError

NOW = 1_700_000_000.0
SECOND = 10**9
NAMES = st.sampled_from(["main", "work", "parse", "wait"])
STACKS = st.lists(NAMES, min_size=1, max_size=5)
AMOUNTS = st.dictionaries(st.tuples(STACKS.map(tuple), st.sampled_from(["", "main"])), st.integers(1, 10**6))


def profile(began: float, seconds: float, stacks: dict[tuple[str, ...], int], thread: str = "") -> Profile:
    """Return a profile; stacks name calls from the outside in, amounts are milliseconds."""
    labels = (("thread", thread),) if thread else ()
    amounts = {
        (tuple(Frame(name, "bot.py", 1) for name in reversed(path)), labels): (1, ms * 10**6)
        for path, ms in stacks.items()
    }
    return Profile((SAMPLES, CPU), amounts, int(began * SECOND), int(seconds * SECOND), CPU, 1, "cpu")


def keep(shelf: ProfileShelf, bot: str, one: Profile) -> None:
    shelf.add(bot, one.began, one.duration, one.totals()[-1], pprof.written(one))


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[ProfileShelf]:
    made = ProfileShelf.open(tmp_path)
    yield made
    made.close()


class Agent:
    """A bot that burns 100 ms of every second, asked as a real agent is: from a moment on, to now."""

    def __init__(self) -> None:
        self.now = NOW
        self.asked: list[float] = []
        self.broken = ""

    async def get(self, url: str) -> bytes:
        if self.broken:
            raise FetchError(self.broken)
        since = float(parse_qs(urlsplit(url).query)["since"][0])
        self.asked.append(since)
        first = int(-(-since // 5) * 5)  # the first slice that began at or after it
        seconds = int(self.now) - first
        return pprof.written(profile(first, seconds, {("main", "work"): 100 * seconds} if seconds else {}))


async def test_no_sample_counts_twice_and_none_is_lost(shelf: ProfileShelf) -> None:
    """Each fetch goes on where the last one ended, also after some that failed."""
    agent = Agent()
    fetching = Fetching(shelf, dict, lambda: agent.now, 60, agent.get)
    for minute in range(6):
        agent.now += 60
        agent.broken = "refused" if minute in (2, 3) else ""
        await fetching.turn({"arb": "http://h:1"})
    rows = sorted(shelf.kept("arb", 0, 2**62, 10), key=lambda row: row.began)
    for before, after in pairwise(rows):
        assert before.began + before.duration == after.began
    whole = merged_range(shelf, Range("arb", 0, NOW + 1000))
    assert whole.totals()[1] == whole.duration // 10


async def test_a_fetch_that_fails_is_told_until_one_succeeds(shelf: ProfileShelf) -> None:
    """Nothing is kept of it, and other bots are not held up."""
    agent = Agent()
    fetching = Fetching(shelf, dict, lambda: agent.now, 60, agent.get)
    agent.broken = "refused"
    await fetching.turn({"arb": "http://h:1"})
    assert fetching.failures == {"arb": "refused"} and shelf.kept("", 0, 2**62, 9) == []
    agent.broken, agent.now = "", NOW + 60
    await fetching.turn({"arb": "http://h:1"})
    assert fetching.failures == {} and len(shelf.kept("arb", 0, 2**62, 9)) == 1


async def test_an_answer_that_is_no_profile_is_a_failure(shelf: ProfileShelf) -> None:
    """Bytes of any kind do not end the fetching."""
    for body in (b"", b"<html>", b"\x1f\x8b" + b"x" * 50, b"\xff" * 100):

        async def get(url: str, body: bytes = body) -> bytes:
            return body

        fetching = Fetching(shelf, dict, lambda: NOW, 60, get)
        await fetching.turn({"arb": "http://h:1"})
        assert shelf.kept("", 0, 2**62, 9) == []


def test_a_range_is_the_sum_of_what_it_touches(shelf: ProfileShelf) -> None:
    """Of one bot alone; outside of it there is none."""
    for minute in range(5):
        keep(shelf, "arb", profile(NOW + 60 * minute, 60, {("main",): 10 + minute}))
    keep(shelf, "copy", profile(NOW, 60, {("main",): 999}))
    found = merged_range(shelf, Range("arb", NOW + 60, NOW + 180))
    assert (found.totals()[1], found.duration) == (23 * 10**6, 120 * SECOND)
    with pytest.raises(NoProfile):
        merged_range(shelf, Range("arb", NOW + 300, NOW + 400))


def test_the_oldest_make_room(shelf: ProfileShelf) -> None:
    """By age and by size; the newest stay."""
    for minute in range(10):
        shelf.add("arb", int(NOW + 60 * minute) * SECOND, 60 * SECOND, 1, b"x" * 100)
    assert shelf.expire(int(NOW + 120) * SECOND, 10**9) == 2
    assert shelf.expire(0, 350) == 5
    assert [row.began // SECOND - int(NOW) for row in shelf.kept("arb", 0, 2**62, 10)] == [540, 480, 420]


def test_profiles_outlive_a_restart(tmp_path: Path) -> None:
    """And the next fetch goes on where the last one ended."""
    one = ProfileShelf.open(tmp_path)
    keep(one, "arb", profile(NOW, 60, {("main",): 1}))
    one.close()
    two = ProfileShelf.open(tmp_path)
    assert two.last_end("arb") == int(NOW + 60) * SECOND and two.last_end("other") == 0
    two.close()


def total(flame: Flame) -> int:
    return flame.own + sum(map(total, flame.children))


@given(AMOUNTS)
def test_a_flame_adds_up(stacks: dict[tuple[tuple[str, ...], str], int]) -> None:
    """A call is never smaller than what it called; the whole is the profile's total; recursion is kept."""
    amounts = {
        (tuple(Frame(name, "f", 1) for name in path), (("thread", thread),) if thread else ()): (1, amount)
        for (path, thread), amount in stacks.items()
    }
    root = flame_of(Profile((SAMPLES, CPU), amounts, preferred="cpu"))
    assert root.value == sum(stacks.values())

    def check(node: Flame) -> None:
        assert node.value >= node.own + sum(child.value for child in node.children)
        assert [c.value for c in node.children] == sorted((c.value for c in node.children), reverse=True)
        for child in node.children:
            check(child)

    check(root)
    if min(stacks.values(), default=0) >= root.value / 2000:
        assert total(root) == root.value


def test_a_flame_is_bounded() -> None:
    """Ten thousand tiny stacks and one of a thousand calls do not make a page of a hundred megabytes."""
    stacks = {("main", f"f{n}"): 1 for n in range(10_000)} | {tuple(f"d{n}" for n in range(1000)): 10_000}
    root = flame_of(profile(NOW, 60, stacks))

    def count(node: Flame) -> int:
        return 1 + sum(map(count, node.children))

    assert root.value == 20_000 * 10**6 and count(root) < 300


def test_two_ranges_compare_per_second() -> None:
    """A minute beside an hour: equal work is equal, new and gone calls have nothing on the other side."""
    base = profile(NOW, 3600, {("main", "work"): 3600, ("main", "old"): 3600})
    present = profile(NOW, 60, {("main", "work"): 60, ("main", "new"): 120})
    root = paired(present, base)
    (main,) = root.children
    calls = {one.name: (one.value, one.base) for one in main.children}
    assert calls == {"work": (10**6, 10**6), "new": (2 * 10**6, 0), "old": (0, 10**6)}
    assert (root.value, root.base) == (3 * 10**6, 2 * 10**6)
