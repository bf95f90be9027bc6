"""The bot's alerts reach the chat of their environment, in order, and never flood it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from copybot.alerts import Repeats, Telegram, Templates
from copybot.alerts.telegram import QUEUE, retry_after
from copybot.compose import telegram_of
from copybot.reading import read_settings
from copybot.settings import AlertSettings, SettingsError


def test_each_kind_has_its_own_template() -> None:
    """A template may name the fields of its kind, and no others."""
    templates = Templates(AlertSettings(trade_template="{side} {shares}", environment="production"))
    assert templates.write("trade", {"side": "BUY", "shares": "3"}) == "BUY 3"
    assert templates.write("breaker", {"state": "paused"}).startswith("[production] breaker paused")
    with pytest.raises(SettingsError, match=r"alerts\.error_template.*'price'.*part"):
        Templates(AlertSettings(error_template="{price}"))
    with pytest.raises(SettingsError):
        Templates(AlertSettings(error_template="{part"))


@pytest.mark.parametrize(
    "text", ["{value:.2f}", "{price:d}", "{side:99999999999}", "{side:{width}}", "{side!x}"]
)
def test_a_template_that_cannot_be_written_is_refused_at_start(text: str) -> None:
    """It would fail at the first trade, in the middle of the books."""
    with pytest.raises(SettingsError, match=r"alerts\.trade_template"):
        Templates(AlertSettings(trade_template=text))
    assert Templates(AlertSettings(trade_template="{side:>5}")).write("trade", {"side": "BUY"}) == "  BUY"


@pytest.mark.parametrize(("environment", "chat"), [("staging", "s"), ("production", "p")])
def test_staging_and_production_are_kept_apart(
    environment: str, chat: str, observed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One never speaks in the other's chat."""
    monkeypatch.setenv("COPYBOT_TELEGRAM_TOKEN", "12:ab")
    tree = {"alerts": {"environment": environment, "staging_chat": "s", "production_chat": "p"}}
    assert telegram_of(read_settings(tree), lambda: 0.0, observed)._chat == chat


@given(st.lists(st.floats(0, 500), max_size=60))
def test_an_equal_alert_waits_twice_as_long_each_time(gaps: list[float]) -> None:
    """However often an error comes, it is told a bounded number of times, and every one is counted."""
    repeats, now, told, last = Repeats(30.0), 0.0, 0, 0
    for gap in gaps:
        now += gap
        if (behind := repeats.admit("x", now)) is not None:
            told, last = told + behind, 0
        else:
            last += 1
    assert told + last == len(gaps)


def test_a_burst_is_told_once() -> None:
    """A thousand equal errors in a minute are two messages."""
    repeats = Repeats(30.0)
    assert sum(repeats.admit("x", at * 0.06) is not None for at in range(1000)) == 2


async def told(app: web.Application, observed: Any, texts: int) -> list[str]:
    """Tell some errors to a server and return what the observer saw of them."""
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    telegram = Telegram(url, "12:ab", "7", Templates(AlertSettings()), Repeats(1), lambda: 0.0, observed)
    running = asyncio.ensure_future(telegram.run())
    for number in range(texts):
        telegram.tell("error", part=str(number), detail="x")
    for _ in range(400):
        if sum(observed.calls[f"alert:{word}"] for word in ("sent", "failed")) >= texts:
            break
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await runner.cleanup()
    return [arguments[0] for name, arguments in observed.seen if name == "alert"]


async def test_a_message_is_what_the_bot_api_takes(observed: Any) -> None:
    """chat_id and text, to the bot's own path."""
    seen: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        seen.append((request.path, await request.json()))
        return web.json_response({"ok": True})

    app = web.Application()
    app.router.add_post("/{bot}/sendMessage", take)
    assert await told(app, observed, 1) == ["sent"]
    assert seen == [("/bot12:ab/sendMessage", {"chat_id": "7", "text": "[staging] error in 0: x"})]


async def test_a_wrong_token_is_not_asked_again(observed: Any) -> None:
    """401 stays 401."""
    count = 0

    async def refuse(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        return web.json_response({"ok": False}, status=401)

    app = web.Application()
    app.router.add_post("/{bot}/sendMessage", refuse)
    assert await told(app, observed, 1) == ["failed"] and count == 1


def test_the_queue_is_bounded(observed: Any) -> None:
    """Known failure: unbounded caches. The oldest alert gives way, and is counted."""
    telegram = Telegram("http://h", "t", "c", Templates(AlertSettings()), Repeats(1), lambda: 0.0, observed)
    for _ in range(QUEUE + 50):
        telegram.tell("trade", side="BUY")
    assert observed.calls["alert:dropped"] == 50


def test_without_a_chat_nothing_is_kept(observed: Any) -> None:
    """An alert without a receiver is counted and forgotten."""
    telegram = Telegram("http://h", "", "", Templates(AlertSettings()), Repeats(1), lambda: 0.0, observed)
    telegram.tell("trade", side="BUY")
    assert observed.calls["alert:off"] == 1 and not telegram.on


def test_the_wait_is_read_with_care() -> None:
    """parameters.retry_after, at least a second."""
    assert retry_after({"parameters": {"retry_after": 7}}) == 7.0
    assert retry_after({"parameters": {}}) == retry_after([]) == 1.0
