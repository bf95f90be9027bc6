"""The sampler: slices without gaps, CPU time by thread, the timer, limits, stalls."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from time import thread_time
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.agent.clock import Clock
from watchkeeper.agent.health.heartbeat import Heartbeat
from watchkeeper.agent.profiling import present, stacks
from watchkeeper.agent.profiling.cputimer import CpuTimer, free
from watchkeeper.agent.profiling.dump import Dumps, blocks, parsed
from watchkeeper.agent.profiling.profile import flat
from watchkeeper.agent.profiling.sampler import Plan, Sampler, plan
from watchkeeper.agent.profiling.stalls import Stalls
from watchkeeper.agent.profiling.tally import KEPT_SECONDS, MOST_STACKS, OTHER, Cell, Slice
from watchkeeper.agent.profiling.threads import Threads

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Linux has these timers and clocks")


class Hand:
    """A clock turned by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.clock = Clock(wall=lambda: self.now + 5e8, steady=lambda: self.now)


def spend(until: Callable[[], bool], most: float = 5.0) -> None:
    """Use the processor until something is true."""
    end = thread_time() + most
    while not until() and thread_time() < end:
        pass


def here() -> FrameType:
    return sys._getframe(1)


def sampler(hand: Hand) -> Sampler:
    return Sampler(Plan(hz=19), hand.clock, list)


@given(st.lists(st.tuples(st.floats(0.01, 20), st.booleans()), max_size=40))
def test_profiles_that_follow_each_other_tell_every_sample_once(steps: list[tuple[float, bool]]) -> None:
    """Whoever asks from where the last answer ended misses nothing and gets nothing twice."""
    hand = Hand()
    one = sampler(hand)
    unix, told, put, asked = hand.now + 5e8, 0, 0, hand.now
    for seconds, ask in steps:
        hand.now += seconds
        one._tally.turn(hand.now)
        one._take("MainThread", here(), 1)
        put += 1
        if ask or hand.now - asked > KEPT_SECONDS / 2:
            profile = one.since(one.steady(unix))
            told += profile.totals()[0]
            if profile.duration:
                unix = (profile.began + profile.duration) / 1e9
            asked = hand.now
    told += one.since(one.steady(unix)).totals()[0]
    assert told == put


def test_a_profile_says_when_it_began_and_how_long_it_took() -> None:
    hand = Hand()
    one = sampler(hand)
    hand.now += 3
    one._take("MainThread", here(), 1)
    hand.now += 4
    profile = one.since(one.now() - 60)
    assert (profile.began, profile.duration) == (round((1000 + 5e8) * 1e9), 7 * 10**9)
    assert profile.period == round(1e9 / 19)


def test_what_is_older_than_three_minutes_is_forgotten() -> None:
    hand = Hand()
    one = sampler(hand)
    for _ in range(100):
        one._take("MainThread", here(), 1)
        hand.now += 6
        one._tally.turn(hand.now)
    assert 28 <= one.since(0).totals()[0] <= 31
    assert len(one._tally._past) <= 32


def test_a_slice_takes_only_so_many_different_stacks_and_counts_the_rest() -> None:
    """Beyond the limit samples are counted under no stack: totals stay true, memory stays bounded."""
    one = Slice(0.0)
    for number in range(MOST_STACKS):
        one.cells["t", ((number,), (0,))] = Cell((), 1, 1)
    one.add("t", here(), 5)
    one.add("t", here(), 5)
    assert one.cells["t", OTHER] == Cell((), 2, 10)
    assert len(one.cells) == MOST_STACKS + 1


def test_a_stack_names_module_class_function_and_the_line_that_runs() -> None:
    def inner() -> tuple[object, int]:
        return stacks.of(sys._getframe()), sys._getframe().f_lineno

    found, line = inner()
    top = found[0]  # type: ignore[index]
    assert top.function.endswith(
        "test_a_stack_names_module_class_function_and_the_line_that_runs.<locals>.inner"
    )
    assert (top.line, top.file) == (line, __file__)
    assert found[1].line == line + 2  # type: ignore[index]


def test_a_deep_recursion_is_cut_off_at_its_outer_end() -> None:
    def deep(levels: int) -> int:
        return deep(levels - 1) if levels else len(stacks.of(sys._getframe()))

    assert deep(500) == stacks.DEPTH


@LINUX
def test_the_timer_samples_the_main_thread_where_it_spends_its_time() -> None:
    taken: list[tuple[str, str, int]] = []

    def take(thread: str, frame: FrameType | None, spent: int) -> None:
        taken.append((thread, stacks.of(frame)[0].function, spent))

    assert free()
    before = thread_time()
    timer = CpuTimer(take, 0.01)
    assert timer.start()
    try:
        assert not free()
        spend(lambda: len(taken) >= 5)
    finally:
        timer.stop()
    spent = thread_time() - before
    assert {thread for thread, _, _ in taken} == {"MainThread"}
    assert any("spend" in function for _, function, _ in taken)
    assert 0 < sum(nanoseconds for _, _, nanoseconds in taken) <= spent * 1e9
    assert signal.getsignal(signal.SIGURG) == signal.SIG_DFL


@LINUX
def test_a_timer_stopped_by_another_thread_leaves_the_signal_free() -> None:
    """Only the main thread can take its handler away; one that does nothing is in nobody's way."""
    first = CpuTimer(lambda *_: None, 0.01)
    assert first.start()
    stopping = threading.Thread(target=first.stop)
    stopping.start()
    stopping.join()
    assert free()
    second = CpuTimer(lambda *_: None, 0.01)
    assert second.start()
    second.stop()
    assert signal.getsignal(signal.SIGURG) == signal.SIG_DFL


@LINUX
def test_a_bots_own_handler_of_the_signal_is_left_alone() -> None:
    """Then a thread samples instead."""
    before = signal.signal(signal.SIGURG, lambda number, frame: None)
    try:
        assert not free()
        one = Sampler(Plan(hz=50), Clock(), list)
        one.start()
        assert not one.timed
        one.stop()
    finally:
        signal.signal(signal.SIGURG, before)


@LINUX
def test_an_error_in_taking_a_sample_never_reaches_the_bot() -> None:
    def broken(thread: str, frame: FrameType | None, spent: int) -> None:
        raise MemoryError

    timer = CpuTimer(broken, 0.01)
    assert timer.start()
    spend(lambda: timer.failed >= 2)
    timer.stop()
    assert timer.failed >= 2


@LINUX
def test_neither_an_exec_nor_the_end_of_a_process_is_killed_by_the_timer() -> None:
    """The signal's default is to be ignored, and the timer does not outlive an exec."""
    program = (
        "import os, sys\nfrom watchkeeper import Watch\n"
        "watch = Watch('x', port=0, environment={}, profile_hz=250)\nwatch.start()\n"
        "os.execv(sys.executable, [sys.executable, '-c', 'sum(i * i for i in range(3_000_000)); print(7)'])"
    )
    import subprocess

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, b"7\n"), done.stderr
    left = program.replace(program.splitlines()[-1], "sum(i * i for i in range(3_000_000))")
    assert subprocess.run([sys.executable, "-c", left], timeout=60, check=False).returncode == 0


@LINUX
def test_a_thread_that_waits_is_no_sample_and_one_that_works_is() -> None:
    taken: list[tuple[str, int]] = []
    stop, worked, go_on = threading.Event(), threading.Event(), threading.Event()

    def works() -> None:
        spend(lambda: False, most=0.01)
        worked.set()
        go_on.wait(10)
        spend(lambda: False, most=0.01)
        worked.set()
        stop.wait(10)

    threads = [threading.Thread(target=works, name="works"), threading.Thread(target=stop.wait, name="waits")]
    own = {threading.get_ident()}
    one = Threads(lambda thread, block, spent: taken.append((thread, spent)), Dumps(), 0.01, own)
    for thread in threads:
        thread.start()
    assert worked.wait(10)
    one.sample()  # the first look only reads the clocks
    worked.clear()
    go_on.set()
    assert worked.wait(10)
    one.sample()
    stop.set()
    for thread in threads:
        thread.join()
    one.sample()
    spent = dict(taken)
    assert spent.get("waits", 0) < 1e6  # the end of its own start may fall after the first look
    assert spent["works"] >= 8e6
    assert not set(spent) - {"works", "waits", "watchkeeper-agent", "watchkeeper-sampler"}


@LINUX
def test_what_a_thread_spends_adds_up_until_it_is_worth_a_look() -> None:
    """Little by little, less than a tenth of the period at a time: few samples, and all of the time told."""
    taken: list[int] = []
    turns, done, stop = threading.Semaphore(0), threading.Semaphore(0), threading.Event()

    def works() -> None:
        while turns.acquire(timeout=10) and not stop.is_set():
            spend(lambda: False, most=0.002)
            done.release()

    thread = threading.Thread(target=works, name="works")
    own = {other.ident or 0 for other in threading.enumerate()}
    one = Threads(lambda thread, block, spent: taken.append(spent), Dumps(), 0.1, own)
    thread.start()
    one.sample()
    for _ in range(30):
        turns.release()
        assert done.acquire(timeout=10)
        one.sample()
    stop.set()
    turns.release()
    thread.join()
    assert all(spent >= 10e6 for spent in taken)
    assert sum(taken) >= 30 * 2e6 - 10e6
    assert len(taken) <= sum(taken) / 10e6


def test_a_forked_child_is_not_sampled_and_can_start_again() -> None:
    one = Sampler(Plan(hz=100), Clock(), list)
    one.start()
    child = os.fork()
    if child == 0:
        one.after_fork()
        good = not one.timed and one.since(0).totals() is not None
        one.stop()
        os._exit(0 if good else 1)
    one.stop()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(
    ("text", "hz"), [("", 19), ("0", 0), ("100", 100), ("-1", 19), ("x", 19), ("1e9", 19)]
)
def test_the_environment_decides_how_often(text: str, hz: float) -> None:
    """A value that makes no sense is logged and the default taken: the bot runs."""
    assert plan(19, 0.25, {"PROFILE_HZ": text}).hz == hz


def test_switched_off_there_is_neither_thread_nor_timer() -> None:
    before = threading.active_count()
    one = Sampler(Plan(hz=0), Clock(), list)
    one.start()
    assert not one.timed
    assert threading.active_count() == before


class Loop:
    """A heartbeat as a followed loop on this thread gives it."""

    def __init__(self, hand: Hand, every: float = 0.1) -> None:
        self.heartbeat = Heartbeat("loop", 5.0, hand.clock)
        self.heartbeat.every = every
        self.heartbeat.thread = threading.get_ident()
        self.heartbeat.beat()


def test_a_stall_is_kept_with_its_length_and_the_stack_seen_most() -> None:
    hand = Hand()
    loop = Loop(hand)
    stalls = Stalls(lambda: [loop.heartbeat], 0.25, hand.clock.wall, Dumps())

    def culprit() -> None:
        for _ in range(8):
            hand.now += 0.1
            stalls.look()

    culprit()
    assert stalls.list() == []
    loop.heartbeat.beat()
    stalls.look()
    (stall,) = stalls.list()
    assert (stall.loop, round(stall.seconds, 6)) == ("loop", 0.8)
    assert any(frame.function.endswith("culprit") for frame in stall.stack)
    assert stalls.profile().totals() == (1, int(stall.seconds * 1e9))


def test_a_loop_that_comes_round_never_stalls() -> None:
    hand = Hand()
    loop = Loop(hand)
    stalls = Stalls(lambda: [loop.heartbeat], 0.25, hand.clock.wall, Dumps())
    for _ in range(50):
        hand.now += 0.1
        loop.heartbeat.beat()
        hand.now += 0.05
        stalls.look()
    assert stalls.list() == []


def test_a_slow_heartbeat_is_no_stall_before_two_of_its_pauses() -> None:
    hand = Hand()
    loop = Loop(hand, every=1.0)
    stalls = Stalls(lambda: [loop.heartbeat], 0.25, hand.clock.wall, Dumps())
    hand.now += 1.9
    stalls.look()
    loop.heartbeat.beat()
    stalls.look()
    assert stalls.list() == []


def test_a_loop_that_rests_on_purpose_is_no_stall() -> None:
    hand = Hand()
    loop = Loop(hand)
    stalls = Stalls(lambda: [loop.heartbeat], 0.25, hand.clock.wall, Dumps())
    hand.now += 1.0
    stalls.look()
    loop.heartbeat.rest()
    stalls.look()
    assert stalls.list() == []


async def test_tasks_show_the_chain_of_their_awaits() -> None:
    gate = asyncio.Event()

    async def inner() -> None:
        await gate.wait()

    async def outer() -> None:
        await inner()

    waiting = asyncio.create_task(outer(), name="waiter")
    await asyncio.sleep(0)
    profile = present.tasks([("main", asyncio.get_running_loop())])
    gate.set()
    await waiting
    (stack,) = [place[0] for place in profile.amounts if ("task", "waiter") in place[1]]
    assert [frame.function.rpartition(".")[2] for frame in stack] == ["wait", "inner", "outer"]


def test_threads_show_every_thread_with_its_name() -> None:
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait, name="gatekeeper")
    thread.start()
    profile = present.threads(Dumps())
    gate.set()
    thread.join()
    names = {dict(labels)["thread"] for _, labels in profile.amounts}
    assert {"gatekeeper", "MainThread"} <= names
    assert flat(profile, 0)["threading.wait"][1] >= 1


def test_a_dump_tells_of_this_thread_what_its_own_frames_tell() -> None:
    """Files, lines and order are those that the interpreter's frames have."""

    def inner() -> tuple[bytes, stacks.Stack]:
        return dumps.take()[threading.get_ident()], stacks.of(sys._getframe())

    dumps = Dumps()
    block, ours = inner()
    dumps.close()
    start = next(place for place, frame in enumerate(parsed(block)) if frame.function.endswith(".inner"))
    dumped = parsed(block)[start:]
    assert [(one.file, one.line) for one in dumped] == [(one.file, one.line) for one in ours[: len(dumped)]]
    assert dumped[0].function.rpartition(".")[2] == "inner"


@given(st.binary(max_size=300))
def test_a_dump_that_is_torn_is_no_error(text: bytes) -> None:
    for _, block in blocks(b"Thread 0x00000a1 (most recent call first):\n" + text):
        parsed(block)


def test_a_dump_with_names_of_threads_as_later_versions_write_it_is_read() -> None:
    text = b'Thread 0x0a [bot:main] (most recent call first):\n  File "/b/x.py", line 7 in f\n\n'
    ((identity, block),) = blocks(text)
    assert identity == 10
    assert [(one.function, one.line) for one in parsed(block)] == [("x.f", 7)]


@pytest.mark.parametrize(
    ("age", "least", "most"), [(0.0, 0.25, 0.26), (0.1, 0.15, 0.16), (0.25, 0.0, 0.01), (0.3, 0.05, 0.1)]
)
def test_the_next_look_at_a_loop_is_due_when_it_could_hang(age: float, least: float, most: float) -> None:
    """A loop that lives is left alone until its beat can be too old; one that hangs is looked at often."""
    hand = Hand()
    loop = Loop(hand)
    stalls = Stalls(lambda: [loop.heartbeat], 0.25, hand.clock.wall, Dumps())
    hand.now += age
    assert least <= stalls.look() <= most


def test_where_no_loop_is_followed_a_look_per_stall_is_enough() -> None:
    assert Stalls(list, 0.25, Hand().clock.wall, Dumps()).look() == 0.25
