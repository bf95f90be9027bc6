"""The care side of the keeper put together: desk, outbox, guard, dead-man's switches, hand-over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from watchkeeper import Watch
from watchkeeper.keeper.address import address_of
from watchkeeper.keeper.alertdesk import AlertDesk, TooManyAlerts
from watchkeeper.keeper.alerts import Alerting, AlertsError, Notification, Posted
from watchkeeper.keeper.alerts.config import parse
from watchkeeper.keeper.alerts.groups import ROW
from watchkeeper.keeper.alertstore import AlertStore, AlertStoreError
from watchkeeper.keeper.answering import Answering
from watchkeeper.keeper.config import Config, ConfigError
from watchkeeper.keeper.deadman import Beacon, Expectations, Expected, PingBook, Pinger, read_pings
from watchkeeper.keeper.diary import Diary, pens
from watchkeeper.keeper.feeding import Feed
from watchkeeper.keeper.forwarding import Forwarder
from watchkeeper.keeper.forwarding import Place as Alertmanager
from watchkeeper.keeper.guard import SUBJECT, Limits, PressureGauge, StressGuard
from watchkeeper.keeper.judge import Finding, Judge
from watchkeeper.keeper.notify.channels.settings import Place
from watchkeeper.keeper.notify.channels.telegram import Press
from watchkeeper.keeper.notify.errors import NotifyError, SettingsInvalid, TokenInvalid
from watchkeeper.keeper.notify.opening import Speech, listeners, speech_of
from watchkeeper.keeper.notify.outbox import Outbox
from watchkeeper.keeper.reminders import reminders
from watchkeeper.keeper.store import Flips
from watchkeeper.keeper.web import alertmanager

LOG = logging.getLogger("watchkeeper.alerts")

# Without a file of one's own: alerts are kept, silenced and acknowledged, and nobody is told beyond
# the keeper's log and its file of lines; so there is no message to gather alerts for.
PLAIN = """
route: {receiver: keeper, group_by: [alertname, bot, job], group_wait: 0s}
receivers: [{name: keeper}]
"""
REMIND_SECONDS = 60.0
FORGET_SECONDS = 3600.0


class Alarming:
    """Everything between an alert and a person; `open`, `run`, and what others ask of it."""

    def __init__(
        self, config: Config, base: Path, judge: Judge, clock: Callable[[], float], version: str, port: int
    ) -> None:
        self._config = config
        self._base = base
        self._data = base / config.data
        self._judge = judge
        self._clock = clock
        self._version = version
        self._external = address_of(config, port)
        self._round_at = clock()
        self._reminded = 0.0

    # Opening

    def open(self, stack: AsyncExitStack, flips: Flips) -> None:
        """Open rows, channels and switches, to be closed with the stack; raise ConfigError.

        flips are the rows that the diary tells of.
        """
        settings = self._config.alerting
        self.alerting = self._read(settings.config_file)
        try:
            store = AlertStore.open(self._data)
            stack.callback(store.close)
            speech = self._speech()
            diary = pens(self._config.notify, self._data, speech.voice)
            if taken := speech.senders.keys() & diary.keys():
                raise ConfigError(f"{settings.config_file}: {min(taken)} is a name of the keeper's own diary")
            self.senders = {**speech.senders, **diary}
            self.outbox = Outbox(self._data / "outbox.db", self.senders, self._clock, muted=self._muted)
            stack.callback(self.outbox.close)
            self.diary = Diary(flips, diary, self.outbox)
            self.listeners = listeners(self.alerting, self._place(), speech.voice, self._pressed)
        except AlertsError as error:
            raise ConfigError(f"{settings.config_file}: {error}") from None
        except SettingsInvalid as error:
            raise ConfigError(f"{settings.config_file}: {error}") from None
        except (NotifyError, AlertStoreError, OSError) as error:
            raise ConfigError(f"alerting: {error}") from None
        memory = store.memory()
        memory = replace(memory, log=self.outbox.last_words(memory.log))
        most = settings.max_alerts
        self.desk = AlertDesk(self.alerting, store, memory, self._carry, self._clock, most)
        self.answering = Answering(self.desk, speech.tokens)
        self._open_switches()

    def _read(self, name: str) -> Alerting:
        if not name:
            return parse(PLAIN)
        path = self._base / name
        try:
            return parse(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, AlertsError) as error:
            raise ConfigError(f"alerting.config_file: {path}: {error}") from None

    def _speech(self) -> Speech:
        """Return how this keeper tells people; raise NotifyError naming the field, OSError."""
        return speech_of(self.alerting, self._place(), self._external, self._clock)

    def _place(self) -> Place:
        file = self._config.alerting.config_file
        return Place((self._base / file).parent if file else self._base, self._data)

    async def _pressed(self, press: Press) -> str:
        """Acknowledge by a chat's button; return what to tell who pressed it."""
        try:
            return await self.answering.acknowledge(press.token, press.who)
        except (TokenInvalid, AlertStoreError) as error:
            return str(error)

    def _open_switches(self) -> None:
        deadman, guard = self._config.deadman, self._config.guard
        expected = [
            Expected(one.name, float(one.every), float(one.grace), one.severity) for one in deadman.expect
        ]
        path = self._data / "pings.json"
        self.pings = PingBook(Expectations.of(expected, self._clock(), read_pings(path)), path)
        self.pingers = [
            Pinger(
                Beacon(url_of(one.url, one.url_file, self._base), float(one.every), float(one.timeout)),
                self._alive,
            )
            for one in deadman.ping
        ]
        self.forwarders = [
            Forwarder(Alertmanager(one.url, float(one.timeout), token_of(one.bearer_token_file, self._base)))
            for one in self._config.alerting.alertmanagers
        ]
        standing = self._judge.standings.get(SUBJECT)
        limits = Limits(
            guard.cpu_trip,
            guard.memory_trip,
            guard.stalled_trip,
            guard.cpu_recover,
            guard.memory_recover,
            guard.stalled_recover,
            float(guard.hold),
            float(guard.retry),
            guard.attempts,
        )
        before = standing.state if standing else "healthy"
        self.guard = StressGuard(limits, PressureGauge().read, self._clock, guard.enabled, before)
        self._feed = Feed(self._external, self._config.global_.external_labels)

    # Work

    async def run(self) -> None:
        """Keep everything going until cancelled; one part that fails ends all: nobody is to wait in vain."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.desk.run(), name="desk")
            group.create_task(self.outbox.run(), name="outbox")
            group.create_task(self.guard.run(), name="guard")
            group.create_task(self._forget_hourly(), name="timelines")
            for listener in self.listeners:
                group.create_task(listener.run(), name="buttons")
            for pinger in self.pingers:
                group.create_task(pinger.run(), name=f"ping {pinger.beacon.shown}")
            for forwarder in self.forwarders:
                group.create_task(forwarder.run(), name=f"forward {forwarder.place.url}")

    async def _forget_hourly(self) -> None:
        """Keep timelines as long as all other history."""
        while True:
            await asyncio.sleep(FORGET_SECONDS)
            try:
                await self.desk.forget(float(self._config.retention.time))
            except AlertStoreError as error:
                LOG.warning("%s", error)

    async def follow(self, firing: Mapping[str, str], bots: Mapping[str, str], now: float) -> None:
        """Bring what fires after a round to the desk, and to the Alertmanagers that tell it instead of us.

        bots are those of targets that are labelled with one, by subject.
        """
        self._round_at = now
        kept = (one.alert for one in self.desk.dispatcher.register.alerts)
        posts = self._feed.posts(firing, self._judge.standings, kept, now, bots) + self._reminders(now)
        if not posts:
            return
        for forwarder in self.forwarders:
            forwarder.take(posts)
        try:
            for refused in await self.desk.post(posts):
                LOG.error("an alert of our own was refused: %s", refused)
        except (TooManyAlerts, AlertStoreError) as error:
            LOG.error("alerts of our own: %s", error)

    def _reminders(self, now: float) -> list[Posted]:
        if 0 <= now - self._reminded < REMIND_SECONDS:
            return []
        self._reminded = now
        after = float(self._config.alerting.silence_reminder)
        silences = self.desk.silences()
        return reminders(silences, self.desk.alerts(), now, after) if silences else []

    def findings(self, judge: Judge) -> list[Finding]:
        """Return what guard and dead-man's switch say, for the judge."""
        known = SUBJECT in judge.standings
        return [*self.guard.findings(known), *self.pings.expectations.findings(self._clock())]

    async def _carry(self, notifications: Sequence[Notification]) -> None:
        """Put notifications into the outbox, unless other Alertmanagers tell people."""
        if not self.forwarders:
            await self.outbox.put(notifications)

    def _muted(self, notification: Notification) -> bool:
        """Return whether all that a waiting notification says fires has been silenced meanwhile.

        Nothing silences the diary.
        """
        if notification.reason == ROW:
            return False
        now = self._clock()
        firing = [dict(one.labels) for one in notification.alerts if one.ends_at is None]
        mutes = self.desk.dispatcher.muting.mutes
        return bool(firing) and all(mutes(labels, now) for labels in firing)

    def _alive(self) -> str:
        """Return why this keeper must not say that it keeps watch, empty for nothing."""
        limit = 10.0 + 5 * float(self._config.judge.every)
        age = self._clock() - self._round_at
        return f"no round for {age:.0f} s" if age > limit else ""

    # What others ask

    def routes(self) -> list[BaseRoute]:
        """Return the paths of the API."""
        return alertmanager.routes()

    def serve(self, app: Starlette) -> None:
        """Let the API's handlers find what they answer from."""
        app.state.alerting = self.desk
        app.state.version = self._version
        app.state.guard = self.guard
        app.state.pings = self.pings
        app.state.senders = self.senders
        app.state.outbox = self.outbox
        app.state.answering = self.answering

    def watch(self, watch: Watch) -> None:
        """Show it among the keeper's own metrics and checks."""
        self.guard.watch(watch)
        for place, pinger in enumerate(self.pingers):
            watch.check(f"ping_{place}", pinger.check)
        for place, forwarder in enumerate(self.forwarders):
            watch.check(f"alertmanager_{place}", forwarder.check)
        received = watch.counter("monitoring_alerts_received_total", "Alerts posted.", ("result",))
        told = watch.counter("monitoring_notifications_total", "Notifications taken.", ("channel",))
        held = watch.counter(
            "monitoring_alerts_suppressed_total", "Firing alerts left out of what was told, at each look."
        )
        failed = watch.counter(
            "monitoring_notifications_failed_total", "Tries not taken.", ("channel", "reason")
        )

        def refresh() -> None:
            tally, outbox = self.desk.tally, self.outbox.tally
            received.labels("kept").raise_to(tally.received - tally.invalid)
            received.labels("refused").raise_to(tally.invalid)
            held.raise_to(self.desk.dispatcher.suppressed)
            for line, count in tuple(outbox.sent.items()):
                told.labels(str(line)).raise_to(count)
            for (line, reason), count in tuple(outbox.failed.items()):
                failed.labels(str(line), reason).raise_to(count)

        watch.refresh_with(refresh)


def url_of(url: str, file: str, base: Path) -> str:
    """Return an address that may be a secret and then stands in a file; raise ConfigError."""
    if bool(url) == bool(file):
        raise ConfigError("deadman.ping[].url: expected exactly one of url and url_file")
    try:
        found = (base / file).read_text(encoding="utf-8").strip() if file else url
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"deadman.ping[].url_file: {error}") from None
    if not found.startswith(("http://", "https://")):
        raise ConfigError("deadman.ping[].url: expected an http or https URL")
    return found


def token_of(file: str, base: Path) -> Path | None:
    return base / file if file else None
