"""Fault scripts: what they say, and that a fault begins and ends once."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localvenues.faults import FIRST_START, SECONDS, Fault, FaultError, Faults, parse_script

NAMES = ("feed_drop", "feed_freeze", "rpc_429", "rpc_down")


def test_a_full_script_is_taken_at_its_word() -> None:
    faults = parse_script("feed_freeze@20+10, rpc_429@40.5+5", NAMES, 1)
    assert [(one.name, one.start, one.seconds) for one in faults] == [
        ("feed_freeze", 20.0, 10.0),
        ("rpc_429", 40.5, 5.0),
    ]


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6), st.integers(0, 2**32))
def test_bare_names_follow_each_other_without_overlap(names: list[str], seed: int) -> None:
    """Law: the first begins at 15 s; each next one begins after the one before has ended."""
    faults = parse_script(",".join(names), NAMES, seed)
    assert [one.name for one in faults] == names
    assert faults[0].start == FIRST_START
    assert all(one.seconds == SECONDS for one in faults)
    for before, after in pairwise(faults):
        assert after.start >= before.start + before.seconds + 5


@given(st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_schedule(seed: int) -> None:
    script = "feed_drop,rpc_down,feed_freeze+3"
    assert parse_script(script, NAMES, seed) == parse_script(script, NAMES, seed)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("feed_freez", "did you mean 'feed_freeze'"),
        ("zzz", "there are: feed_drop"),
        ("feed_drop@@1", "cannot read 'feed_drop@@1'"),
        ("feed_drop+-1", "cannot read"),
    ],
)
def test_a_bad_script_is_refused_naming_the_part(script: str, message: str) -> None:
    with pytest.raises(FaultError, match=message):
        parse_script(script, NAMES, 1)


def test_an_empty_script_asks_for_nothing() -> None:
    assert parse_script("", NAMES, 1) == ()


class Part:
    def __init__(self) -> None:
        self.seen: list[str] = []

    async def begin(self, fault: Fault) -> None:
        self.seen.append(f"begin {fault.name}")

    async def end(self, fault: Fault) -> None:
        self.seen.append(f"end {fault.name}")


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_fault_breaks_and_mends_its_part() -> None:
    part = Part()
    faults = Faults({"rpc_down": part})
    faults.schedule(Fault("rpc_down", 0, 0, 1))
    await settle()
    assert part.seen == ["begin rpc_down", "end rpc_down"]
    assert [one.name for one in faults.done] == ["rpc_down"]


async def test_stopping_mends_what_is_broken_and_forgets_what_waits() -> None:
    part = Part()
    faults = Faults({"rpc_down": part, "feed_drop": part})
    faults.schedule(Fault("rpc_down", 0, 3600, 1))
    faults.schedule(Fault("feed_drop", 3600, 1, 1))
    await settle()
    assert [one.name for one in faults.active] == ["rpc_down"]
    await faults.stop()
    assert part.seen == ["begin rpc_down", "end rpc_down"]
    assert faults.active == []
