"""Head and body of an answer leave in one piece, in order, and nothing is kept for long."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.joining import MOST_JOINED, Joined


class Wire(asyncio.Transport):
    """Notes what is written, and when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.writes.append(b"closed")


async def test_two_writes_of_one_turn_are_one() -> None:
    """A head and its body make one packet."""
    wire = Wire()
    joined = Joined(wire, asyncio.get_running_loop())
    joined.write(b"head ")
    joined.write(b"body")
    assert wire.writes == [b"head body"]


async def test_a_write_waits_for_nobody_beyond_the_turn() -> None:
    """An event of a stream leaves although no second one follows."""
    wire = Wire()
    joined = Joined(wire, asyncio.get_running_loop())
    joined.write(b"event")
    assert wire.writes == []
    await asyncio.sleep(0)
    assert wire.writes == [b"event"]


async def test_closing_writes_what_is_kept_first() -> None:
    """A refusal that closes its connection is still told."""
    wire = Wire()
    joined = Joined(wire, asyncio.get_running_loop())
    joined.write(b"last")
    joined.close()
    await asyncio.sleep(0)
    assert wire.writes == [b"last", b"closed"]


SIZES = st.sampled_from([0, 1, 7, MOST_JOINED, MOST_JOINED + 1])


@given(st.lists(st.tuples(SIZES, st.booleans()), max_size=9))
async def test_bytes_keep_their_order(writes: list[tuple[int, bool]]) -> None:
    """Whatever is joined, the stream is the same."""
    wire = Wire()
    joined, sent = Joined(wire, asyncio.get_running_loop()), b""
    for place, (size, turns) in enumerate(writes):
        piece = bytes([65 + place]) * size
        joined.write(piece)
        sent += piece
        if turns:
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert b"".join(wire.writes) == sent
