"""The keeper's own page: its health, its store, its targets, its rules, its breaker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def page(house: Any, open_page: Any) -> Any:
    """Return the keeper's page once it has asked everything."""
    shown = open_page(house, "#/keeper")
    shown.wait_for_selector("#overall[data-status=healthy]")
    shown.wait_for_selector("#breaker p")
    return shown


def test_the_keeper_tells_how_it_is(page: Any, house: Any, picture: Any) -> None:
    """Every part of it in words, its targets, what it counted."""
    parts = page.inner_text(".keeperparts")
    assert "store is healthy" in parts and "scrape is healthy" in parts
    page.wait_for_selector(".panel canvas")
    for port in (house.ports["arbbot"], house.ports["copybot"]):
        assert f"127.0.0.1:{port}" in page.inner_text("#targets")
    page.get_by_text("Rounds of judging").wait_for()
    assert "switched off" in page.inner_text("#breaker")
    page.wait_for_selector("#undelivered[data-empty='Everything got through.']")
    picture(page, "keeper")


def test_a_lost_target_is_named_with_its_reason(page: Any, house: Any) -> None:
    """Down, since when, why; and up again."""
    house.end("copybot")
    page.wait_for_selector("#targets [data-status=down]")
    assert "connect" in page.inner_text("#targets [data-status=down]")
    house.start("copybot")
    page.wait_for_selector("#targets [data-status=down]", state="detached")


STRESS = {
    "enabled": True,
    "state": "locked",
    "since": 1_700_000_000.0,
    "reason": "processor 98 %",
    "attempts": 3,
    "next_try": None,
    "trips": 2,
    "cpu_percent": 98.0,
    "memory_percent": 40.0,
    "stalled_percent": 0.0,
}


def test_a_viewer_sees_a_locked_breaker_and_is_told_who_may_close_it(
    guarded: Any, open_page: Any, log_in: Any
) -> None:
    """The button keeps its words and says why it does nothing; nothing is sent."""
    shown = open_page(guarded, "#/keeper")
    shown.route("**/api/v2/guard", lambda route: route.fulfill(json=STRESS))
    sent: list[str] = []
    shown.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    log_in(shown, "vera")
    shown.get_by_text("A person has to close it").wait_for()
    sent.clear()
    shown.get_by_role("button", name="Close it now").click(force=True)
    shown.wait_for_selector(".saying.bad")
    assert "operator or admin" in shown.inner_text(".saying.bad")
    assert sent == []


def test_an_operator_closes_the_breaker(guarded: Any, open_page: Any, log_in: Any) -> None:
    """Asked twice, then sent with the session's proof; the keeper answers."""
    shown = open_page(guarded, "#/keeper")
    shown.route("**/api/v2/guard", lambda route: route.fulfill(json=STRESS))
    log_in(shown, "oliver")
    button = shown.locator("#breaker button")
    button.wait_for()
    button.click()
    assert "under load" in button.inner_text()
    with shown.expect_response(lambda answer: "guard/reset" in answer.url) as answered:
        button.click()
    assert answered.value.status == 200
    assert answered.value.request.headers["x-csrf-token"]
    shown.get_by_text("The breaker is closed").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(page: Any, poor_contrast: Any, scheme: str) -> None:
    """Contrast of at least 4.5 to 1, light and dark."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.wait_for_selector("#targets li")
    assert poor_contrast(page) == []


CHUNK = {
    "chunk": 7,
    "series": 3,
    "labels": {"__name__": "mev_sequencer_frames_received_total", "bot": "arbbot", "job": "arb"},
    "start": 1_700_000_000_000,
    "end": 1_700_007_200_000,
    "samples": 1440,
    "reason": "checksum does not match",
}
RUNNING = {
    "state": "running",
    "paused": False,
    "by": "oliver",
    "started": 1_700_000_000.0,
    "finished": None,
    "done": 1200,
    "total": 5000,
    "samples": 1_500_000,
    "clean": None,
    "damaged_count": 0,
    "damaged": [],
    "sqlite": ["ok"],
    "files": {"alerts.db": ["ok"], "outbox.db": ["ok"]},
    "error": "",
}
DAMAGED = {
    **RUNNING,
    "state": "done",
    "finished": 1_700_000_030.0,
    "done": 5000,
    "clean": False,
    "damaged_count": 23,
    "damaged": [{**CHUNK, "chunk": number} for number in range(23)],
}

BROKEN = {
    **DAMAGED,
    "finished": 1_700_000_031.0,
    "damaged_count": 0,
    "damaged": [],
    "files": {"alerts.db": ["ok"], "outbox.db": ["Tree 4 page 4 cell 0: Rowid 3 out of order"]},
}


def told(shown: Any, verification: dict[str, Any]) -> None:
    """Let the keeper tell this of its last verification."""
    answer = {"status": "success", "data": verification}
    shown.route("**/api/v1/admin/tsdb/verify", lambda route: route.fulfill(json=answer))


def test_an_operator_verifies_the_store(guarded: Any, open_page: Any, log_in: Any) -> None:
    """Never verified, then all good, by whom and when; the next visitor reads it, too."""
    shown = open_page(guarded, "#/keeper")
    log_in(shown, "oliver")
    shown.locator("#integrity").get_by_text("Never verified").wait_for()
    with shown.expect_response(lambda answer: answer.url.endswith("/tsdb/verify")) as answered:
        shown.get_by_role("button", name="Verify the store").click()
    assert answered.value.request.headers["x-csrf-token"]
    shown.wait_for_selector(".integritystate[data-status=healthy]")
    words = shown.inner_text("#integrity")
    assert "All good" in words and "by oliver" in words and "files of the keeper whole" in words
    shown.reload()
    shown.wait_for_selector(".integritystate[data-status=healthy]")


def test_an_operator_writes_a_snapshot(guarded: Any, open_page: Any, log_in: Any) -> None:
    """The page tells the folder, and the copy is there."""
    shown = open_page(guarded, "#/keeper")
    log_in(shown, "oliver")
    shown.get_by_role("button", name="Write a snapshot").click()
    folder = shown.locator("#integrity .copied .mono").inner_text()
    assert (Path(folder) / "samples.db").stat().st_size > 0


def test_a_viewer_reads_the_result_and_is_told_who_may_verify(
    guarded: Any, open_page: Any, log_in: Any
) -> None:
    """Both buttons keep their words and say why they do nothing; nothing is sent."""
    shown = open_page(guarded, "#/keeper")
    log_in(shown, "vera")
    sent: list[str] = []
    shown.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    for name in ("Verify the store", "Write a snapshot"):
        button = shown.get_by_role("button", name=name)
        assert "operator or admin" in (button.get_attribute("title") or "")
        button.click(force=True)
        shown.wait_for_selector(".saying.bad")
    assert sent == []


def test_a_verification_under_way_shows_how_far_it_is(house: Any, open_page: Any, picture: Any) -> None:
    """A bar with a name and its numbers; paused where the machine is under stress; then the result."""
    shown = open_page(house, "#/users")
    told(shown, RUNNING)
    shown.goto(house.url + "#/keeper")
    bar = shown.get_by_role("progressbar", name="Chunks read")
    bar.wait_for()
    assert (bar.get_attribute("value"), bar.get_attribute("max")) == ("1200", "5000")
    assert "1,200 of 5,000 chunks read" in shown.inner_text("#integrity")
    picture(shown, "keeper-verifying")
    shown.unroute("**/api/v1/admin/tsdb/verify")
    told(shown, {**RUNNING, "paused": True})
    shown.locator("#integrity").get_by_text("The stress breaker is open").wait_for()
    shown.unroute("**/api/v1/admin/tsdb/verify")
    told(shown, DAMAGED)
    shown.locator("#integrity").get_by_text("23 chunks damaged").wait_for()
    assert bar.is_hidden()
    shown.unroute("**/api/v1/admin/tsdb/verify")
    told(shown, BROKEN)
    shown.locator("#integrity").get_by_text("outbox.db is broken").wait_for()
    assert "Tree 4 page 4" in shown.inner_text("#integrity")


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (1400, "dark"), (360, "light")])
def test_damage_is_named_and_can_be_read(
    house: Any, open_page: Any, picture: Any, poor_contrast: Any, width: int, scheme: str
) -> None:
    """Series, range, reason of the first ones and a number for the rest; nothing sticks out of a phone."""
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    shown = open_page(house, "#/users", **options)
    told(shown, DAMAGED)
    shown.goto(house.url + "#/keeper")
    shown.wait_for_selector(".damaged li")
    assert shown.locator(".damaged li").count() == 20
    words = shown.inner_text("#integrity")
    assert 'mev_sequencer_frames_received_total{bot="arbbot", job="arb"}' in words
    assert "checksum does not match" in words and "and 3 more" in words
    assert shown.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert poor_contrast(shown) == []
    shown.locator(".damaged").scroll_into_view_if_needed()
    picture(shown, f"keeper-damaged-{width}-{scheme}")
