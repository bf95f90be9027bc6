"""A bot's page: components, curves, refusals, providers, objectives, operations."""

from __future__ import annotations

import re
from typing import Any

import pytest


@pytest.fixture
def page(house: Any, open_page: Any) -> Any:
    """Return the arbitrage bot's page with its first curves."""
    house.well()
    shown = open_page(house, "#/bot/arbbot")
    shown.wait_for_selector("#overall[data-status=healthy]")
    shown.wait_for_selector(".panel canvas")
    return shown


def test_every_component_has_a_card_and_its_needs_are_drawn(page: Any, picture: Any) -> None:
    """State, trend and age in words; the graph says in words, too, who needs whom."""
    names = page.locator("#components h3").all_inner_texts()
    assert {"feed", "rpc", "pools", "executor"} <= set(names)
    assert "executor needs rpc" in page.locator(".graph").get_attribute("aria-label")
    assert "for " in page.locator("#components time").first.inner_text()
    picture(page, "bot")


def test_what_the_figures_say_is_what_the_keeper_says(page: Any, house: Any) -> None:
    """Net profit is exact: the page's ether is the keeper's integer of wei."""
    page.wait_for_function("() => document.querySelector('.figure b')?.textContent.includes('ETH')")
    told = house.ask("api/overview")["figures"]["arbbot"]
    wei = int(next(row["value"] for row in told if row["id"] == "profit"))
    shown = float(page.inner_text(".figure b").replace("\u202f", "").replace("ETH", ""))
    assert abs(shown - wei / 1e18) < 0.05


def test_a_bot_without_a_metric_shows_no_empty_panel(house: Any, open_page: Any) -> None:
    """The copy bot has fills and dollars, and nothing of the arbitrage bot."""
    house.well()
    shown = open_page(house, "#/bot/copybot")
    shown.wait_for_selector("[data-panel=fills] canvas")
    titles = shown.locator(".panel h3").all_inner_texts()
    assert any("Equity" in title for title in titles)
    assert not any("Swaps" in title or "Throughput" in title for title in titles)
    shown.wait_for_selector("text=Refused fills")
    shown.get_by_text("copy a fill").first.wait_for()


def test_an_unhealthy_component_comes_first_with_its_reason(page: Any, house: Any, picture: Any) -> None:
    """The worst is where one looks first; its alert stands beside it."""
    house.faults["arbbot"].write_text("feed")
    page.wait_for_selector("#components .card[data-status=unhealthy]")
    first = page.locator("#components .card").first.inner_text()
    assert "feed" in first and "unhealthy" in first and "no frame" in first
    page.wait_for_selector("#alerts [data-status=firing]")
    picture(page, "bot-unhealthy")


def test_refusals_are_counted_by_reason(page: Any) -> None:
    """The reasons are the bot's own words."""
    page.wait_for_selector(".barrow")
    names = set(page.locator(".barrow .name").all_inner_texts())
    assert names and names <= {"unprofitable", "price_impact", "stale_pool"}


def test_the_provider_that_fails_is_told_from_those_that_answer(page: Any, house: Any) -> None:
    """A row for each provider; the errors stand at the one that makes them."""
    house.faults["arbbot"].write_text("rpc")
    rows = page.locator("section", has=page.get_by_role("heading", name="RPC providers")).locator("tbody tr")
    failing = rows.filter(has_text="node-b.example:8545").locator("td")
    failing.nth(2).filter(has_text=re.compile(r"[1-9]")).wait_for(timeout=60_000)
    assert [row.split()[0] for row in rows.all_inner_texts()] == [
        "node-a.example:8545",
        "node-b.example:8545",
        "node-c.example:8545",
    ]
    well = rows.filter(has_text="node-a.example:8545").locator("td").nth(2).inner_text()
    assert not re.search(r"[1-9]", well)


def test_the_range_is_remembered(page: Any) -> None:
    """A choice outlives a reload."""
    page.check("#ranges input[value='3600']", force=True)
    page.reload()
    page.wait_for_selector("#ranges")
    assert page.locator("#ranges input:checked").get_attribute("value") == "3600"


def test_dragging_over_a_chart_zooms_all_and_one_button_leads_back(page: Any) -> None:
    """What was dragged over fills the chart; the live view comes back."""
    over = page.locator("[data-panel=throughput] .u-over")
    box = over.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 40, steps=4)
    page.mouse.up()
    back = page.get_by_role("button", name="Back to live")
    back.wait_for()
    back.click()
    back.wait_for(state="hidden")


def test_the_keyboard_moves_the_cursor_of_a_chart(page: Any) -> None:
    """Arrows move it, and the chart's name tells the values there."""
    chart = page.locator("[data-panel=throughput]")
    page.wait_for_function(
        "() => document.querySelector('[data-panel=throughput] output')?.textContent.includes('/s')"
    )
    chart.focus()
    page.keyboard.press("ArrowLeft")
    label = chart.get_attribute("aria-label") or ""
    assert re.match(r"Throughput\. .*\d\d:\d\d:\d\d: messages .*/s", label)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(page: Any, house: Any, poor_contrast: Any, scheme: str) -> None:
    """Contrast of at least 4.5 to 1 with a fault on the page, light and dark."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    house.faults["arbbot"].write_text("feed rpc")
    page.wait_for_selector("#overall[data-status=unhealthy]")
    assert poor_contrast(page) == []


def test_a_table_that_scrolls_takes_the_keyboard_and_keeps_its_place(house: Any, open_page: Any) -> None:
    """On a phone the arrow keys reach the last column, and fresh figures do not scroll it back."""
    shown = open_page(house, "#/bot/copybot", viewport={"width": 390, "height": 900})
    box = shown.locator(".operations .tablebox[tabindex='0']")
    box.focus()
    with shown.expect_response("**/api/operations*"):
        shown.keyboard.press("End")
        shown.keyboard.press("ArrowRight")
        shown.wait_for_function("() => document.activeElement.scrollLeft > 0")
        shown.check("#ranges input[value='3600']", force=True)
        box.focus()
    shown.evaluate("() => { document.querySelector('.operations tr').stale = true; }")
    with shown.expect_response("**/api/operations*"):
        shown.evaluate("document.querySelector('#ranges input[value=\"900\"]').click()")
    shown.wait_for_function("() => !document.querySelector('.operations tr').stale")
    assert shown.evaluate("document.activeElement.closest('.operations') !== null")
    assert shown.evaluate("document.activeElement.scrollLeft") > 0


def test_a_bot_that_nobody_watches_is_unknown(house: Any, open_page: Any) -> None:
    """A mistyped name is not healthy."""
    shown = open_page(house, "#/bot/nobody")
    shown.wait_for_selector("#overall[data-status=unknown]")
    assert "no bot named nobody" in shown.inner_text("#overall")
