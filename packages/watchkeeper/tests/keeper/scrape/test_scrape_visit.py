"""A scrape stores what the target says, how it went, and what has ended."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from watchkeeper.keeper.scrape import Group, Limits, ScrapeJob, rule_from
from watchkeeper.keeper.scrape.target import Target, targets_of
from watchkeeper.keeper.scrape.visit import Visit
from watchkeeper.keeper.store import Matcher, Store, is_stale

NOW = 1_700_000_000_000
FOREVER = (0, 2**62)


Make = Callable[..., Visit]


@pytest.fixture
async def visit_of(target: Any, store: Store) -> AsyncIterator[Make]:
    """Makes visits to the target, with other settings of the job, and closes them."""
    visits: list[Visit] = []

    def make(into: Store = store, **job: Any) -> Visit:
        given = ScrapeJob("j", (Group((target.address,), (("zone", "z"),)),), interval=5, timeout=3)
        (found,) = targets_of(replace(given, **job), given.groups)
        visits.append(Visit(found, into, lambda: NOW / 1000))
        return visits[-1]

    yield make
    for visit in visits:
        visit.close()


def kept(store: Store, name: str) -> dict[str, list[float | str]]:
    """Return values by labels (without job, instance and zone), a staleness marker as 'stale'."""
    found = {}
    for series in store.select([Matcher("__name__", "=", name)], *FOREVER):
        own = {k: v for k, v in series.labels if k not in ("__name__", "instance", "job", "zone")}
        stale = is_stale(series.values)
        values = ["stale" if s else v for v, s in zip(series.values.tolist(), stale.tolist(), strict=True)]
        found[",".join(f"{k}={v}" for k, v in own.items())] = values
    return found


def only(store: Store, name: str) -> list[float | str]:
    return kept(store, name)[""]


async def test_samples_get_the_targets_labels_and_one_time(target: Any, visit_of: Make, store: Store) -> None:
    target.page = 'a{x="1"} 1\nb 2\n'
    scraped = await visit_of().scrape(NOW)
    assert scraped.up
    (series,) = store.select([Matcher("__name__", "=", "a")], *FOREVER)
    own = (("instance", target.address), ("job", "j"), ("x", "1"), ("zone", "z"))
    assert series.labels == (("__name__", "a"), *own)
    assert series.times.tolist() == [NOW]
    assert list(scraped) == [(series.labels, 1.0), ((("__name__", "b"), own[0], own[1], own[3]), 2.0)]
    assert scraped.samples()[series.labels] == 1.0


async def test_each_scrape_reports_on_itself(target: Any, visit_of: Make, store: Store) -> None:
    target.page = "a 1\nb 2\nc 3\n"
    visit = visit_of(
        metric_relabel=(rule_from({"source_labels": ["__name__"], "regex": "c", "action": "drop"}),),
    )
    await visit.scrape(NOW)
    target.page = "a 1\nb 2\nc 3\nd 4\n"
    await visit.scrape(NOW + 5000)
    assert only(store, "up") == [1, 1]
    assert only(store, "scrape_samples_scraped") == [3, 4]
    assert only(store, "scrape_samples_post_metric_relabeling") == [2, 3]
    assert only(store, "scrape_series_added") == [2, 1]
    assert all(0 < duration < 3 for duration in only(store, "scrape_duration_seconds"))
    assert kept(store, "c") == {}


async def test_a_series_that_goes_is_marked_stale_once(target: Any, visit_of: Make, store: Store) -> None:
    visit = visit_of()
    for tick, page in enumerate(["a 1\nb 1\n", "a 2\n", "a 3\n", "a 4\nb 4\n"]):
        target.page = page
        await visit.scrape(NOW + tick * 5000)
    assert only(store, "a") == [1, 2, 3, 4]
    assert only(store, "b") == [1, "stale", 4]


async def test_all_series_of_a_target_that_fails_are_marked_stale_and_up_is_0(
    target: Any, visit_of: Make, store: Store
) -> None:
    visit = visit_of()
    await visit.scrape(NOW)
    target.page = "a one\n"
    scraped = await visit.scrape(NOW + 5000)
    assert not scraped.up
    assert list(scraped) == []
    await visit.scrape(NOW + 10_000)
    target.page = "a 4\n"
    await visit.scrape(NOW + 15_000)
    assert only(store, "a") == [1, "stale", 4]
    assert only(store, "up") == [1, 0, 0, 1]
    assert only(store, "scrape_series_added") == [1, 0, 0, 1]


async def test_a_target_that_leaves_is_marked_stale_with_its_reports(
    target: Any, visit_of: Make, store: Store
) -> None:
    visit = visit_of()
    await visit.scrape(NOW)
    visit.leave(NOW + 1)
    assert only(store, "a") == [1, "stale"]
    assert only(store, "up") == [1, "stale"]


async def test_the_last_error_is_kept_with_the_target_until_it_is_well(
    target: Any, visit_of: Make, store: Store
) -> None:
    visit = visit_of()
    assert visit.status().health == "unknown"
    target.page = "a 1\nbroken\n"
    await visit.scrape(NOW)
    status = visit.status()
    assert (status.health, status.last_scrape, status.samples) == ("down", NOW / 1000, 0)
    assert "line 2" in status.last_error
    target.page = "a 1\n"
    await visit.scrape(NOW + 5000)
    assert (visit.status().health, visit.status().last_error, visit.status().samples) == ("up", "", 1)


@pytest.mark.parametrize(
    ("page", "limits", "told"),
    [
        ("a 1\nb 2\nc 3\n", Limits(samples=2), "sample_limit"),
        ('a{x="1",y="2"} 1\n', Limits(labels=4), "label_limit"),
        ('a{xxxxxxxxxxxxx="1"} 1\n', Limits(label_name_length=12), "label_name_length_limit"),
        ('a{x="' + "1" * 40 + '"} 1\n', Limits(label_value_length=30), "label_value_length_limit"),
        ("a 1\n" * 100, Limits(body_bytes=99), "body_size_limit"),
    ],
)
async def test_a_scrape_beyond_a_limit_fails_as_a_whole(
    target: Any, visit_of: Make, store: Store, page: str, limits: Limits, told: str
) -> None:
    target.page = page
    visit = visit_of(limits=limits)
    await visit.scrape(NOW)
    assert told in visit.status().last_error
    assert kept(store, "a") == {}
    assert only(store, "up") == [0]


async def test_a_label_bomb_of_100_000_series_is_refused_before_it_reaches_the_store(
    target: Any, visit_of: Make, store: Store
) -> None:
    """By the limits that hold when nothing is configured."""
    target.page = "".join(f'bomb{{id="{n}"}} 1\n' for n in range(100_000))
    visit = visit_of()
    scraped = await visit.scrape(NOW)
    assert "sample_limit exceeded" in scraped.error
    assert store.stats().series == 5


async def test_series_beyond_the_stores_room_are_refused_and_told_and_the_others_stay(
    target: Any, visit_of: Make, tmp_path: Path
) -> None:
    with Store.open(
        tmp_path / "small", flush_seconds=math.inf, max_series=3, retention_seconds=1e12
    ) as small:
        visit = visit_of(small)
        target.page = "a 1\nb 1\n"
        await visit.scrape(NOW)
        target.page = "a 2\nb 2\n" + "".join(f"c{n} 1\n" for n in range(9))
        scraped = await visit.scrape(NOW + 5000)
        assert scraped.up
        assert "refused" in visit.status().last_error
        assert only(small, "a") == [1, 2]
        assert only(small, "up") == [1, 1], "the target's own reports always have room"


async def test_a_hanging_target_ends_with_its_timeout(target: Any, visit_of: Make, store: Store) -> None:
    target.hang = True
    visit = visit_of(timeout=0.05)
    await visit.scrape(NOW)
    assert "within 0.05 s" in visit.status().last_error
    assert only(store, "up") == [0]


async def test_clashing_labels_follow_honor_labels(target: Any, visit_of: Make, store: Store) -> None:
    target.page = 'a{job="own",exported_job="deep",zone=""} 1\n'
    await visit_of().scrape(NOW)
    await visit_of(honor_labels=True).scrape(NOW + 5000)
    first, second = (dict(s.labels) for s in store.select([Matcher("__name__", "=", "a")], *FOREVER))
    clashed, honored = (first, second) if first["job"] == "j" else (second, first)
    assert clashed == {
        "__name__": "a", "instance": target.address, "job": "j", "zone": "z",
        "exported_job": "deep", "exported_exported_job": "own",
    }  # fmt: skip
    assert honored == {"__name__": "a", "instance": target.address, "job": "own", "exported_job": "deep"}


async def test_a_targets_own_times_are_kept_and_not_marked_stale(
    target: Any, visit_of: Make, store: Store
) -> None:
    visit = visit_of()
    far = NOW + 3_600_000
    target.page = f"a 1 {NOW - 777}\nb 2\nc 3 {far}\n"
    await visit.scrape(NOW)
    target.page = "b 3\n"
    await visit.scrape(NOW + 5000)
    (a,) = store.select([Matcher("__name__", "=", "a")], *FOREVER)
    assert (a.times.tolist(), a.values.tolist()) == ([NOW - 777], [1.0])
    assert kept(store, "c") == {}, "an hour ahead is no time"
    blind = visit_of(honor_timestamps=False)
    target.page = f"a 5 {NOW - 1}\n"
    await blind.scrape(NOW + 9000)
    (a,) = store.select([Matcher("__name__", "=", "a")], *FOREVER)
    assert a.times.tolist() == [NOW - 777, NOW + 9000]


async def test_openmetrics_is_chosen_by_the_content_type_and_brings_exemplars(
    target: Any, visit_of: Make, store: Store
) -> None:
    target.content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    target.page = '# TYPE a counter\n# HELP a Ah.\na_total 1 # {id="x"} 0.5\n# EOF\n'
    visit = visit_of()
    scraped = await visit.scrape(NOW)
    ((labels, exemplar),) = scraped.exemplars
    assert (dict(labels)["__name__"], exemplar.labels, exemplar.value) == ("a_total", (("id", "x"),), 0.5)
    assert visit.families == {"a": ("counter", "Ah.", "")}
    target.page = "a_total 1\n"
    assert "EOF" in (await visit.scrape(NOW + 5000)).error


async def test_the_request_says_who_asks_for_what(
    target: Any, visit_of: Make, store: Store, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    visit = visit_of(bearer_token_file=token, params=(("module", "a b"),))
    await visit.scrape(NOW)
    request = target.requests[0].lower()
    assert request.startswith("get /metrics?module=a+b http/1.1\r\n")
    assert "authorization: bearer s3cret\r\n" in request
    assert "accept: application/openmetrics-text" in request
    assert "x-prometheus-scrape-timeout-seconds: 3\r\n" in request
    assert "gzip" not in request, "on loopback packing only costs the bot's time"
    token.unlink()
    assert "token" in (await visit.scrape(NOW + 5000)).error
    assert "s3cret" not in repr(visit.status())


async def test_a_status_other_than_200_is_down(target: Any, visit_of: Make, store: Store) -> None:
    target.raw = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    assert (await visit_of().scrape(NOW)).error == "the target answered 503 Busy"


async def test_series_that_retention_removed_come_back_when_the_target_brings_them(
    target: Any, visit_of: Make, tmp_path: Path
) -> None:
    now = [NOW / 1000]
    with Store.open(
        tmp_path / "short", flush_seconds=math.inf, retention_seconds=60, clock=lambda: now[0], row_samples=32
    ) as short:
        visit = visit_of(short)
        await visit.scrape(NOW)
        short._intake.freeze(np.arange(10))
        short.flush()
        now[0] += 1000
        short.expire()
        assert short.stats().series == 0
        await visit.scrape(NOW + 1_000_000)
        assert only(short, "a") == [1]
        await visit.scrape(NOW + 1_005_000)
        assert only(short, "a") == [1, 1]
        assert only(short, "up") == [1]


def test_targets_are_made_by_relabelling_and_each_once() -> None:
    rules = (
        {"source_labels": ["__address__"], "regex": "skip.*", "action": "drop"},
        {"source_labels": ["path"], "regex": "(.+)", "target_label": "__metrics_path__"},
        {"source_labels": ["__param_q"], "target_label": "q"},
    )
    job = ScrapeJob("j", scheme="http", params=(("q", "1"),), relabel=tuple(map(rule_from, rules)))
    groups = [Group(("h:1", "skip:2", "h:1"), (("path", "/x"),)), Group(("h:1",), (("path", "/x"),))]
    (found,) = targets_of(job, groups)
    assert isinstance(found, Target)
    assert found.url == "http://h:1/x?q=1"
    assert dict(found.labels) == {"instance": "h:1", "job": "j", "path": "/x", "q": "1"}
    assert dict(found.discovered)["__address__"] == "h:1"
