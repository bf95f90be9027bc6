"""The live stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.judge import Finding
from watchkeeper.keeper.web import create_app
from watchkeeper.keeper.web.events import MOST_CLIENTS, WAITING, Stream


def read(chunk: bytes) -> list[tuple[str, str, Any]]:
    """Return (id, event, data) of the events in a chunk."""
    found = []
    for block in chunk.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            found.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return found


async def first(
    stream: Stream, last_id: str | None = None
) -> tuple[AsyncIterator[bytes], list[tuple[str, str, Any]]]:
    following = stream.follow(last_id)
    return following, read(await anext(following))


async def test_a_client_gets_everything_then_only_what_changed() -> None:
    """The first event is whole, later ones hold the changed sections alone."""
    stream = Stream("run")
    stream.publish({"a": 1, "b": 2})
    following, events = await first(stream)
    assert [(event, data) for _, event, data in events] == [("overview", {"a": 1, "b": 2})]
    stream.publish({"a": 1, "b": 3})
    assert read(await anext(following)) == [("run-2", "changes", {"b": 3})]
    await following.aclose()


async def test_what_does_not_change_is_not_sent() -> None:
    """Publishing the same again is silence."""
    stream = Stream("run")
    stream.publish({"a": 1})
    _, events = await first(stream)
    stream.publish({"a": 1})
    assert events[0][0] == "run-1" and stream._number == 1


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 3)), min_size=1, max_size=300), st.data()
)
async def test_a_client_that_comes_back_ends_up_the_same(documents: list[dict[str, int]], data: Any) -> None:
    """From any earlier id, applying what is sent gives the newest document."""
    whole = [{"a": 0, "b": 0, "c": 0} | document for document in documents]
    stream, states = Stream("run"), {}
    for document in whole:
        stream.publish(document)
        states[stream._number] = document
    known = data.draw(st.sampled_from(sorted(states)))
    following, events = await first(stream, f"run-{known}")
    held = dict(states[known])
    for _, event, part in events:
        held = part if event == "overview" else held | part
    assert held == whole[-1]
    await following.aclose()


async def test_an_id_of_another_run_gets_everything() -> None:
    """After a restart of the keeper nothing is taken for granted."""
    stream = Stream("new")
    stream.publish({"a": 1})
    for last_id in ("old-1", "new-99", "new-x", "", "-", f"new-{'9' * 5000}"):
        _, events = await first(stream, last_id)
        assert [event for _, event, _ in events] == ["overview"]


async def test_a_slow_client_is_dropped_and_holds_nobody_up() -> None:
    """Its queue is bounded; the others go on."""
    stream = Stream("run")
    stream.publish({"n": 0})
    slow, _ = await first(stream)
    for number in range(1, WAITING + 2):
        stream.publish({"n": number})
    assert stream.clients == 0
    assert [chunk async for chunk in slow] == []


async def test_a_keeper_with_nothing_to_tell_says_that_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Browsers hide comments from pages, so it is an event; without an id, as nothing is to be resumed."""
    monkeypatch.setattr("watchkeeper.keeper.web.events.HEARTBEAT", 0.0)
    stream = Stream("run")
    stream.publish({"n": 0})
    following, _ = await first(stream)
    assert await anext(following) == b"event: still\ndata: {}\n\n"
    await following.aclose()


async def test_closing_ends_every_stream() -> None:
    """A keeper that stops lets its clients go."""
    stream = Stream("run")
    stream.publish({"n": 0})
    following, _ = await first(stream)
    waiting = asyncio.ensure_future(anext(following, None))
    await asyncio.sleep(0)
    stream.close()
    assert await waiting is None
    assert stream.clients == 0


async def test_the_overview_is_computed_once_a_round_unless_a_row_was_written(scene: Any) -> None:
    """Many pages cost as much as one; a new row is never hidden by the saving."""
    live = scene.live()
    one = live.overview()
    assert live.overview() is one
    scene.look(Finding("component/arbbot/feed", "healthy"))
    assert live.overview() is not one
    two = live.overview()
    scene.now += 1
    assert live.overview() is not two


async def test_streams_beyond_the_limit_are_refused_even_when_all_come_at_once(scene: Any) -> None:
    """What is too much is answered with 503, never with a stream that breaks off."""
    live, statuses = scene.live(), list[int]()
    app = create_app(live)

    async def asking() -> None:
        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
                if len(statuses) == MOST_CLIENTS + 5:
                    live.stream.close()

        async def receive() -> Any:
            await asyncio.Event().wait()

        head = {"method": "GET", "path": "/api/events", "query_string": b"", "headers": []}
        await app({"type": "http", "http_version": "1.1", **head}, receive, send)

    await asyncio.gather(*(asking() for _ in range(MOST_CLIENTS + 5)))
    assert (statuses.count(200), statuses.count(503)) == (MOST_CLIENTS, 5)
