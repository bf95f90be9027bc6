"""What stands around every view: routes, link to the keeper, theme, weight, keyboard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROUTES = ("#/", "#/bot/arbbot", "#/keeper", "#/login")
MOST_BYTES = 150_000


def ready(shown: Any) -> None:
    shown.wait_for_selector("#link[data-alive=true]")


@pytest.mark.parametrize("width", [360, 768, 1400, 2560])
@pytest.mark.parametrize("place", ROUTES)
def test_no_width_scrolls_sideways(house: Any, open_page: Any, place: str, width: int) -> None:
    """From a phone to a wide screen, on every view."""
    shown = open_page(house, place, viewport={"width": width, "height": 900})
    ready(shown)
    shown.wait_for_selector(".room > *")
    if place.startswith("#/bot"):
        shown.wait_for_selector(".panel", state="attached")
        shown.locator(".panel").first.scroll_into_view_if_needed()
        shown.wait_for_selector(".panel canvas")
    assert shown.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("place", ["#/", "#/bot/arbbot"])
def test_a_name_as_long_as_it_likes_scrolls_nothing_sideways(house: Any, open_page: Any, place: str) -> None:
    """Names are other people's: one without any space is broken, on every view that shows it."""
    long, told = "x" * 3000, house.until_known()
    for bot in told["bots"]:
        bot.update(service=long, version=long)
        for part in bot["components"]:
            part.update(name=part["name"] + long, reason=long, depends=[long])
    body = f"id: 1-1\nevent: overview\ndata: {json.dumps(told)}\n\n"
    shown = open_page(house, "#/nowhere", viewport={"width": 390, "height": 900})
    shown.route("**/api/events*", lambda route: route.fulfill(body=body, content_type="text/event-stream"))
    shown.reload()
    shown.evaluate("place => { location.hash = place; }", place)
    shown.get_by_text("feedxxxxx").first.wait_for()
    assert shown.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_lost_keeper_is_told_and_its_return_is_seen(house: Any, open_page: Any) -> None:
    """A page that hears nothing does not say healthy; it comes back by itself, without a reload."""
    shown = open_page(house)
    shown.wait_for_selector("#overall[data-status=healthy]")
    shown.evaluate("window.same = true")
    house.end("keeper")
    shown.wait_for_selector("#overall[data-status=unknown]")
    assert "does not answer" in shown.inner_text("#lost")
    house.start("keeper")
    shown.wait_for_selector("#overall[data-status=healthy]")
    ready(shown)
    assert shown.evaluate("window.same") is True
    assert not shown.is_visible("#lost")


SILENCES = """
() => new Promise((resolve) => {
  const told = [document.getElementById("link").textContent];
  new MutationObserver(() => told.push(document.getElementById("link").textContent))
    .observe(document.getElementById("link"), { childList: true, characterData: true, subtree: true });
  setTimeout(() => resolve("never told that it is still there"), 30000);
  let still = 0;
  const source = new EventSource("/api/events");
  source.addEventListener("still", () => { if (++still === 2) { source.close(); resolve(told); } });
})
"""


def test_a_keeper_that_seldom_judges_is_not_taken_for_lost(
    keeper_alone: Any, tmp_path: Path, open_page: Any
) -> None:
    """Between two rounds it says that it is there, so the page does not call its state unknown."""
    house = keeper_alone(tmp_path, every="1m")
    try:
        shown = open_page(house)
        ready(shown)
        assert shown.evaluate(SILENCES) == ["live"]
    finally:
        house.close()


def test_an_unknown_place_says_so_and_leads_home(house: Any, open_page: Any) -> None:
    """A mistyped address is not an empty page."""
    shown = open_page(house, "#/nowhere")
    shown.get_by_text("There is no such page").wait_for()
    shown.get_by_text("Go to the overview").click()
    shown.wait_for_selector("#overall[data-status]")


def test_the_theme_is_remembered(house: Any, open_page: Any) -> None:
    """A choice outlives a reload."""
    shown = open_page(house)
    ready(shown)
    shown.click("#theme")
    shown.click("#theme")
    shown.reload()
    ready(shown)
    assert shown.get_attribute("html", "data-theme") == "dark"


def test_the_skip_button_leads_to_the_content(house: Any, open_page: Any) -> None:
    """The first Tab offers to leave out the bar."""
    shown = open_page(house)
    ready(shown)
    shown.keyboard.press("Tab")
    shown.keyboard.press("Enter")
    assert shown.evaluate("document.activeElement.id") == "main"


def test_the_page_is_light_and_asks_nobody_else(house: Any, open_page: Any) -> None:
    """Every view together is packed below the limit, and everything comes from the keeper."""
    shown = open_page(house, "#/")
    answers: list[Any] = []
    shown.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 (a method cannot be wrapped)
    shown.reload()
    ready(shown)
    for route in ("bot/arbbot", "alerts", "explore", "boards", "profiles", "keeper", "users", "login"):
        shown.evaluate(f"location.hash = '#/{route}'")
        shown.wait_for_function(f"() => document.querySelector('.room.{route.split('/')[0]}') !== null")
    assert all(answer.url.startswith((house.url, "data:")) for answer in answers)
    files = {answer.url: answer for answer in answers if "/api/" not in answer.url}
    sizes = [int(answer.headers.get("content-length", 0)) for answer in files.values()]
    assert 0 < sum(sizes) <= MOST_BYTES
    assert any(answer.headers.get("content-encoding") in ("br", "gzip") for answer in files.values())
