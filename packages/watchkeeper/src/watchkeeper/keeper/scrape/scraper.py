"""All targets: find them, visit each at its own times, tell how they do."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence

from watchkeeper.keeper.scrape.discovery import FileGroups, Registered
from watchkeeper.keeper.scrape.errors import JobError
from watchkeeper.keeper.scrape.exposition import Family
from watchkeeper.keeper.scrape.job import Group, ScrapeJob
from watchkeeper.keeper.scrape.pacing import Pace
from watchkeeper.keeper.scrape.scraped import OnScrape, Scraped
from watchkeeper.keeper.scrape.target import Pairs, Target, TargetStatus, targets_of
from watchkeeper.keeper.scrape.visit import Visit
from watchkeeper.keeper.store import Store

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0  # how often files and registrations are looked at; a stat per file

_Identity = tuple[str, str, Pairs]


class Scraper:
    """Scrape the targets of some jobs into a store, in one task per target of the running loop.

    `on_scrape` is called after each scrape, in the loop; what it raises is logged. `clock` gives the
    samples' times (Unix seconds). While `slowness` is n, all scrapes but each n-th are left out.
    """

    def __init__(
        self,
        jobs: Iterable[ScrapeJob],
        store: Store,
        *,
        on_scrape: OnScrape | None = None,
        clock: Callable[[], float] = time.time,
        slowness: Callable[[], int] = lambda: 1,
    ) -> None:
        self._slowness = slowness
        self._jobs = {job.name: job for job in jobs}
        self._store = store
        self._on_scrape = on_scrape
        self._clock = clock
        self._files = {job.name: FileGroups(job.files) for job in self._jobs.values() if job.files}
        self._registered = {name: Registered() for name in self._jobs}
        self._visits: dict[_Identity, Visit] = {}
        self._tasks: dict[_Identity, asyncio.Task[None]] = {}
        self._problems: dict[str, str] = {}
        self._read: dict[str, tuple[list[Group], list[Target]]] = {}  # by job: groups, and what they mean

    async def run(self) -> None:
        """Scrape until cancelled; then all connections are closed. Series are not marked as ended."""
        try:
            while True:
                self.look()
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for visit in self._visits.values():
                visit.close()
            self._tasks.clear()

    def look(self) -> None:
        """Find the targets anew: begin with new ones, leave those that have gone."""
        wanted = {target.identity: target for job in self._jobs.values() for target in self._found(job)}
        for identity in self._tasks.keys() - wanted.keys():
            self._leave(identity)
        for identity, target in wanted.items():
            if identity not in self._tasks:
                self._visits[identity] = visit = Visit(target, self._store, self._clock)
                self._tasks[identity] = asyncio.create_task(self._keep_visiting(visit), name=target.url)

    def register(
        self, job: str, address: str, labels: Sequence[tuple[str, str]] = (), ttl: float = 60.0
    ) -> None:
        """Add a target (`host:port`) to a job for `ttl` seconds, or renew it; raises JobError."""
        if job not in self._jobs:
            raise JobError(f"job {job!r} is unknown; known: {', '.join(sorted(self._jobs))}")
        targets_of(self._jobs[job], [Group((address,), tuple(labels))])
        self._registered[job].add(address, labels, self._clock() + ttl)

    def unregister(self, job: str, address: str) -> None:
        """Take a registered target out."""
        if job in self._registered:
            self._registered[job].remove(address)

    def targets(self) -> list[TargetStatus]:
        """Tell how each target does, sorted by job and URL."""
        return sorted((visit.status() for visit in self._visits.values()), key=lambda s: (s.job, s.url))

    def metadata(self) -> dict[str, list[Family]]:
        """Return what the targets say about each metric, each different saying once."""
        told: dict[str, list[Family]] = {}
        for visit in self._visits.values():
            for name, family in visit.families.items():
                sayings = told.setdefault(name, [])
                if family not in sayings:
                    sayings.append(family)
        return told

    def sayings(self) -> list[tuple[Pairs, dict[str, Family]]]:
        """Return the labels of each target, and what it says about its metrics."""
        found = [(visit.target.labels, visit.families) for visit in self._visits.values()]
        return sorted(found, key=lambda one: one[0])

    def problems(self) -> dict[str, str]:
        """Return what is wrong with finding targets now: by file path or job name."""
        files = {path: text for files in self._files.values() for path, text in files.errors.items()}
        return {**self._problems, **files}

    def _found(self, job: ScrapeJob) -> list[Target]:
        groups = [*job.groups, *self._registered[job.name].groups(self._clock())]
        if job.name in self._files:
            groups.extend(self._files[job.name].groups())
        read, found = self._read.get(job.name, (None, []))
        if read != groups:
            try:
                found = targets_of(job, groups)
            except JobError as error:
                if self._problems.get(job.name) != str(error):
                    _log.error("job %s: %s; its targets stay as they are", job.name, error)
                self._problems[job.name] = str(error)
                return [visit.target for visit in self._visits.values() if visit.target.job is job]
            self._read[job.name] = groups, found
        self._problems.pop(job.name, None)
        return found

    def _leave(self, identity: _Identity) -> None:
        self._tasks.pop(identity).cancel()
        self._visits.pop(identity).leave(int(self._clock() * 1000))

    async def _keep_visiting(self, visit: Visit) -> None:
        target, now = visit.target, asyncio.get_running_loop().time
        pace = Pace.spread(target.job.interval, target.offset(), now())
        while True:
            await asyncio.sleep(pace.wait(now()))
            time_ms = pace.stamp(self._clock() * 1000)
            try:
                self._tell(await visit.scrape(time_ms))
            except Exception:
                # A fault of ours must not end the watch over this target; it shows as silence otherwise.
                _log.exception("scrape of %s failed inside the keeper", target.url)
            pace.advance(now())
            for _ in range(self._slowness() - 1):
                pace.leave_out()

    def _tell(self, scraped: Scraped) -> None:
        if self._on_scrape is None:
            return
        try:
            self._on_scrape(scraped)
        except Exception:
            _log.exception("the follower of scrapes failed on %s", scraped.target.url)
