"""The keeper's composition: opened in order, closed in reverse, and the order of an alarm's life."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

from watchkeeper import Watch
from watchkeeper.keeper import itself, memory
from watchkeeper.keeper.access import token_of
from watchkeeper.keeper.address import address_of
from watchkeeper.keeper.admission import open_desk, open_gallery, open_shelf, tidy
from watchkeeper.keeper.agents import Agents
from watchkeeper.keeper.alarming import Alarming
from watchkeeper.keeper.asking import Asker
from watchkeeper.keeper.config import Config, jobs_of
from watchkeeper.keeper.findings import Gathering, silence_rules
from watchkeeper.keeper.guard import REFRESH_SECONDS, Shedding
from watchkeeper.keeper.judge import Contact, Finding, Judge, overall
from watchkeeper.keeper.judge.targets import owners
from watchkeeper.keeper.measuring import Measuring
from watchkeeper.keeper.round import Round
from watchkeeper.keeper.scrape import Scraper, TargetStatus
from watchkeeper.keeper.serving import bind, server
from watchkeeper.keeper.store import Flips, Store
from watchkeeper.keeper.verification import Verification
from watchkeeper.keeper.web import Live, Recovery, Reports, Sight, create_app

LOG = logging.getLogger("watchkeeper.keeper")

SETTLING_SECONDS = 10.0
EXPIRY_SECONDS = 3600.0


class Ended(Exception):
    """A part of the keeper ended although nobody asked it to."""


def contact_of(status: TargetStatus, alone: bool) -> Contact:
    """Return a target's last scrape; its bot is its label `bot`, else its job, else its instance."""
    labels = dict(status.labels)
    job, instance = labels.get("job", status.job), labels.get("instance", "")
    return Contact(
        job=job,
        instance=instance,
        bot=labels.get("bot") or (job if alone else instance),
        up=None if status.health == "unknown" else status.health == "up",
        at=status.last_scrape,
        interval=status.interval,
        error=status.last_error,
        url=status.url,
        duration=status.last_duration,
        samples=status.samples,
        owner=labels.get("bot", ""),
    )


class Keeper:
    """One keeper over one data folder.

    `open` it, `run` it until `stop` is set, and it closes what it opened in reverse order.
    """

    def __init__(
        self, config: Config, base: Path, version: str, clock: Callable[[], float] = time.time
    ) -> None:
        self.config = config
        self.base = base
        self.version = version
        self._clock = clock
        self._stack = AsyncExitStack()
        self.port = 0

    async def __aenter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _open(self) -> None:
        """Open everything; what cannot be had is an error before the first scrape."""
        config = self.config
        token = token_of(config.listen, os.environ, self.base)
        self._door = bind(config.listen.address, config.listen.port)
        self._stack.callback(self._door.close)
        self.port = self._door.getsockname()[1]
        self._open_rows(self.base / config.data)
        self._open_scrape()
        self._open_judge()
        self._open_watch()
        self._live = Live(self._sight())
        desk = open_desk(config, self.base / config.data, bool(token), self._clock, self._stack)
        self.people = desk.people
        folder = self.base / config.data
        self.gallery = open_gallery(config, folder, self.roots, self.agents, self._clock, self._stack)
        reports = Reports(self.roots, self.agents.get, self._clock)
        self._stack.callback(reports.close)
        verification = Verification(self.store, folder / "verified.json", self._clock, self._stressed)
        self._stack.callback(verification.close)
        app = create_app(
            self._live,
            token,
            config.listen.hosts,
            more=[*self.measuring.routes(), *self.alarming.routes()],
            desk=desk,
            shelf=open_shelf(self.base / config.data, self._clock, self._stack),
            gallery=self.gallery,
            reports=reports,
            mending=Recovery(verification, self.alarming.outbox),
        )
        self.measuring.serve(app)
        self.alarming.serve(app)
        self._server = server(Shedding(app, self._stressed))

    def _open_rows(self, folder: Path) -> None:
        retention = self.config.retention
        self.store = Store.open(
            folder,
            flush_seconds=float(self.config.store.flush),
            retention_seconds=float(retention.time),
            retention_bytes=int(retention.size),
            cache_bytes=int(self.config.store.cache),
            clock=self._clock,
        )
        self._stack.callback(self.store.close)
        self.flips = Flips.open(folder)
        self._stack.callback(self.flips.close)

    def _open_scrape(self) -> None:
        jobs = jobs_of(self.config, self.base)
        self.scraper = Scraper(
            jobs,
            self.store,
            clock=self._clock,
            slowness=self._slowness,
        )
        self.agents = Agents(jobs, self.scraper.targets)
        self._stack.callback(self.agents.close)
        self.asker = Asker(self.agents.json, self.config.judge.health_path, self._clock)
        self._stack.push_async_callback(self.asker.close)
        url = address_of(self.config, self.port)
        self.measuring = Measuring(
            self.config, self.base, self.store, self.scraper, self._clock, self.version, url
        )
        self._stack.callback(self.measuring.close)
        self.measuring.open()

    def _stressed(self) -> bool:
        return self.alarming.guard.tripped

    def _slowness(self) -> int:
        return self.alarming.guard.slowness()

    def _open_judge(self) -> None:
        self.judge, self._ledger = memory.recalled(self.flips)
        self.alarming = Alarming(self.config, self.base, self.judge, self._clock, self.version, self.port)
        self.alarming.open(self._stack, self.flips)
        self.started = self._clock()
        rules = silence_rules(self.config)
        gathering = Gathering(self.config, rules, self.store, self.asker, self.started)

        def findings(contacts: list[Contact], judge: Judge, now: float) -> list[Finding]:
            ruled, cared = self.measuring.ruling.findings(judge), self.alarming.findings(judge)
            return [*gathering.findings(contacts, judge, now), *ruled, *cared]

        self.round = Round(findings, self.judge, self._ledger, self.flips, self.alarming.diary)

    def _open_watch(self) -> None:
        self.watch: Watch = itself.own_watch(self.version, self.config.listen.probe_port)
        itself.SelfWatch(self.watch, self.store, self.round.tally, self.alarming.outbox.tally, self.judge)
        self.watch.check("store", itself.store_check(self.store, self.round.tally), critical=True)
        self.watch.check("scrape", itself.scrape_check(self.contacts, self._clock), critical=True)
        self.watch.check("notify", itself.notify_check(self.alarming.outbox.failing))
        self.measuring.watch(self.watch)
        self.alarming.watch(self.watch)

    def _sight(self) -> Sight:
        gauge = itself.Gauge(time.monotonic)
        return Sight(
            version=self.version,
            started=self.started,
            every=float(self.config.judge.every),
            now=self._clock,
            samples=self.store,
            flips=self.flips,
            judge=self.judge,
            contacts=self.contacts,
            healths=lambda: self.asker.healths,
            overall=lambda: overall(self.judge.shown(self._clock()), self._clock()),
            own=gauge.read,
            revision=lambda: self.round.tally.flips,
            pages=itself.doors(self.watch),
        )

    def contacts(self) -> list[Contact]:
        """Return the last scrape of every target."""
        statuses = self.scraper.targets()
        jobs = [dict(status.labels).get("job", status.job) for status in statuses]
        return [contact_of(status, jobs.count(job) == 1) for status, job in zip(statuses, jobs, strict=True)]

    def roots(self) -> dict[str, str]:
        """Return the root of each bot's agent that has told its health."""
        known = [contact for contact in self.contacts() if contact.bot in self.asker.healths and contact.up]
        return {contact.bot: "/".join(contact.url.split("/", 3)[:3]) for contact in known}

    async def run(self, stop: asyncio.Event) -> None:
        """Serve and keep watch until `stop`; raise Ended where a part of the keeper ends before."""
        self._begin_watch()
        self.scraper.look()  # so that the first round knows the targets
        tasks: set[asyncio.Task[Any]] = {
            asyncio.create_task(part, name=name)
            for name, part in {
                "scrape": self.scraper.run(),
                "rounds": self._rounds(),
                "rules": self.measuring.run(),
                "alerting": self.alarming.run(),
                "housekeeping": self._housekeeping(),
                "profiles": self.gallery.fetching.run(),
                "http": self._server.serve(sockets=[self._door]),
                "stop": stop.wait(),
            }.items()
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if task.get_name() != "stop":
                    raise Ended(f"{task.get_name()} ended") from task.exception()
        finally:
            await self._drain(tasks)

    def _begin_watch(self) -> None:
        self.watch.start()
        beat = self.watch.heartbeat("rounds", limit=10.0 + 3 * float(self.config.judge.every))
        beat.follow(asyncio.get_running_loop(), every=1.0)
        self.watch.started()

    async def _drain(self, tasks: set[asyncio.Task[Any]]) -> None:
        """Close the streams, let answers finish, stop scraping and judging, tell what is owed."""
        self.watch.stopping("the keeper ends")
        self._live.stream.close()
        self._server.finish()
        http = next(task for task in tasks if task.get_name() == "http")
        for task in tasks - {http}:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self.watch.stop, "the keeper ends")

    async def _rounds(self) -> None:
        """Do one round each `judge.every`, without drift; a round that fails ends the keeper."""
        every = float(self.config.judge.every)
        due = shown = time.monotonic()
        while True:
            contacts = self.contacts()
            self.asker.ask(contacts)
            await self.round.go(contacts, self._clock())
            await self.alarming.follow(self._ledger.firing, owners(contacts), self._clock())
            if not self.alarming.guard.tripped or time.monotonic() - shown >= REFRESH_SECONDS:
                self._live.refresh()
                shown = time.monotonic()
            due = max(due + every, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    async def _housekeeping(self) -> None:
        """Forget flips older than the retention, and give memory back: soon after the start, then hourly."""
        pause = SETTLING_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = EXPIRY_SECONDS
            self.flips.expire(self._clock() - float(self.config.retention.time))
            tidy(self.config, self.people, self.gallery, self._clock())
            itself.give_back()
