"""One target, scrape after scrape: fetch, parse, store, mark what has gone."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from watchkeeper.keeper.scrape.errors import FetchError, ScrapeError
from watchkeeper.keeper.scrape.exposition import Family, OpenMetricsParser, Page, Parser, TextParser
from watchkeeper.keeper.scrape.http import Client
from watchkeeper.keeper.scrape.scraped import Scraped
from watchkeeper.keeper.scrape.target import Health, Target, TargetStatus
from watchkeeper.keeper.scrape.translation import Translated, Translation
from watchkeeper.keeper.store import STALE, Ingested, Store, labels_of
from watchkeeper.keeper.store.series import Refs, Values

_ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.6,*/*;q=0.1"
_AHEAD_MS = 600_000  # a target's own times may lie this far in the future
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_REPORTS = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)


class Visit:
    """The life of one target; `scrape` is called at its times, `leave` when the target has gone."""

    def __init__(self, target: Target, store: Store, clock: Callable[[], float] = time.time) -> None:
        self.target = target
        self._store = store
        self._clock = clock
        self._client = Client(target.url, _tls(target))
        self._parsers: dict[str, Parser] = {}
        self._translation = Translation(target, store)
        self._tracked: set[int] = set()
        self._reports: Refs | None = None
        self.families: dict[str, Family] = {}
        self._health: Health = "unknown"
        self._error = ""
        self._last = 0.0
        self._duration = 0.0
        self._samples = 0
        self._relabelled = 0
        self._added = 0
        self._found: Translated | None = None

    def status(self) -> TargetStatus:
        """Tell how the target does."""
        job = self.target.job
        return TargetStatus(
            url=self.target.url,
            labels=self.target.labels,
            job=job.name,
            health=self._health,
            last_error=self._error,
            last_scrape=self._last,
            last_duration=self._duration,
            samples=self._samples,
            interval=job.interval,
            timeout=job.timeout,
            discovered=self.target.discovered,
        )

    async def scrape(self, time_ms: int) -> Scraped:
        """Scrape once; what goes wrong is in the result, not raised. `time_ms` is the samples' time."""
        begin = time.monotonic()
        page: Page | None = None
        try:
            async with asyncio.timeout(self.target.job.timeout):
                page = await self._page()
            result = self._take(page, time_ms)
        except TimeoutError:
            result = self._fail(f"no whole answer within {self.target.job.timeout:g} s", time_ms)
        except ScrapeError as error:
            result = self._fail(str(error), time_ms)
        return self._report(result, page, round(time.monotonic() - begin, 6), time_ms)

    def leave(self, time_ms: int) -> None:
        """Mark all of the target's series as ended and drop the connection."""
        self._mark_stale(self._tracked, time_ms)
        if self._reports is not None:
            self._mark_stale(self._reports.tolist(), time_ms)
        self._tracked, self._reports = set(), None
        self.close()

    def close(self) -> None:
        """Drop the connection."""
        self._client.close()

    async def _page(self) -> Page:
        job = self.target.job
        answer = await self._client.get(self._headers(), job.limits.body_bytes)
        if answer.status != 200:
            raise FetchError(f"the target answered {answer.status} {answer.reason}".rstrip())
        try:
            text = answer.body.decode()
        except UnicodeDecodeError as error:
            raise FetchError(f"the answer is not UTF-8: {error}") from error
        return self._parser(answer.content_type).parse(text)

    def _headers(self) -> list[tuple[str, str]]:
        job = self.target.job
        headers = [
            ("User-Agent", "Watchkeeper"),
            ("Accept", _ACCEPT),
            ("X-Prometheus-Scrape-Timeout-Seconds", f"{job.timeout:g}"),
        ]
        if job.compression and not _on_loopback(self.target.url):
            headers.append(("Accept-Encoding", "gzip"))
        if job.bearer_token_file is not None:
            headers.append(("Authorization", f"Bearer {_token(job.bearer_token_file)}"))
        return headers

    def _parser(self, content_type: str) -> Parser:
        kind = content_type.partition(";")[0].strip().lower()
        if kind not in self._parsers:
            # One format at a time: a target that changes its mind costs one slow scrape.
            openmetrics = kind == "application/openmetrics-text"
            self._parsers = {kind: OpenMetricsParser() if openmetrics else TextParser()}
        return self._parsers[kind]

    def _take(self, page: Page, time_ms: int) -> Scraped:
        read = np.array(page.values, np.float64)
        found = self._translation.translate(page.keys)
        values = read[found.places]
        if self._append(page, found, values, time_ms).refused:  # retention removed series that come back
            self._translation.forget()
            found = self._translation.translate(page.keys)
            values = read[found.places]
            self._append(page, found, values, time_ms)
        self._track(page, found, time_ms)
        self.families = page.families
        self._relabelled = found.relabelled
        exemplars = tuple(found.marked(page.exemplars)) if page.exemplars else ()
        refused = f"{found.refused} samples refused: the store has no room for more series"
        error = refused if found.refused else ""
        return Scraped(self.target, True, time_ms, 0.0, error, found.labels, values, exemplars)

    def _append(self, page: Page, found: Translated, values: Values, time_ms: int) -> Ingested:
        if not page.times or not self.target.job.honor_timestamps:
            return self._store.append_refs(found.refs, time_ms, values)
        times = np.array([page.times.get(place, time_ms) for place in found.places.tolist()], np.int64)
        sane = times <= self._clock() * 1000 + _AHEAD_MS
        return self._store.append_refs(found.refs[sane], times[sane], values[sane])

    def _track(self, page: Page, found: Translated, time_ms: int) -> None:
        """Mark the series that have gone as ended; those with times of their own end by themselves."""
        if found is self._found and not page.times:
            self._added = 0
            return
        self._found = found
        here = set(found.refs.tolist())
        tracked = here
        if page.times and self.target.job.honor_timestamps:
            tracked = {
                r
                for r, p in zip(found.refs.tolist(), found.places.tolist(), strict=True)
                if p not in page.times
            }
        self._added = len(tracked - self._tracked)
        self._mark_stale(self._tracked - here, time_ms)
        self._tracked = tracked

    def _fail(self, error: str, time_ms: int) -> Scraped:
        self._mark_stale(self._tracked, time_ms)
        self._tracked, self._found = set(), None
        self._relabelled = self._added = 0
        return Scraped(self.target, False, time_ms, 0.0, error)

    def _mark_stale(self, refs: Iterable[int], time_ms: int) -> None:
        gone = sorted(refs)
        if gone:
            self._store.append_refs(gone, time_ms, np.full(len(gone), STALE))

    def _report(self, result: Scraped, page: Page | None, duration: float, time_ms: int) -> Scraped:
        scraped = 0 if page is None else len(page.keys)
        reports = (float(result.up), duration, scraped, self._relabelled, self._added)
        if self._reports is None:
            self._reports = np.array([self._report_ref(name) for name in _REPORTS], np.int64)
        if self._store.append_refs(self._reports, time_ms, np.array(reports, np.float64)).refused:
            self._reports = None  # retention removed them; made anew next time
        self._health, self._error = "up" if result.up else "down", result.error
        self._last, self._duration, self._samples = time_ms / 1000, duration, scraped
        return replace(result, duration=duration)

    def _report_ref(self, name: str) -> int:
        return self._store.ref(labels_of(dict(self.target.labels), name), essential=True)


def _tls(target: Target) -> ssl.SSLContext | None:
    if not target.url.startswith("https:"):
        return None
    context = ssl.create_default_context(cafile=target.job.ca_file)
    if target.job.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _token(path: Path) -> str:
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        raise FetchError(f"cannot read the bearer token file {path}: {error}") from error
    if not token or not token.isprintable():
        raise FetchError(f"the bearer token file {path} holds no token")
    return token


def _on_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in _LOOPBACK or host.startswith("127.")
