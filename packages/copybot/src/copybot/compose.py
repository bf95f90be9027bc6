"""One life of the bot: put together, watched, run until it is told to stop, taken apart in reverse order."""

from __future__ import annotations

import asyncio
import gc
import signal
import sqlite3
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import urlsplit

import msgspec

from copybot import watch
from copybot.alerts import Repeats, Telegram, Templates
from copybot.bot import Bot, Venue
from copybot.clob import ClobError, LocalSigner
from copybot.footprint import footprints
from copybot.logs import logger, redaction
from copybot.ports import BotObserver, Clock
from copybot.settings import Settings, SettingsError, live_enabled, read_secret
from copybot.state import open_state
from copybot.venue import Clients, Place, place_of
from copybot.wallet import key_of

OK, FAILED = 0, 1
LOOPBACK = ("127.0.0.1", "::1", "localhost")
START_SECONDS = 60.0


async def run(settings: Settings, folder: Path, version: str) -> int:
    """Run the bot; return 0 where it was told to stop, 1 where it could not go on."""
    log, reason = logger(), "stopped"
    place = place_of(settings, folder)
    settings = followed(settings, place)
    refuse_real_paper(settings)
    key = key_of(settings, folder)
    redaction.hide(key)
    agent = watch.agent(settings, version)
    watcher = watch.Watcher(agent, settings)
    async with AsyncExitStack() as stack:
        state = open_state(settings, folder)
        stack.callback(state.close)
        heartbeat = agent.heartbeat("loop", limit=5.0)
        agent.start()
        stack.callback(lambda: agent.stop(reason))
        heartbeat.follow(asyncio.get_running_loop(), every=0.5)
        clients = Clients(place, LocalSigner(key), time, watcher)
        stack.push_async_callback(clients.close)
        venue = await trading_venue(settings, clients.venue, key, stack)
        bot = Bot(settings, venue, state, time, watcher, log, telegram_of(settings, time, watcher))
        watcher.on_call, watcher.held = bot.breaker.called, footprints(bot)
        try:
            await started(bot, log)
            gc.collect()
            agent.started()
            log.info(
                "running", leaders=len(bot.monitor.leaders), address=venue.trading.address, port=agent.port
            )
            return await until_told(bot.run())
        except (ClobError, sqlite3.Error) as error:  # the rows, too, can fail for good: a full disk
            reason = f"{type(error).__name__}: {error}"
            log.error("stopping", reason=reason)
            return FAILED
        finally:
            agent.stopping(reason)
            log.info("stopped", reason=reason)


def followed(settings: Settings, place: Place) -> Settings:
    """Return the settings with the venue's place; a local venue's leaders where none are configured."""
    wallets = settings.wallets
    if not wallets.leaders:
        wallets = msgspec.structs.replace(wallets, leaders=place.leaders)
    return msgspec.structs.replace(settings, venue=place.settings, wallets=wallets)


def refuse_real_paper(settings: Settings) -> None:
    """Refuse paper orders to anything but this machine, and live ones with one switch alone."""
    if settings.execution.mode == "live":
        if not live_enabled(settings):
            raise SettingsError(
                "execution.mode is live: COPYBOT_LIVE=true in the environment is the second switch"
            )
        return
    for name in ("clob", "relayer"):
        url = getattr(settings.venue, name)
        if url and urlsplit(url).hostname not in LOOPBACK:
            raise SettingsError(f"venue.{name} is {url}: paper trading needs a local venue (venue.file)")


async def trading_venue(settings: Settings, venue: Venue, key: bytes, stack: AsyncExitStack) -> Venue:
    """Return the venue with the official client as its trading desk where live is switched on."""
    if not live_enabled(settings):
        return venue
    from copybot.clob.live import LiveTrading  # the official client is imported in live mode alone

    live = await LiveTrading.connect(venue.trading, key)
    stack.push_async_callback(live.close)
    return msgspec.structs.replace(venue, trading=live)


def telegram_of(settings: Settings, clock: Clock, observer: BotObserver) -> Telegram:
    """Return the teller of the environment's own chat."""
    alerts = settings.alerts
    chat = alerts.production_chat if alerts.environment == "production" else alerts.staging_chat
    token = read_secret("COPYBOT_TELEGRAM_TOKEN")
    if token:
        redaction.hide_text(token)
    repeats = Repeats(alerts.repeat_seconds)
    return Telegram(alerts.telegram_url, token, chat, Templates(alerts), repeats, clock, observer)


async def started(bot: Bot, log: Any) -> None:
    """Start the bot, again while the venue does not answer; raise the last error after a minute."""
    until = time() + START_SECONDS
    while True:
        try:
            await bot.start()
            return
        except ClobError as error:
            if not error.retryable or time() > until:
                raise
            log.warning("the venue does not answer yet", error=str(error)[:200])
        await asyncio.sleep(1.0)


async def until_told(work: Coroutine[Any, Any, None]) -> int:
    """Run until the work ends or a signal asks to stop; an error of the work is raised."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return OK
    return FAILED
