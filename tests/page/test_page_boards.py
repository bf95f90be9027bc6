"""Boards in a real browser: composed by pointer and keyboard, saved whole, carried away and brought back."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

FRAMES = "rate(mev_sequencer_frames_received_total[5s])"
KINDS: list[dict[str, Any]] = [
    {"kind": "stat", "title": "Bots", "place": {"x": 0, "y": 0, "w": 3, "h": 3},
     "queries": [{"expr": "sum(up)"}]},
    {"kind": "bars", "title": "By bot", "place": {"x": 3, "y": 0, "w": 3, "h": 3},
     "queries": [{"expr": "up", "legend": "{bot}"}]},
    {"kind": "text", "title": "", "text": "# Call\n\nCall **ann**, see [alerts](#/alerts).",
     "place": {"x": 6, "y": 0, "w": 6, "h": 3}},
    {"kind": "timeline", "title": "Parts", "place": {"x": 0, "y": 3, "w": 6, "h": 5},
     "queries": [{"expr": 'monitoring_component_status{bot="arbbot"}', "legend": "{component}"}]},
    {"kind": "table", "title": "Targets", "place": {"x": 6, "y": 3, "w": 6, "h": 5},
     "queries": [{"expr": "up"}]},
    {"kind": "series", "title": "Frames", "unit": "per_second", "place": {"x": 0, "y": 8, "w": 12, "h": 5},
     "queries": [{"expr": FRAMES, "legend": "frames of {bot}"}]},
    {"kind": "flame", "title": "Where", "bot": "arbbot", "place": {"x": 0, "y": 13, "w": 12, "h": 4}},
]  # fmt: skip


class Desk:
    """Somebody who is logged in, and what they ask of the API with the same session."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        self.url = url

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"X-CSRF-Token": self.page.request.get(f"{self.url}api/session").json()["csrf"]}
        answer = self.page.request.fetch(
            f"{self.url}api/{path}", method=method, headers=headers, **({"data": body} if body else {})
        )
        assert answer.ok, answer.text()
        return answer.json() if answer.body() else None

    def made(self, title: str, widgets: list[dict[str, Any]]) -> str:
        """Keep a board and open it."""
        id: str = self.ask("POST", "boards", {"title": title, "range": 300, "widgets": widgets})["id"]
        self.open(id)
        return id

    def open(self, id: str) -> None:
        self.page.evaluate("(hash) => (location.hash = hash)", f"#/boards/{id}")
        self.page.wait_for_selector(".board-title h1")

    def id(self) -> str:
        """Return the id of the board that is shown."""
        place: str = self.page.evaluate("location.hash")
        return place.removeprefix("#/boards/").partition("?")[0]

    def place(self, row: int) -> dict[str, int]:
        place: dict[str, int] = self.ask("GET", f"boards/{self.id()}")["board"]["widgets"][row]["place"]
        return place

    def save(self) -> None:
        self.page.click(".editor >> text=Save")
        self.page.wait_for_selector(".editor", state="detached")


@pytest.fixture(scope="module")
def session(guarded: Any, browser: Any) -> Any:
    """Return what keeps an operator logged in: one login serves all tests."""
    context = browser.new_context()
    page = context.new_page()
    for _ in range(100):
        answer = page.request.post(
            f"{guarded.url}api/login", data={"name": "oliver", "password": "correct horse battery"}
        )
        if answer.ok:
            break
        page.wait_for_timeout(200)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def desk(guarded: Any, open_page: Any, session: Any) -> Desk:
    page = open_page(guarded, "#/boards", storage_state=session)
    page.wait_for_selector(".boards-table")
    return Desk(page, guarded.url)


def two(**second: int) -> list[dict[str, Any]]:
    """Return a number above curves."""
    queries = [{"expr": "up"}]
    place = {"x": 0, "y": 2, "w": 6, "h": 4} | second
    return [
        {"kind": "stat", "title": "Top", "place": {"x": 0, "y": 0, "w": 4, "h": 2}, "queries": queries},
        {"kind": "series", "title": "Below", "place": place, "queries": queries},
    ]


def test_a_composed_board_is_there_in_another_browser(
    desk: Desk, guarded: Any, open_page: Any, log_in: Any, picture: Any
) -> None:
    """New board, a widget with a preview, saved: a viewer sees it, and is told why they cannot edit."""
    page = desk.page
    page.click("text=New board")
    page.select_option("[name=range]", "300")
    page.fill('[aria-label="Board\'s title"]', "Targets of mine")
    page.select_option("[name=time-shown]", "900")
    page.click("text=Add a widget")
    page.fill("dialog [aria-label=Title]", "Targets")
    page.fill("dialog .prompt", "up")
    page.fill("dialog [aria-label='Legend 1']", "of {bot}")
    page.click("dialog >> text=Preview")
    page.wait_for_selector(".form-preview .names >> text=of arbbot")
    picture(page, "board-form")
    page.click("dialog >> text=Apply")
    page.wait_for_selector(".wall .names >> text=of arbbot")
    desk.page.click(".editor >> text=Save")
    page.wait_for_url(lambda url: "#/boards/" in url and "new" not in url)
    assert desk.ask("GET", f"boards/{desk.id()}")["board"]["range"] == 900
    other = open_page(guarded, "#/login")
    log_in(other, "vera")
    other.goto(f"{guarded.url}#/boards/{desk.id()}?range=300")
    other.wait_for_selector(".wall .names >> text=of arbbot")
    assert other.inner_text(".board-title h1") == "Targets of mine"
    edit = other.locator(".board-head button >> text=Edit")
    assert edit.is_disabled() and "operator" in edit.get_attribute("title")


def test_every_kind_of_widget_shows_what_is(desk: Desk, picture: Any) -> None:
    """Number, bars, text, states, table, curves; a flame graph says why it has nothing yet."""
    page = desk.page
    desk.made("All kinds", KINDS)
    page.wait_for_selector(".widget.series .u-over")
    page.wait_for_selector(".widget.stat b[data-value='2']")
    page.wait_for_selector(".widget.bars .ranking >> text=copybot")
    page.wait_for_selector(".widget.timeline .stretch.good >> text=healthy")
    page.wait_for_selector(".widget.table td >> text=arbbot")
    page.wait_for_selector(".widget.series .names >> text=frames of arbbot")
    assert page.inner_text(".widget.text strong") == "ann"
    assert page.get_attribute(".widget.text a", "href") == "#/alerts"
    page.wait_for_selector(".widget.flame .widget-wrong >> text=no profile of 'arbbot'")
    picture(page, "board")


def test_the_keyboard_moves_and_resizes(desk: Desk) -> None:
    """Arrow keys, a step each; what is in the way goes down; the keeper gets what is shown."""
    page = desk.page
    desk.made("By keys", two())
    page.click("text=Edit")
    mover = page.locator("[aria-label^='Move Below']")
    mover.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    page.locator("[aria-label^='Resize Below']").focus()
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    desk.save()
    assert desk.place(1) == {"x": 2, "y": 0, "w": 7, "h": 5}
    assert desk.place(0) == {"x": 0, "y": 5, "w": 4, "h": 2}


def test_the_pointer_moves_and_resizes(desk: Desk) -> None:
    """In whole columns and rows."""
    page = desk.page
    desk.made("By pointer", two())
    page.click("text=Edit")
    column = page.locator(".wall").bounding_box()["width"] / 12
    for handle, (right, down) in {"Move Below": (3, 1), "Resize Below": (-2, 2)}.items():
        pad = page.locator(f"[aria-label^='{handle}']")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + right * column, y + down * 52, steps=6)
        page.mouse.up()
    desk.save()
    assert desk.place(1) == {"x": 3, "y": 3, "w": 4, "h": 6}


def test_an_exported_board_comes_back_the_same(desk: Desk) -> None:
    """YAML out, YAML in: another board with the same content; Grafana's file has the same panels."""
    page = desk.page
    id = desk.made("Carried", KINDS)
    with page.expect_download() as waiting:
        page.click("text=Export YAML")
    file = Path(waiting.value.path())
    with page.expect_download() as waiting:
        page.click("text=Export for Grafana")
    panels = json.loads(Path(waiting.value.path()).read_text())["panels"]
    assert [panel["title"] for panel in panels] == [widget["title"] for widget in KINDS]
    page.goto(f"{desk.url}#/boards")
    page.set_input_files(
        "[aria-label='Import a board from YAML']",
        {"name": "carried.yaml", "mimeType": "application/yaml", "buffer": file.read_bytes()},
    )
    page.wait_for_selector(".board-title h1 >> text=Carried")
    assert desk.id() != id
    assert desk.ask("GET", f"boards/{desk.id()}")["board"] == desk.ask("GET", f"boards/{id}")["board"]


def test_who_saves_later_is_told_and_loses_nothing(desk: Desk) -> None:
    """The other's board stays, mine becomes a board of its own when I say so."""
    page = desk.page
    id = desk.made("Ours", two())
    page.click("text=Edit")
    page.fill('[aria-label="Board\'s title"]', "Changed by me")
    desk.ask("PUT", f"boards/{id}", {"version": 1, "board": {"title": "Changed by them", "widgets": []}})
    page.click(".editor >> text=Save")
    page.wait_for_selector(".conflict >> text=Changed by them")
    assert "version 2" in page.inner_text(".conflict")
    page.click("text=Save mine as another board")
    page.wait_for_selector(".board-title h1 >> text=Changed by me (mine)")
    assert desk.ask("GET", f"boards/{id}")["board"]["title"] == "Changed by them"
    assert desk.id() != id


def test_what_was_not_saved_is_not_lost_by_leaving(desk: Desk) -> None:
    """Go away while editing, come back: the draft is there again; discarding forgets it."""
    page = desk.page
    id = desk.made("Kept", two())
    page.click("text=Edit")
    page.fill('[aria-label="Board\'s title"]', "Half done")
    page.evaluate("location.hash = '#/boards'")
    page.wait_for_selector(".boards-table")
    desk.open(id)
    page.wait_for_selector(".editor")
    assert page.input_value('[aria-label="Board\'s title"]') == "Half done"
    page.click("text=Discard")
    page.wait_for_selector(".board-title h1 >> text=Kept")


def test_a_board_of_the_keeper_can_be_copied_but_not_changed(desk: Desk) -> None:
    """Its buttons say so; the copy has the same widgets and can be edited and deleted."""
    page = desk.page
    desk.open("arbitrage")
    assert page.locator("text=Delete").is_disabled() and page.locator("text=Edit").first.is_disabled()
    assert "comes with the keeper" in page.inner_text(".board-head")
    page.click("text=Duplicate")
    page.wait_for_selector(".board-title h1 >> text=Copy of Arbitrage")
    copy = desk.id()
    fixed = desk.ask("GET", "boards/arbitrage")["board"]
    assert desk.ask("GET", f"boards/{copy}")["board"]["widgets"] == fixed["widgets"]
    page.once("dialog", lambda asked: asked.accept())
    page.click("text=Delete")
    page.wait_for_selector(".boards-table")
    assert copy not in {board["id"] for board in desk.ask("GET", "boards")["boards"]}


def test_annotations_are_shown_and_taken_away(desk: Desk) -> None:
    """Written on the board, kept by the keeper, told at their place on the curves."""
    page = desk.page
    now = time.time()
    slow = desk.ask("POST", "annotations", {"text": "slow chain", "at": now - 180, "until": now - 60})
    desk.made("Annotated", two())
    page.wait_for_selector(".remarks li >> text=slow chain", state="attached")
    plot = page.locator(".u-over").first
    plot.hover(position={"x": plot.bounding_box()["width"] * 0.6, "y": 40})
    page.wait_for_selector(".readout .remark >> text=slow chain")
    desk.ask("DELETE", f"annotations/{slow['id']}")
    page.click("summary")
    page.fill("[aria-label=Annotation]", "deployed 1.4")
    page.click("text=Annotate now")
    page.wait_for_selector(".remarks li >> text=deployed 1.4")
    page.wait_for_selector(".remarks li >> text=slow chain", state="detached")
    kept = desk.ask("GET", "annotations")["annotations"]
    assert [(one["text"], one["author"]) for one in kept] == [("deployed 1.4", "oliver")]
    page.click(".remarks >> text=Remove")
    page.wait_for_selector(".remarks li", state="detached")
    assert desk.ask("GET", "annotations")["annotations"] == []


def test_a_wrong_query_is_told_where_it_is(desk: Desk) -> None:
    """In the preview by the engine, when saving by the keeper; the draft stays."""
    page = desk.page
    desk.made("Wrong", two())
    page.click("text=Edit")
    page.click("[aria-label='Edit Below']")
    page.fill("dialog .prompt", "rate(up)")
    page.click("dialog >> text=Preview")
    page.wait_for_selector(".form-preview .widget-wrong >> text=range vector")
    page.click("dialog >> text=Apply")
    page.click(".editor >> text=Save")
    page.wait_for_selector("text=widgets[1]: queries[0].expr")
    assert page.locator(".editor").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("editing", [False, True])
def test_it_can_be_read_on_a_phone(
    desk: Desk, scheme: str, editing: bool, poor_contrast: Any, picture: Any
) -> None:
    """One column in the order of reading, no sideways scrolling at 360 pixels, every text has contrast."""
    page = desk.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme=scheme)
    desk.made("Phone", KINDS)
    page.wait_for_selector(".widget.timeline .stretch")
    if editing:
        page.click("text=Edit")
        page.wait_for_selector(".widget.timeline .stretch")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert poor_contrast(page) == []
    tops = [box.bounding_box()["y"] for box in page.locator(".widget").all()]
    assert tops == sorted(tops)
    picture(page, f"board-phone-{scheme}{'-editing' if editing else ''}")
