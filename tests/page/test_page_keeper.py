"""The keeper's own page: its health, its store, its targets, its rules, its breaker."""

from __future__ import annotations

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
