"""What the paths of profiles answer; merging is done off the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.agent.profiling import pprof
from watchkeeper.agent.profiling.profile import Profile
from watchkeeper.keeper.profiles import (
    Fetching,
    Kept,
    ProfileShelf,
    Range,
    flame_of,
    merged_range,
    nanoseconds,
    paired,
)
from watchkeeper.keeper.profiles.flame import main_column
from watchkeeper.keeper.web.answers import BadQuery, json, moment, whole
from watchkeeper.keeper.web.api import chosen_bot, live_of
from watchkeeper.keeper.web.profiles.shapes import DiffTold, FlameTold, ProfileRow

DEFAULT_SECONDS = 3600.0
ALWAYS = 1e11 - 1


@dataclass(slots=True)
class Gallery:
    """What the handlers share; one thread does all merging, since a day of it takes seconds of a core."""

    shelf: ProfileShelf
    fetching: Fetching
    pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="flames")
    )

    async def off_loop(self, work: Callable[..., Any], *given: object) -> Any:
        """Do work on the thread, with the shelf as its first argument."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, work, self.shelf, *given)

    def close(self) -> None:
        """Let go of the thread."""
        self.pool.shutdown(wait=False, cancel_futures=True)


def gallery_of(request: Request) -> Gallery:
    gallery: Gallery = request.app.state.gallery
    return gallery


def range_of(request: Request, prefix: str = "", default: float = DEFAULT_SECONDS) -> Range:
    """Return the range of a query: the last hour where it is not given."""
    sight = live_of(request).sight
    end = moment(request, f"{prefix}end", sight.now())
    start = moment(request, f"{prefix}start", max(0.0, end - default))
    if start >= end:
        raise BadQuery(f"{prefix}start, {prefix}end: expected a start before the end")
    return Range(request.query_params.get("bot") or chosen_bot(request, sight), start, end)


async def profiles(request: Request) -> Response:
    """Answer which profiles are kept, newest first."""
    limit = whole(request, "limit", 100, 1, 1_000)
    start, end = moment(request, "start", 0.0), moment(request, "end", ALWAYS)
    bot = request.query_params.get("bot", "")
    gallery = gallery_of(request)
    kept = gallery.shelf.kept(bot, nanoseconds(start), nanoseconds(end), limit)
    return json({"profiles": [row_of(one) for one in kept], "failures": gallery.fetching.failures})


def row_of(kept: Kept) -> ProfileRow:
    return ProfileRow(
        bot=kept.bot, at=kept.began / 1e9, seconds=kept.duration / 1e9, total=kept.total, bytes=kept.bytes
    )


async def flame(request: Request) -> Response:
    """Answer the calls of a range as a tree."""
    asked = range_of(request)
    return json(await gallery_of(request).off_loop(flame_told, asked))


def flame_told(shelf: ProfileShelf, asked: Range) -> FlameTold:
    profile = merged_range(shelf, asked)
    kind = profile.kinds[main_column(profile)]
    return FlameTold(
        bot=asked.bot,
        start=profile.began / 1e9,
        end=asked.end,
        seconds=profile.duration / 1e9,
        kind=kind.name,
        unit=kind.unit,
        root=flame_of(profile),
    )


async def diff(request: Request) -> Response:
    """Answer the calls of a range beside those of another; without one, of the same time before it."""
    asked = range_of(request)
    length = asked.end - asked.start
    base_end = moment(request, "base_end", max(0.001, asked.start))
    base_start = moment(request, "base_start", max(0.0, base_end - length))
    if base_start >= base_end:
        raise BadQuery("base_start, base_end: expected a start before the end")
    return json(await gallery_of(request).off_loop(diff_told, asked, Range(asked.bot, base_start, base_end)))


def diff_told(shelf: ProfileShelf, asked: Range, base: Range) -> DiffTold:
    present, before = merged_range(shelf, asked), merged_range(shelf, base)
    kind = present.kinds[main_column(present)]
    return DiffTold(
        bot=asked.bot,
        seconds=present.duration / 1e9,
        base_seconds=before.duration / 1e9,
        kind=kind.name,
        unit=kind.unit,
        root=paired(present, before),
    )


async def as_pprof(request: Request) -> Response:
    """Answer a range as one file for `go tool pprof`."""
    body = await gallery_of(request).off_loop(file_of, range_of(request))
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="profile.pb.gz"'}
    return Response(body, 200, headers, pprof.CONTENT_TYPE)


def file_of(shelf: ProfileShelf, asked: Range) -> bytes:
    profile: Profile = merged_range(shelf, asked)
    return pprof.written(profile)
