"""Documents that are asked for each second come over one connection; a lost one is made anew."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from watchkeeper.keeper.scrape import ProbeError, Prober

LIMIT = 1_000


@pytest.fixture
def prober() -> Any:
    """A prober, closed after the test."""
    made = Prober()
    yield made
    made.close()


async def ask(prober: Prober, url: str) -> dict[str, Any]:
    return await prober.json(url, 10.0, LIMIT)


async def test_one_connection_serves_all_questions(target: Any, prober: Prober) -> None:
    """A connection for each question would cost the bot an accept and the keeper a connect."""
    target.page = '{"status": "healthy"}'
    for _ in range(5):
        assert await ask(prober, target.url) == {"status": "healthy"}
    assert target.connections == 1


async def test_questions_side_by_side_leave_one_connection(target: Any, prober: Prober) -> None:
    """Nothing is left open that nobody would close."""
    target.page = "{}"
    await asyncio.gather(*(ask(prober, target.url) for _ in range(4)))
    before = target.connections
    await ask(prober, target.url)
    assert target.connections == before


async def test_a_bot_that_closes_its_connections_is_asked_anew(target: Any, prober: Prober) -> None:
    target.page, target.close = "{}", True
    for _ in range(3):
        assert await ask(prober, target.url) == {}


async def test_after_a_silence_the_next_question_is_answered(target: Any, prober: Prober) -> None:
    """An answer that came too late must not be taken for that of the next question."""
    target.page, target.hang = '{"a": 1}', True
    with pytest.raises(ProbeError, match="no answer within"):
        await prober.json(target.url, 0.05, LIMIT)
    target.hang = False
    assert await ask(prober, target.url) == {"a": 1}


async def test_only_so_many_connections_are_kept(
    make_target: Callable[[], Awaitable[Any]], prober: Prober, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bots that come and go must not fill the keeper with sockets."""
    monkeypatch.setattr("watchkeeper.keeper.scrape.probe._MOST_KEPT", 1)
    one, two = await make_target(), await make_target()
    one.page = two.page = "{}"
    for target in (one, two, one):
        await ask(prober, target.url)
    assert (one.connections, two.connections) == (2, 1)
