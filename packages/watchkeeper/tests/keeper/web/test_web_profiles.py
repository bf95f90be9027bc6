"""The paths of profiles: what is kept, merged, compared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from watchkeeper.agent.profiling import pprof
from watchkeeper.agent.profiling.profile import CPU, SAMPLES, Frame, Profile
from watchkeeper.agent.profiling.reading import read
from watchkeeper.keeper.people import People
from watchkeeper.keeper.profiles import Fetching, ProfileShelf
from watchkeeper.keeper.web import Desk, Gallery, Policy, create_app

NOW = 1_700_000_000.0
SECOND = 10**9
MINUTE = 60 * SECOND


def minute_of(began: float, hot: int) -> Profile:
    """Return a minute in which one function took `hot` milliseconds."""
    stack = (Frame("hot", "bot.py", 1), Frame("main", "bot.py", 9))
    amounts = {(stack, (("thread", "main"),)): (1, hot * 10**6)}
    return Profile((SAMPLES, CPU), amounts, int(began * SECOND), MINUTE, CPU, 1, "cpu")


@pytest.fixture
async def asking(tmp_path: Path, scene: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of a keeper that has an hour of profiles."""
    shelf = ProfileShelf.open(tmp_path)
    for minute in range(60):
        one = minute_of(NOW - 3600 + 60 * minute, 50 if minute < 30 else 100)
        shelf.add("arbbot", one.began, MINUTE, one.totals()[-1], pprof.written(one))
    people = People.open(tmp_path, lambda: NOW)
    desk, gallery = Desk(people, Policy()), Gallery(shelf, Fetching(shelf, dict, lambda: NOW, 60))
    app = create_app(scene.live(), desk=desk, gallery=gallery)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        yield client
    gallery.close()
    desk.close()
    people.close()
    shelf.close()


async def test_the_api_lists_merges_and_compares(asking: httpx.AsyncClient) -> None:
    """The second half hour took twice the first one; the file holds the same sum as the tree."""
    rows = (await asking.get("/api/profiles?limit=2")).json()["profiles"]
    assert [row["at"] for row in rows] == [NOW - 60, NOW - 120] and rows[0]["total"] == 100 * 10**6
    half = f"start={NOW - 1800}&end={NOW}"
    flame = (await asking.get(f"/api/profiles/flame?{half}")).json()
    assert (flame["seconds"], flame["unit"], flame["root"]["value"]) == (1800, "nanoseconds", 3 * 10**9)
    names, node = [], flame["root"]
    while node["children"]:
        (node,) = node["children"]
        names.append(node["name"])
    assert names == ["thread=main", "main", "hot"]
    file = await asking.get(f"/api/profiles/pprof?{half}")
    assert read(file.content).totals()[1] == 3 * 10**9
    root = (await asking.get(f"/api/profiles/diff?{half}")).json()["root"]
    assert root["value"] == pytest.approx(2 * root["base"])


@pytest.mark.parametrize(
    ("query", "status"),
    [("bot=nobody", 404), ("start=9&end=5", 400), ("start=1&end=2", 404), ("end=99999999999", 200)],
)
async def test_a_range_without_profiles_is_said(asking: httpx.AsyncClient, query: str, status: int) -> None:
    """404 with the bot, 400 for time that runs backwards; no time is too far away."""
    for path in ("flame", "pprof"):
        path_query = f"/api/profiles/{path}?{query}" + ("&start=0" if status == 200 else "")
        assert (await asking.get(path_query)).status_code == status
