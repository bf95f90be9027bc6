"""The past of a bot's health: stretches of time without holes, sums that add up, a file that opens."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.judge import Contact
from watchkeeper.keeper.store import Flip
from watchkeeper.keeper.web import create_app
from watchkeeper.keeper.web.health.past import as_csv, shares_of, spells_of

NOW = 1_700_000_000.0
STATES = ("healthy", "degraded", "unhealthy", "unknown", "gone")
CHANGES = st.lists(
    st.tuples(st.integers(0, 1000), st.sampled_from(["feed", "rpc"]), st.sampled_from(STATES)), max_size=30
)


def flips_of(changes: list[tuple[int, str, str]]) -> list[Flip]:
    """Return flips of a bot's components, oldest first."""
    return [
        Flip(float(at), f"component/arb/{name}", "", state, "why", "critical")
        for at, name, state in sorted(changes, key=lambda one: one[0])
    ]


@given(CHANGES)
def test_the_stretches_of_a_subject_follow_each_other_without_overlap(
    changes: list[tuple[int, str, str]],
) -> None:
    """One ends where the next begins, but where the subject was gone; only the last may still last."""
    spells = spells_of(flips_of(changes), 2000.0)
    assert [spell.at for spell in spells] == sorted(spell.at for spell in spells)
    for name in ("feed", "rpc"):
        mine = [spell for spell in spells if spell.name == name]
        for one, after in pairwise(mine):
            assert one.until is not None and one.until <= after.at
        gone = {at for at, other, state in changes if other == name and state == "gone"}
        holes = [(one.until, after.at) for one, after in pairwise(mine) if one.until != after.at]
        assert all(until in gone for until, _ in holes)


@given(CHANGES, st.integers(0, 1000), st.integers(1001, 2000))
def test_the_sums_are_those_of_the_stretches_inside_the_range(
    changes: list[tuple[int, str, str]], start: int, end: int
) -> None:
    """No subject was in its states for longer than the range, and none was for less than nothing."""
    spells = spells_of(flips_of(changes), float(end))
    for share in shares_of(spells, start, end):
        inside = sum(share.seconds.values())
        assert all(seconds >= 0 for seconds in share.seconds.values()) and inside <= end - start + 1e-6
        mine = [spell for spell in spells if spell.name == share.name]
        if mine[0].at <= start and not any(name == share.name and s == "gone" for _, name, s in changes):
            assert inside == pytest.approx(end - start)


@given(st.lists(st.tuples(st.text(max_size=20), st.sampled_from(STATES[:4])), max_size=8))
def test_a_file_is_read_back_as_it_was_and_holds_no_formula(reasons: list[tuple[str, str]]) -> None:
    """A venue's answer ends up in a reason, and a reason in somebody's spreadsheet."""
    flips = [
        Flip(float(at), "component/arb/feed", "", state, reason, "critical")
        for at, (reason, state) in enumerate(reasons)
    ]
    rows = list(csv.DictReader(io.StringIO(as_csv(spells_of(flips, 100.0)), newline="")))
    assert len(rows) == len(reasons)
    for row, (reason, state) in zip(rows, reasons, strict=True):
        assert row["state"] == state and row["reason"].removeprefix("'") == reason.removeprefix("'")
        assert not row["reason"].startswith(("=", "+", "-", "@"))


@pytest.fixture
def past(scene: Any) -> Any:
    """Yield a scene in which a feed failed for a minute yesterday, was restarted, and another bot lives."""
    moments = [
        (-90_000, "component/arbbot/feed", "", "healthy"),
        (-3600, "component/arbbot/feed", "healthy", "unhealthy"),
        (-3540, "component/arbbot/feed", "unhealthy", "healthy"),
        (-1800, "silence/arbbot/frames", "", "unhealthy"),
        (-900, "target/arb/h:1", "up", "down"),
        (-60, "component/other/feed", "healthy", "unhealthy"),
        (-30, "target/arb/h:10", "up", "down"),
    ]
    for at, subject, before, after in moments:
        scene.now = NOW + at
        scene.flip(subject, before, after, "no frame for 6.2 s")
    scene.now = NOW
    return scene


def asking(scene: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(scene.live()))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


async def test_the_past_of_a_bot_is_all_that_belongs_to_it_and_nothing_else(past: Any) -> None:
    """Components, silences and its own targets; what began before the range is there with its beginning."""
    async with asking(past) as client:
        told = (await client.get("/api/health/history?bot=arbbot")).json()
    assert [(row["kind"], row["name"], row["state"], row["at"] - NOW) for row in told["spells"]] == [
        ("component", "feed", "healthy", -90_000),
        ("component", "feed", "unhealthy", -3600),
        ("component", "feed", "healthy", -3540),
        ("silence", "frames", "unhealthy", -1800),
        ("target", "h:1", "down", -900),
    ]
    assert told["spells"][1]["until"] == NOW - 3540 and told["spells"][2]["until"] is None
    (feed,) = [row for row in told["shares"] if row["name"] == "feed"]
    assert feed["seconds"] == {"healthy": 86_400 - 60, "unhealthy": 60} and feed["changes"] == 2


async def test_a_component_and_a_range_narrow_it_and_the_file_says_the_same(past: Any) -> None:
    query = f"component=feed&start={NOW - 3570}&end={NOW - 3000}"
    async with asking(past) as client:
        told = (await client.get(f"/api/health/history?{query}")).json()
        file = await client.get(f"/api/health/history.csv?{query}")
    assert [row["state"] for row in told["spells"]] == ["unhealthy", "healthy"]
    assert told["shares"][0]["seconds"] == {"unhealthy": 30, "healthy": 540}
    rows = list(csv.DictReader(io.StringIO(file.text, newline="")))
    assert [row["state"] for row in rows] == ["unhealthy", "healthy"]
    assert file.headers["content-type"].startswith("text/csv")
    assert 'filename="health-arbbot.csv"' in file.headers["content-disposition"]


async def test_a_range_in_the_future_promises_nothing(past: Any) -> None:
    """What lasts now is not said to last until the end that was asked for."""
    async with asking(past) as client:
        told = (
            await client.get(f"/api/health/history?component=feed&end={NOW + 1e6}&start={NOW - 10}")
        ).json()
    assert told["shares"][0]["seconds"] == {"healthy": 10}


@pytest.mark.parametrize("query", ["bot=nobody", "start=9&end=5", "limit=0", "limit=10001", "start=x"])
async def test_a_question_that_makes_no_sense_is_refused(past: Any, query: str) -> None:
    async with asking(past) as client:
        for path in ("history", "history.csv"):
            assert (await client.get(f"/api/health/{path}?{query}")).status_code == 400


async def test_a_bot_with_a_strange_name_breaks_no_header(past: Any) -> None:
    past.contacts = [Contact("arb", "h:1", 'b"\r\nöt', True, NOW, 1.0, "", "http://h:1/metrics", 0.0, 1)]
    async with asking(past) as client:
        file = await client.get("/api/health/history.csv")
    assert file.status_code == 200 and 'filename="health-b---' in file.headers["content-disposition"]
