"""The explorer in a real browser: what it draws is what the API answers, and a link shows it again."""

from __future__ import annotations

import csv
import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from threading import Event
from typing import Any

import pytest

FRAMES = "mev_sequencer_frames_received_total"
STAGES = 'mev_processing_latency_seconds_count{stage=~"parse|detect"}'


def place(**state: Any) -> str:
    """Return the hash of a state; q may be a list."""
    return "#/explore?" + urllib.parse.urlencode(state, doseq=True)


def answer(house: Any, path: str, **parameters: Any) -> Any:
    return house.ask(f"api/v1/{path}?{urllib.parse.urlencode(parameters, doseq=True)}")["data"]


@pytest.fixture(scope="module")
def moment(house: Any) -> int:
    """Return a time that has eight seconds of samples before it and changes no more."""
    for _ in range(300):
        try:
            found = answer(house, "query", query=f"count_over_time({FRAMES}[30s])")["result"]
        except (OSError, urllib.error.URLError):
            found = []
        if found and float(found[0]["value"][1]) >= 32:
            return int(float(found[0]["value"][0])) - 1
        pause(0.2)
    raise AssertionError(f"the keeper never had samples: {house.log('keeper')[-2000:]}")


def pause(seconds: float) -> None:
    Event().wait(seconds)


def legend(page: Any) -> dict[str, dict[str, float]]:
    """Return the legend's exact numbers by the curves' names."""
    page.wait_for_selector(".curves tbody tr")
    rows = page.evaluate(
        "[...document.querySelectorAll('.curves tbody tr')].map((row) => [row.dataset.name, "
        "...[...row.querySelectorAll('td')].map((cell) => cell.dataset.value)])"
    )
    return {
        name: dict(zip(("min", "max", "avg", "last"), map(float, numbers), strict=True))
        for name, *numbers in rows
    }


def summary(points: list[list[Any]]) -> dict[str, float]:
    values = [float(value) for _, value in points]
    return {"min": min(values), "max": max(values), "avg": sum(values) / len(values), "last": values[-1]}


def test_the_legend_says_what_the_api_answers(house: Any, open_page: Any, moment: int, picture: Any) -> None:
    """Least, greatest, mean and last value of every curve, several queries at once."""
    queries = [STAGES, f"rate({FRAMES}[5s])"]
    page = open_page(house, place(q=queries, range=60, end=moment))
    told = legend(page)
    expected = [
        summary(row["values"])
        for query in queries
        for row in answer(house, "query_range", query=query, start=moment - 60, end=moment, step=1)["result"]
    ]
    assert len(expected) == 3
    for shown, right in zip(told.values(), expected, strict=True):
        assert shown == pytest.approx(right, rel=1e-9)
    picture(page, "explore")


def test_a_comparison_is_the_same_query_of_the_time_before(house: Any, open_page: Any, moment: int) -> None:
    """The dashed curve's numbers are those of the earlier time, point over point."""
    page = open_page(house, place(q=FRAMES, range=10, end=moment, compare=5))
    told = legend(page)
    earlier = answer(house, "query_range", query=FRAMES, start=moment - 15, end=moment - 5, step=1)["result"]
    name = next(one for one in told if one.endswith("(before)"))
    assert told[name] == pytest.approx(summary(earlier[0]["values"]))
    assert page.locator(".curves .key.dashed").count() == 1


def test_dragging_zooms_and_back_undoes_it(house: Any, open_page: Any, moment: int) -> None:
    """The chosen part becomes the range of the link; the browser's Back shows the whole again."""
    page = open_page(house, place(q=FRAMES, range=60, end=moment))
    legend(page)
    before = page.evaluate("location.hash")
    box = page.locator(".u-over").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=5)
    page.mouse.up()
    page.wait_for_url(lambda url: not url.endswith(before))
    zoomed = urllib.parse.parse_qs(page.evaluate("location.hash").partition("?")[2])
    assert 12 <= int(zoomed["range"][0]) <= 18
    assert moment - 18 <= int(zoomed["end"][0]) <= moment - 12
    page.go_back()
    page.wait_for_url(lambda url: url.endswith(before))
    page.wait_for_selector("[name=range] option[value='60'][selected]", state="attached")


def test_errors_stand_beside_the_query_in_the_engines_words(house: Any, open_page: Any) -> None:
    """One wrong query does not hide the other's curves."""
    page = open_page(house, place(q=["rate(up)", "up"], range=60))
    page.wait_for_selector(".verdict.error")
    with pytest.raises(urllib.error.HTTPError) as refused:
        house.ask("api/v1/query_range?query=rate(up)&start=1&end=2&step=1")
    with refused.value as told:
        assert page.locator(".verdict").first.inner_text() == json.load(told)["error"]
    assert len(legend(page)) == 2


def test_names_labels_and_values_are_offered_while_one_writes(house: Any, open_page: Any) -> None:
    """By keyboard alone, down to the value in its quotes."""
    page = open_page(house, "#/explore")
    line = page.locator(".prompt").first
    line.focus()
    chosen = (
        ("mev_processing_latency_seconds_c", "mev_processing_latency_seconds_count"),
        ("{sta", "stage"),
        ('="exe', "execute"),
    )
    for typed, offered in chosen:
        line.type(typed)
        page.wait_for_selector(f".offers [role=option] >> text={offered}")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    assert line.input_value() == 'mev_processing_latency_seconds_count{stage="execute'
    line.type('"}')
    page.keyboard.press("Enter")
    assert [name for name in legend(page) if 'stage="execute"' in name]


def test_what_was_asked_is_remembered(house: Any, open_page: Any) -> None:
    """The history outlives a reload, newest first."""
    page = open_page(house, "#/explore")
    for query in ("up == 1", "up == 2"):
        page.locator(".prompt").first.fill(query)
        page.keyboard.press("Enter")
    page.goto(house.url + "#/explore")
    page.reload()
    page.click("[aria-label='History of queries']")
    page.wait_for_selector(".offers li")
    assert page.locator(".offers li span").all_inner_texts()[:2] == ["up == 2", "up == 1"]


def test_a_curve_can_be_seen_alone(house: Any, open_page: Any, moment: int) -> None:
    """A click on its name dims the others, another one shows all again."""
    page = open_page(house, place(q=STAGES, range=60, end=moment))
    legend(page)
    first = page.locator(".curve").first
    first.click()
    assert first.get_attribute("aria-pressed") == "true" and page.locator("tr.away").count() == 1
    first.click()
    assert first.get_attribute("aria-pressed") == "false" and page.locator("tr.away").count() == 0


def test_the_arrow_keys_read_the_curves(house: Any, open_page: Any, moment: int) -> None:
    """Without a pointer: the last point's values are told, then the one's before it."""
    page = open_page(house, place(q=FRAMES, range=20, end=moment))
    last = f"{legend(page).popitem()[1]['last']:.0f}"
    page.locator(".series-stage").focus()
    page.keyboard.press("End")
    page.wait_for_selector(".readout:not([hidden])")
    assert page.inner_text(".readout b").replace(",", "") == last
    page.keyboard.press("ArrowLeft")
    assert int(page.inner_text(".readout b").replace(",", "")) < int(last)


def test_the_export_holds_every_point(house: Any, open_page: Any, moment: int) -> None:
    """A file for spreadsheets: a row per time, a column per curve, the API's numbers."""
    page = open_page(house, place(q=STAGES, range=20, end=moment))
    legend(page)
    with page.expect_download() as waiting:
        page.click("text=Export CSV")
    rows = list(csv.reader(Path(waiting.value.path()).read_text().splitlines()))
    found = answer(house, "query_range", query=STAGES, start=moment - 20, end=moment, step=1)["result"]
    assert len(rows) == 22 and len(rows[0]) == 4
    for column, row in enumerate(found, 2):
        told = {int(cells[1]): float(cells[column]) for cells in rows[1:] if cells[column]}
        assert told == {int(at): float(value) for at, value in row["values"]}


def test_a_link_shows_the_same_table_in_another_browser(house: Any, open_page: Any, moment: int) -> None:
    """The whole state is in the address; the table holds the instant answer."""
    link = place(q=STAGES, range=60, end=moment, view="table")
    page = open_page(house, link)
    page.wait_for_selector(".table tbody tr")
    told = page.evaluate(
        "[...document.querySelectorAll('td[data-value]')].map((cell) => Number(cell.dataset.value))"
    )
    found = answer(house, "query", query=STAGES, time=moment)["result"]
    assert told == [float(row["value"][1]) for row in found]
    again = open_page(house, page.evaluate("location.hash"))
    again.wait_for_selector(".table tbody tr")
    assert again.locator(".prompt").input_value() == STAGES


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_on_a_phone(
    house: Any, open_page: Any, moment: int, scheme: str, poor_contrast: Any, picture: Any
) -> None:
    """No sideways scrolling at 360 pixels, and every text has contrast."""
    options = {"viewport": {"width": 360, "height": 740}, "color_scheme": scheme}
    page = open_page(house, place(q=[STAGES, "rate(up)"], range=60, end=moment), **options)
    legend(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert poor_contrast(page) == []
    picture(page, f"explore-phone-{scheme}")
