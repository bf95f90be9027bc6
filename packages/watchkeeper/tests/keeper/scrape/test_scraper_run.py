"""The scraper finds targets, keeps visiting them, and lets them go."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.keeper.scrape import Group, JobError, Scraped, ScrapeJob, Scraper
from watchkeeper.keeper.scrape.discovery import FileGroups, Registered, groups_from
from watchkeeper.keeper.scrape.pacing import Pace
from watchkeeper.keeper.store import Matcher, Store, is_stale

FAST: dict[str, Any] = {"interval": 0.25, "timeout": 0.25}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Targets are visited at once, not at their place within the interval."""
    monkeypatch.setattr(Pace, "spread", classmethod(lambda cls, interval, offset, now: cls(interval, now)))


@asynccontextmanager
async def running(scraper: Scraper) -> Any:
    task = asyncio.create_task(scraper.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.005)


async def test_targets_are_scraped_again_and_again_and_told_at_once(target: Any, store: Store) -> None:
    seen: list[Scraped] = []
    scraper = Scraper([ScrapeJob("j", (Group((target.address,)),), **FAST)], store, on_scrape=seen.append)
    async with running(scraper):
        await until(lambda: len(seen) >= 3)
        (status,) = scraper.targets()
    assert (status.health, status.job, status.samples) == ("up", "j", 1)
    (series,) = store.select([Matcher("__name__", "=", "a")], 0, 2**62)
    assert series.times.tolist() == [one.time_ms for one in seen]
    assert target.connections == 1


async def test_a_follower_that_fails_does_not_end_the_watch(target: Any, store: Store) -> None:
    calls = []

    def fail(scraped: Scraped) -> None:
        calls.append(scraped)
        raise RuntimeError("follower")

    async with running(Scraper([ScrapeJob("j", (Group((target.address,)),), **FAST)], store, on_scrape=fail)):
        await until(lambda: len(calls) >= 2)


async def test_one_target_that_hangs_delays_no_other(target: Any, make_target: Any, store: Store) -> None:
    stuck = await make_target()
    stuck.hang = True
    seen: list[Scraped] = []
    jobs = [
        ScrapeJob("good", (Group((target.address,)),), **FAST),
        ScrapeJob("bad", (Group((stuck.address,)),), interval=30.0, timeout=30.0),
    ]
    async with running(Scraper(jobs, store, on_scrape=seen.append)):
        await until(lambda: bool(stuck.requests))
        before = len(seen)
        await until(lambda: len(seen) >= before + 3)
    assert {one.target.job.name for one in seen} == {"good"}


async def test_targets_in_files_come_and_go_with_the_files(target: Any, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "bots.json"
    path.write_text(json.dumps([{"targets": [target.address], "labels": {"bot": "b"}}]))
    seen: list[Scraped] = []
    job = ScrapeJob("j", files=(str(tmp_path / "*.json"),), **FAST)
    scraper = Scraper([job], store, on_scrape=seen.append)
    scraper.look()
    await until(lambda: bool(seen))
    assert dict(seen[0].target.labels)["bot"] == "b"
    path.unlink()
    scraper.look()
    await asyncio.sleep(0)
    assert scraper.targets() == []
    (series,) = store.select([Matcher("__name__", "=", "a")], 0, 2**62)
    assert is_stale(series.values)[-1]


async def test_a_group_that_cannot_be_is_told_and_forgotten_once_it_is_mended(
    target: Any, store: Store, tmp_path: Path
) -> None:
    """Meanwhile the targets that were found before stay."""
    path, good = tmp_path / "bots.json", json.dumps([{"targets": [target.address]}])
    path.write_text(good)
    scraper = Scraper([ScrapeJob("j", files=(str(path),), **FAST)], store)
    scraper.look()
    before = [status.url for status in scraper.targets()]
    path.write_text('[{"targets": ["no host/ at all"]}]')
    scraper.look()
    assert "URL" in scraper.problems()["j"]
    assert [status.url for status in scraper.targets()] == before
    path.write_text(good)
    scraper.look()
    assert scraper.problems() == {}
    assert [status.url for status in scraper.targets()] == before
    path.unlink()
    scraper.look()
    assert scraper.targets() == []


async def test_a_bot_registers_itself_for_a_time(target: Any, store: Store) -> None:
    now, seen = [1000.0], []
    scraper = Scraper([ScrapeJob("bots", **FAST)], store, on_scrape=seen.append, clock=lambda: now[0])
    scraper.register("bots", target.address, [("bot", "b")], ttl=30)
    scraper.look()
    await until(lambda: bool(seen))
    assert [status.url for status in scraper.targets()] == [target.url]
    now[0] += 31
    scraper.look()
    assert scraper.targets() == []
    with pytest.raises(JobError, match="unknown"):
        scraper.register("others", target.address)
    with pytest.raises(JobError, match="URL"):
        scraper.register("bots", "no host/ at all")


async def test_metadata_tells_each_saying_once(target: Any, store: Store) -> None:
    target.page = "# TYPE a counter\n# HELP a Ah.\na 1\n"
    seen: list[Scraped] = []
    jobs = [ScrapeJob(name, (Group((target.address,)),), **FAST) for name in ("one", "two")]
    scraper = Scraper(jobs, store, on_scrape=seen.append)
    async with running(scraper):
        await until(lambda: {one.target.job.name for one in seen} == {"one", "two"})
        assert scraper.metadata() == {"a": [("counter", "Ah.", "")]}


def test_files_are_read_in_both_forms(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("- targets: ['h:1', 'h:2']\n  labels: {bot: x}\n- targets: ['h:3']\n")
    (tmp_path / "b.json").write_text('[{"targets": ["h:4"]}]')
    files = FileGroups((str(tmp_path / "*"),))
    assert files.groups() == [Group(("h:1", "h:2"), (("bot", "x"),)), Group(("h:3",)), Group(("h:4",))]
    assert files.errors == {}


@pytest.mark.parametrize(
    "text", ["{", "[1]", '{"targets": []}', '[{"targets": "h:1"}]', '[{"target": []}]', "", "- {"]
)
def test_a_file_that_breaks_keeps_its_last_good_targets_and_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.yml"
    path.write_text("- targets: ['h:1']\n")
    files = FileGroups((str(path),))
    files.groups()
    path.write_text(text)
    os.utime(path, ns=(1, 1))
    assert files.groups() == [Group(("h:1",))]
    assert str(path) in files.errors
    path.write_text("- targets: ['h:2']\n")
    assert files.groups() == [Group(("h:2",))]
    assert files.errors == {}


def test_labels_that_are_no_texts_are_refused() -> None:
    with pytest.raises(JobError):
        groups_from([{"targets": ["h:1"], "labels": {"a": 1}}])


def test_registrations_are_bounded() -> None:
    registered = Registered(limit=2)
    for n in range(2):
        registered.add(f"h:{n}", (), until=10)
    with pytest.raises(JobError):
        registered.add("h:3", (), until=10)
    registered.add("h:1", (), until=20)
    assert registered.groups(now=15) == [Group(("h:1",))]
    registered.remove("h:1")
    assert registered.groups(now=15) == []


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"interval": 0}, {"interval": 1, "timeout": 2}, {"scheme": "ftp"}, {"timeout": -1}],
)
def test_a_job_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(JobError):
        ScrapeJob(**({"name": "j"} | wrong))
