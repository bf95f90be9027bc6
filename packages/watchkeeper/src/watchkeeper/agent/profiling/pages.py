"""The paths under `/debug/pprof/`, as Go's net/http/pprof has them."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from math import isfinite

from watchkeeper.agent.health.heartbeat import Heartbeat
from watchkeeper.agent.profiling.profile import Profile
from watchkeeper.agent.profiling.sampler import Sampler
from watchkeeper.agent.server.response import Response, plain

PREFIX = "/debug/pprof/"
MOST_SECONDS = 60.0  # of one window: a connection may be busy no longer
DEFAULT_SECONDS = {"profile": 30.0, "heap": 10.0}
FORMATS = ("pprof", "text", "folded")
INDEX = """watchkeeper profiles of {service}

profile?seconds=30   CPU time of the next seconds: {way}
profile?past=60      CPU time of the last seconds, at once (at most 180)
profile?since=UNIX   CPU time from then on, at once: from where the last answer ended
heap?seconds=10      what the next seconds allocate and keep; makes the bot many times slower meanwhile
threads              where every thread stands
tasks                where the tasks of the followed loops wait
block                the last stalls of followed loops over {stall:g} s, and what caused them

All in pprof's format: go tool pprof http://HOST:PORT/debug/pprof/profile
debug=1 or format=text gives text, format=folded gives folded stacks.
"""


class BadQuery(ValueError):
    """A query that cannot be answered; answered with 400."""


class Busy(RuntimeError):
    """Allocations are being traced for somebody else; answered with 409."""


class Pages:
    """Answers the paths; the profiles are made on a thread, so that probes go on."""

    def __init__(self, service: str, sampler: Sampler, heartbeats: Callable[[], Iterable[Heartbeat]]) -> None:
        self._service = service
        self._sampler = sampler
        self._heartbeats = heartbeats
        self._tracing = False
        self._makers: dict[str, Callable[[Mapping[str, str]], Coroutine[object, object, Profile]]] = {
            "profile": self._profile,
            "heap": self._heap,
            "threads": self._threads,
            "goroutine": self._threads,  # as Go's tools call it
            "tasks": self._tasks,
            "block": self._block,
        }

    async def answer(self, path: str, query: Mapping[str, str]) -> Response:
        """Answer one path: 400 for a bad query, 404, 409 while another heap is under way."""
        name = path.removeprefix(PREFIX.rstrip("/")).strip("/")
        if not name:
            return self._index()
        if name not in self._makers:
            return plain(404, f"there is no profile {name[:50]!r}; {PREFIX} lists them")
        try:
            form = format_of(query)
            profile = await self._makers[name](query)
        except BadQuery as bad:
            return plain(400, str(bad))
        except Busy as busy:
            return plain(409, str(busy))
        return await asyncio.to_thread(shown, name, profile, form)

    def _index(self) -> Response:
        way = (
            "sampled by a timer on the main thread's CPU time"
            if self._sampler.timed
            else "sampled by a thread"
        )
        hz = self._sampler.plan.hz
        told = f"{way}, {hz:g} Hz" if hz else "switched off"
        return plain(200, INDEX.format(service=self._service, way=told, stall=self._sampler.stalls.limit))

    async def _profile(self, query: Mapping[str, str]) -> Profile:
        sampler = self._sampler
        if not sampler.plan.hz:
            raise BadQuery("sampling is switched off (PROFILE_HZ=0)")
        if "past" in query:
            start = sampler.now() - number(query, "past", 60.0, 3600.0)
        elif "since" in query:
            start = sampler.steady(number(query, "since", 0.0, 1e12))
        else:
            seconds = number(query, "seconds", DEFAULT_SECONDS["profile"], MOST_SECONDS)
            start = sampler.mark()
            await asyncio.sleep(seconds)
        return await asyncio.to_thread(sampler.since, start)

    async def _heap(self, query: Mapping[str, str]) -> Profile:
        from watchkeeper.agent.profiling.heap import Tracing  # tracemalloc: only for who asks

        seconds = number(query, "seconds", DEFAULT_SECONDS["heap"], MOST_SECONDS)
        if self._tracing:
            raise Busy("allocations are being traced for somebody else")
        self._tracing, tracing = True, Tracing()
        tracing.begin()
        try:
            await asyncio.sleep(seconds)
            return await asyncio.to_thread(tracing.end)
        finally:  # also when the client has gone or the agent stops
            tracing.stop()
            self._tracing = False

    async def _threads(self, query: Mapping[str, str]) -> Profile:
        from watchkeeper.agent.profiling import present

        return present.threads(self._sampler.dumps)

    async def _tasks(self, query: Mapping[str, str]) -> Profile:
        from watchkeeper.agent.profiling import present

        loops = [(one.name, loop) for one in self._heartbeats() if (loop := one.loop()) is not None]
        return await asyncio.to_thread(present.tasks, loops)

    async def _block(self, query: Mapping[str, str]) -> Profile:
        return self._sampler.stalls.profile()


def number(query: Mapping[str, str], name: str, default: float, most: float) -> float:
    """Read a number of seconds from the query; raise `BadQuery` where it is none, negative or too great."""
    try:
        value = float(query.get(name) or default)
    except ValueError:
        value = -1.0
    if isfinite(value) and 0 <= value <= most:
        return value
    raise BadQuery(f"{name}: expected seconds from 0 to {most:g}, got {query[name][:50]}")


def format_of(query: Mapping[str, str]) -> str:
    """Return the wished format; raise `BadQuery` for an unknown one."""
    form = query.get("format") or ("text" if query.get("debug", "0") not in ("", "0") else "pprof")
    if form not in FORMATS:
        raise BadQuery(f"format: expected one of {', '.join(FORMATS)}, got {form[:50]}")
    return form


def shown(name: str, profile: Profile, form: str) -> Response:
    """Answer with a profile."""
    if form == "pprof":
        from watchkeeper.agent.profiling import pprof

        name = f'attachment; filename="{name}.pb.gz"'
        return Response(200, pprof.CONTENT_TYPE, (pprof.written(profile),), (("Content-Disposition", name),))
    from watchkeeper.agent.profiling import folded

    return plain(200, folded.text(profile) if form == "text" else folded.folded(profile))
