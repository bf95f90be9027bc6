"""Profiles in a real browser: the graph shows where the time goes, and what changed between two times."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from watchkeeper.agent.profiling import pprof
from watchkeeper.agent.profiling.profile import CPU, SAMPLES, Amounts, Frame, Place, Profile
from watchkeeper.keeper.profiles import ProfileShelf

ROOT = Path(__file__).resolve().parents[2]
SECOND = 10**9
# Milliseconds of processor time in a minute, by the calls from the outside in.
BEFORE = {("bot.main", "bot.parse"): 600, ("bot.main", "bot.apply", "bot.Pool.price"): 900}
AFTER = {
    ("bot.main", "bot.parse"): 600,
    ("bot.main", "bot.apply", "bot.Pool.price"): 2700,
    ("bot.main", "bot.apply", "bot.Pool.log"): 300,
}


def seeded(folder: Path, now: int) -> None:
    """Keep two minutes of a bot that was slow in the second one."""
    shelf = ProfileShelf.open(folder)
    for began, stacks in ((now - 1200, BEFORE), (now - 600, AFTER)):
        amounts: dict[Place, Amounts] = {
            (tuple(Frame(name, "bot.py", 1) for name in reversed(path)), (("thread", "main"),)): (
                1,
                ms * 10**6,
            )
            for path, ms in stacks.items()
        }
        one = Profile((SAMPLES, CPU), amounts, began * SECOND, 60 * SECOND, CPU, 1, "cpu")
        shelf.add("arbbot", one.began, one.duration, one.totals()[-1], pprof.written(one))
    shelf.close()


@pytest.fixture(scope="module")
def past(house: Any) -> Iterator[int]:
    """Yield a time: arbbot's minutes began 1200 and 600 seconds before it; copybot burns in a known place."""
    now = int(time.time())
    house.end("keeper")
    house.end("copybot")
    with (house.folder / "keeper.yaml").open("a") as config:
        config.write("profiles: {every: 5s}\n")
    seeded(house.folder / "data", now)
    command = [sys.executable, "tests/page/burning_bot.py", "--port", str(house.ports["copybot"])]
    burning = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    house.start("keeper")
    yield now
    burning.kill()
    burning.wait(20)


def place(bot: str, **state: Any) -> str:
    return f"#/profiles/{bot}?{urllib.parse.urlencode(state)}"


def two_minutes(now: int) -> dict[str, int]:
    """Return the state of the slow minute compared with the one before."""
    slow = {"start": now - 600, "end": now - 540}
    return {"over": 3600, **slow, "compare": 600}


def width(page: Any, name: str) -> float:
    """Return how much of the graph a call fills."""
    found: float = page.evaluate(
        "(name) => document.querySelector(`.call[data-name='${name}']`).getBoundingClientRect().width / "
        "document.querySelector('.flame-stage').clientWidth",
        name,
    )
    return found


def test_each_call_is_as_wide_as_its_share(house: Any, past: int, open_page: Any, picture: Any) -> None:
    """Of 3600 ms the pool's price takes 2700; the table says what each took itself."""
    page = open_page(house, place("arbbot", start=past - 600, end=past - 540))
    page.wait_for_selector(".call[data-name='bot.Pool.price']")
    assert width(page, "bot.Pool.price") == pytest.approx(2700 / 3600, abs=0.01)
    assert width(page, "bot.parse") == pytest.approx(600 / 3600, abs=0.01)
    row = page.locator("tr[data-name='bot.Pool.price']").inner_text()
    assert "2.7\u202fs" in row and "75\u202f%" in row
    assert page.locator(".top-functions tbody tr").first.get_attribute("data-name") == "bot.Pool.price"
    picture(page, "profile")


def test_the_difference_shows_the_function_that_grew(
    house: Any, past: int, open_page: Any, picture: Any
) -> None:
    """By colour, by sign and in words; what stayed the same is neither."""
    page = open_page(house, place("arbbot", **two_minutes(past)))
    page.wait_for_selector(".call.grew3[data-name='bot.Pool.price']")
    grown = page.locator(".call[data-name='bot.Pool.price']")
    assert grown.inner_text().startswith("▲") and "+200\u202f%" in grown.get_attribute("aria-label")
    assert "same" in page.locator(".call[data-name='bot.parse']").get_attribute("class")
    assert "new" in page.locator(".call[data-name='bot.Pool.log']").get_attribute("aria-label")
    assert page.locator(".top-functions tbody tr").first.get_attribute("data-name") == "bot.Pool.price"
    assert "takes more than before" in page.inner_text(".flame-key")
    picture(page, "profile-difference")


def test_a_range_that_is_kept_as_base_is_compared_with_the_next_one(
    house: Any, past: int, open_page: Any
) -> None:
    """Choose a time, keep it, choose another one: the address holds both."""
    page = open_page(house, place("arbbot", start=past - 1200, end=past - 1140))
    page.wait_for_selector(".call[data-name='bot.parse']")
    page.click("text=Keep as base")
    kept = urllib.parse.parse_qs(page.evaluate("location.hash").partition("?")[2])
    page.evaluate("(hash) => (location.hash = hash)", place("arbbot", **{
        "start": past - 600, "end": past - 540, "compare": "kept",
        "base_start": kept["base_start"][0], "base_end": kept["base_end"][0],
    }))  # fmt: skip
    page.wait_for_selector(".call.grew3[data-name='bot.Pool.price']")


def test_a_time_is_chosen_on_the_curve_of_the_processor(house: Any, past: int, open_page: Any) -> None:
    """Drag over the hour above the graph: the graph is of the part that was dragged over."""
    page = open_page(house, place("arbbot", over=3600))
    page.wait_for_selector(".call[data-name='bot.parse']")
    box = page.locator(".drawing .u-over").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, y, steps=5)
    page.mouse.up()
    page.wait_for_url(lambda url: "start=" in url)
    chosen = urllib.parse.parse_qs(page.evaluate("location.hash").partition("?")[2])
    start, end = int(chosen["start"][0]), int(chosen["end"][0])
    assert 690 <= end - start <= 750
    assert start <= past - 1140 and past - 1200 <= end
    page.wait_for_selector(".call[data-name='bot.parse']")
    page.wait_for_selector(".call[data-name='bot.Pool.log']", state="detached")
    page.click("text=All of it")
    page.wait_for_selector(".call[data-name='bot.Pool.log']")


def test_clicks_and_keys_walk_and_zoom_the_graph(house: Any, past: int, open_page: Any) -> None:
    """A click fills the width with a call; arrows walk; Escape shows the whole again."""
    page = open_page(house, place("arbbot", start=past - 600, end=past - 540))
    page.click(".call[data-name='bot.apply']")
    assert width(page, "bot.apply") == pytest.approx(1, abs=0.01)
    assert width(page, "bot.Pool.price") == pytest.approx(0.9, abs=0.01)
    page.keyboard.press("ArrowDown")
    focused = "document.activeElement.dataset.name"
    assert page.evaluate(focused) == "bot.Pool.price"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "bot.Pool.log"
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == "bot.apply"
    page.keyboard.press("Escape")
    assert width(page, "bot.apply") == pytest.approx(3000 / 3600, abs=0.01)


def test_a_search_marks_calls_and_tells_their_share(house: Any, past: int, open_page: Any) -> None:
    """What lies below a match counts once."""
    page = open_page(house, place("arbbot", start=past - 600, end=past - 540))
    page.wait_for_selector(".call[data-name='bot.parse']")
    page.fill("[aria-label='Search functions']", "POOL")
    assert page.locator(".call.found").count() == 2
    assert "83.3\u202f%" in page.inner_text(".profile-body output")


def test_a_time_without_profiles_says_so(house: Any, past: int, open_page: Any) -> None:
    """In the keeper's words, with advice instead of an empty graph."""
    page = open_page(house, place("arbbot", start=past - 90_000, end=past - 89_000))
    page.wait_for_selector(".empty-box:not([hidden])")
    assert "no profile of 'arbbot'" in page.inner_text(".empty-box")
    assert not page.locator(".flame").is_visible()


def test_the_hot_function_of_a_running_bot_is_the_widest(house: Any, past: int, open_page: Any) -> None:
    """A real agent sampled it, the keeper fetched it, the graph shows it; the list leads to it."""
    pause = Event()
    for _ in range(300):
        try:
            rows = house.ask("api/profiles?bot=copybot")["profiles"]
        except (OSError, urllib.error.URLError):
            rows = []
        if sum(row["total"] for row in rows) > 0.3 * SECOND:
            break
        pause.wait(0.2)
    else:
        pytest.fail(f"no profile of the burning bot came: {house.log('keeper')[-2000:]}")
    page = open_page(house, "#/profiles")
    page.click(".table a >> text=copybot")
    page.wait_for_selector(".top-functions tbody tr")
    hot = page.locator(".top-functions tbody tr").first.get_attribute("data-name")
    assert hot.endswith("burnt")
    leaves = page.evaluate(
        "[...document.querySelectorAll('.call')].filter((call) => !/^(all|thread=)/.test(call.dataset.name))"
        ".map((call) => [call.getBoundingClientRect().width, call.dataset.name, call.ariaLevel])"
    )
    deepest = max(int(level) for _, name, level in leaves if name == hot)
    assert max(row for row in leaves if int(row[2]) == deepest)[1] == hot


def test_the_file_for_go_is_the_chosen_range(house: Any, past: int, open_page: Any) -> None:
    """The link downloads the pprof file of what is shown."""
    page = open_page(house, place("arbbot", start=past - 600, end=past - 540))
    page.wait_for_selector(".call[data-name='bot.parse']")
    with page.expect_download() as waiting:
        page.click("text=Download pprof")
    assert Path(waiting.value.path()).read_bytes()[:2] == b"\x1f\x8b"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("compared", [False, True])
def test_it_can_be_read_on_a_phone(
    house: Any, past: int, open_page: Any, scheme: str, compared: bool, poor_contrast: Any, picture: Any
) -> None:
    """No sideways scrolling at 360 pixels, and every text has contrast on every colour of the graph."""
    state = two_minutes(past) if compared else {"start": past - 600, "end": past - 540}
    options = {"viewport": {"width": 360, "height": 740}, "color_scheme": scheme}
    page = open_page(house, place("arbbot", **state), **options)
    page.wait_for_selector(".call[data-name='bot.Pool.price']")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert poor_contrast(page) == []
    picture(page, f"profile-phone-{scheme}-{'compared' if compared else 'alone'}")
