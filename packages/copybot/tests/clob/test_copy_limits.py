"""One budget per host, whoever calls and however many at once."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from copybot.clob import ClobError, ClobLimited, Http
from copybot.clob.errors import ClobMalformed, ClobNotFound, ClobRestarting, ClobTimeout, ClobUnavailable
from copybot.clob.http import retry_after
from copybot.clob.limits import Budget, HostLimits


@given(st.lists(st.floats(0, 30), max_size=300), st.floats(10, 500))
def test_no_window_holds_more_than_the_limit_and_its_burst(arrivals: list[float], limit: float) -> None:
    """Turns that are taken at the same moment come one after the other."""
    budget = Budget(limit, burst=5)
    turns = sorted(at + budget.reserve(at) for at in sorted(arrivals))
    for start in range(len(turns)):
        inside = [turn for turn in turns[start:] if turn < turns[start] + 10.0]
        assert len(inside) <= limit + 5 + 2


def test_callers_at_the_same_moment_share_one_budget() -> None:
    """Known failure: a limit that each caller checks before any of them has counted."""
    limits = HostLimits(100, (("/trades", 10),))
    waits = [limits.reserve("/trades", 0.0) for _ in range(10)]
    assert len(set(waits)) >= 9 and max(waits) >= 7.0


def test_a_venue_that_asks_for_patience_gets_it_from_all() -> None:
    """After a 429 nobody goes to this host before the time that it named."""
    limits = HostLimits(1000)
    limits.hold(50.0)
    assert limits.reserve("/book", 20.0) >= 30.0


@pytest.mark.parametrize(
    ("value", "seconds"), [("3", 3.0), (None, 1.0), ("soon", 1.0), ("-4", 0.0), ("9999", 60.0)]
)
def test_retry_after_is_read_with_care(value: str | None, seconds: float) -> None:
    """A header is a stranger's text."""
    assert retry_after(value) == seconds


class Quiet:
    """An observer that notes reasons."""

    def __init__(self) -> None:
        self.reasons: list[str | None] = []

    def called(self, api: str, seconds: float, reason: str | None) -> None:
        self.reasons.append(reason)

    def throttled(self, api: str, seconds: float) -> None: ...


async def served(handler: web.Application) -> tuple[web.AppRunner, str]:
    """Serve an application on loopback; return its runner and URL."""
    runner = web.AppRunner(handler, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    return runner, f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, ClobNotFound),
        (425, ClobRestarting),
        (429, ClobLimited),
        (500, ClobUnavailable),
        (503, ClobUnavailable),
    ],
)
async def test_each_status_is_an_error_of_its_own(status: int, kind: type[ClobError]) -> None:
    """The caller learns whether asking again helps, and whether it may have happened."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"error": "no"}, status=status, headers={"Retry-After": "0"})

    app = web.Application()
    app.router.add_get("/x", answer)
    runner, url = await served(app)
    quiet = Quiet()
    http = Http("clob", url, quiet)
    with pytest.raises(kind):
        await http.get("/x")
    await http.close()
    await runner.cleanup()
    assert quiet.reasons == [kind.reason]


async def test_no_answer_is_a_timeout_that_says_nothing_of_the_outcome() -> None:
    """A request without answer may have happened all the same."""

    async def never(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    app = web.Application()
    app.router.add_get("/x", never)
    runner, url = await served(app)
    http = Http("clob", url, Quiet(), timeout=0.05)
    with pytest.raises(ClobTimeout) as caught:
        await http.get("/x")
    assert caught.value.uncertain
    await http.close()
    await runner.cleanup()


def test_malformed_answers_are_uncertain() -> None:
    """An order whose answer cannot be read may stand in the book."""
    assert ClobMalformed("?").uncertain and not ClobLimited(1).uncertain
