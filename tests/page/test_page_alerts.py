"""The alerts view in a real browser: what fires, who was told, acknowledge, silence, and who may not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ALERTING = """
route: {{receiver: phones, group_by: [alertname, bot], group_wait: 200ms, group_interval: 1s}}
receivers:
- name: phones
  webhook_configs: [{{url: 'http://127.0.0.1:{port}/phones'}}]
- name: boss
  webhook_configs: [{{url: 'http://127.0.0.1:{port}/boss'}}]
watchkeeper:
  people: {{ann: {{default: [phones]}}, bob: {{default: [boss]}}}}
  policies:
  - name: awake
    steps: [{{notify: {{people: [ann]}}}}, {{wait: 3h}}, {{notify: {{people: [bob], urgency: important}}}}]
  escalate: [{{matchers: ['alertname="ComponentUnhealthy"'], policy: awake}}]
"""
BOOK = "https://books.example/feed"


class Phones:
    """A listener for webhooks; while it refuses, it answers 503."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.refuses = False
        outer = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if not outer.refuses:
                    outer.heard.append(body)
                self.send_response(503 if outer.refuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])


@pytest.fixture(scope="module")
def phones() -> Iterator[Phones]:
    made = Phones()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest) -> Any:
    """Return the module of this folder's fixtures: houses with other settings are made from it."""
    path = str(Path(__file__).with_name("conftest.py"))
    plugins = request.config.pluginmanager.get_plugins()
    return next(one for one in plugins if getattr(one, "__file__", "") == path)


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory, phones: Phones, shared: Any) -> Iterator[Any]:
    """Yield a keeper with people, channels and an escalation, over two pretended bots."""
    folder = tmp_path_factory.mktemp("alerts")
    (folder / "alertmanager.yml").write_text(ALERTING.format(port=phones.port))
    made = shared.House(folder)
    with (folder / "keeper.yaml").open("a") as file:
        file.write("alerting: {config_file: alertmanager.yml}\n")
    made.well()
    made.start("arbbot", "copybot", "keeper")
    shared.populate(made)
    yield made
    made.close()


@pytest.fixture
def desk(staffed: Any, phones: Phones, open_page: Any, shared: Any) -> Callable[..., Any]:
    """Return desk(name, place, **context): the alerts as somebody sees them who has logged in."""
    staffed.well()
    phones.refuses = False

    def opened(name: str = "oliver", place: str = "#/alerts", **options: Any) -> Any:
        shown = open_page(staffed, "icon.svg", **options)
        word = {"name": name, "password": shared.PASSWORD}
        assert shown.context.request.post(f"{staffed.url}api/login", data=word).ok
        shown.goto(f"{staffed.url}{place}")
        shown.wait_for_selector(".room.alerts .groups[data-empty]")
        return shown

    return opened


ASK = """async ([path, method, body]) => {
  const csrf = (await (await fetch('/api/session')).json()).csrf;
  const headers = {'X-CSRF-Token': csrf, 'Content-Type': 'application/json'};
  const options = body === null ? {method, headers} : {method, headers, body: JSON.stringify(body)};
  const text = await (await fetch(path, options)).text();
  return text ? JSON.parse(text) : null;
}"""


def ask(shown: Any, path: str, method: str = "GET", body: Any = None) -> Any:
    """Ask the keeper as the one who has logged in on a page."""
    return shown.evaluate(ASK, [path, method, body])


def post(shown: Any, name: str, **annotations: str) -> None:
    """Post an alert that fires until it is posted as over."""
    labels = {"alertname": name, "bot": "arbbot", "severity": "warning"}
    ask(shown, "/api/v2/alerts", "POST", [{"labels": labels, "annotations": annotations}])


def row(shown: Any, text: str, standing: str = "") -> Any:
    """Return the row of an alert, once it stands so."""
    wanted = f"[data-standing={standing}]" if standing else ""
    found = shown.locator(f".groups .alert{wanted}", has_text=text).first
    found.wait_for()
    return found


def told(shown: Any, name: str) -> dict[str, Any]:
    """Return an alert as the API tells it."""
    query = f"/api/v2/alerting/alerts?filter=alertname={name}"
    (found,) = ask(shown, query)["alerts"]
    return dict(found)


def test_a_fault_is_an_alert_with_its_reason_who_was_told_and_what_comes_next(
    desk: Any, staffed: Any, picture: Any
) -> None:
    """Within seconds, without loading again; the address of its story can be given to others."""
    shown = desk()
    shown.wait_for_selector(".groups[data-empty='Nothing fires.']")
    staffed.faults["arbbot"].write_text("feed")
    fault = row(shown, "component feed is unhealthy", "firing")
    assert "no frame" in fault.inner_text() and "critical" in fault.inner_text()
    shown.wait_for_selector(
        "#rooms .badge[aria-label$='open alerts'], #rooms .badge[aria-label$='open alert']"
    )
    fault.locator(".alert-title").click()
    shown.wait_for_selector(".told-list .good")
    story = fault.locator(".story").inner_text()
    assert "phones by webhook" in story and "taken" in story
    assert "tell bob, important" in story and "in 2 h 59 m" in story
    assert shown.locator(".steps [aria-current=step]").count() == 1
    picture(shown, "alerts-light")
    name = shown.evaluate("location.hash")
    shown.reload()
    shown.wait_for_selector(".told-list .good")
    assert shown.evaluate("location.hash") == name
    shown.emulate_media(color_scheme="dark")
    picture(shown, "alerts-dark")
    staffed.well()
    shown.locator(".over .alert", has_text="component feed is unhealthy").first.wait_for()
    picture(shown, "alerts-resolved")


def test_an_acknowledgement_reaches_the_api_the_timeline_and_who_was_told(desk: Any, picture: Any) -> None:
    """With a comment and an end; letting go lets it fire again."""
    shown = desk()
    post(shown, "GasHigh", summary="gas eats the profit", runbook_url=BOOK)
    fired = row(shown, "gas eats the profit", "firing")
    assert fired.get_by_role("link", name="Runbook").get_attribute("href") == BOOK
    fired.get_by_role("button", name="Acknowledge").click()
    shown.fill(".dialog textarea", "looking at it")
    shown.select_option(".dialog select", "1h")
    picture(shown, "alerts-acknowledge")
    shown.click(".dialog [type=submit]")
    taken = row(shown, "gas eats the profit", "acknowledged")
    assert "oliver" in taken.inner_text()
    word = told(shown, "GasHigh")["acknowledgement"]
    assert (word["who"], word["note"]) == ("oliver", "looking at it") and word["until"]
    taken.locator(".alert-title").click()
    shown.locator(".timeline-list [data-kind=acknowledged]", has_text="looking at it").wait_for()
    shown.locator(".told-list .good", has_text="oliver took it on").wait_for()
    row(shown, "gas eats the profit", "acknowledged").get_by_role("button", name="Let go").click()
    row(shown, "gas eats the profit", "firing")
    assert told(shown, "GasHigh")["acknowledgement"] is None


def test_a_silence_shows_what_it_mutes_before_it_is_kept_and_can_be_ended(desk: Any, picture: Any) -> None:
    """Matchers from the alert, changed by hand, counted live; edited; then expired."""
    shown = desk()
    post(shown, "PoolStale", summary="a pool is stale")
    row(shown, "a pool is stale").get_by_role("button", name="Silence: a pool").click()
    count = shown.locator(".preview-count")
    count.get_by_text("Mutes 1 alert now").wait_for()
    shown.locator(".matchers .value").first.fill("PoolFresh")
    count.get_by_text("Matches no alert now").wait_for()
    shown.locator(".matchers .op").first.select_option("=~")
    shown.locator(".matchers .value").first.fill("Pool(")
    count.get_by_text("PoolFresh", exact=False).wait_for(state="detached")
    shown.locator(".matchers .value").first.fill("Pool.*")
    count.get_by_text("Mutes 1 alert now").wait_for()
    save = shown.locator(".dialog [type=submit]")
    assert save.is_disabled()
    shown.fill(".dialog textarea", "known since noon")
    shown.locator(".quick button", has_text="4h").click()
    picture(shown, "alerts-silence")
    save.click()
    muted = row(shown, "a pool is stale", "silenced")
    kept = shown.locator(".silence[data-state=active]", has_text="known since noon")
    kept.wait_for()
    assert "oliver" in kept.inner_text() and 'alertname=~"Pool.*"' in kept.inner_text()
    muted.locator(".alert-title").click()
    shown.locator(".timeline-list [data-kind=silenced]", has_text="known since noon").wait_for()
    kept.get_by_role("button", name="Edit").click()
    shown.fill(".dialog textarea", "known since one")
    save.click()
    kept = shown.locator(".silence[data-state=active]", has_text="known since one")
    kept.get_by_role("button", name="Expire").click()
    row(shown, "a pool is stale", "firing")
    shown.check(".check input")
    shown.locator(".silence[data-state=expired]", has_text="known since one").wait_for()


def test_a_viewer_is_told_why_nothing_can_be_pressed(desk: Any) -> None:
    """The words come with the page and again with the press; nothing is sent."""
    shown = desk()
    post(shown, "FeeHigh", summary="fees are high")
    looking = desk("vera")
    seen = row(looking, "fees are high")
    assert "vera" not in looking.inner_text(".note") and "operator" in looking.inner_text(".note")
    for button in ("Acknowledge: fees", "Silence: fees"):
        pressed = seen.get_by_role("button", name=button)
        assert pressed.get_attribute("aria-disabled") == "true"
        pressed.click(force=True)
        looking.locator("#said .bad", has_text="operator").wait_for()
    assert looking.locator("dialog").count() == 0
    assert told(shown, "FeeHigh")["acknowledgement"] is None


def test_everything_can_be_done_by_keyboard(desk: Any) -> None:
    """Open a story, acknowledge, come back to where one was; Escape leaves a form."""
    shown = desk()
    post(shown, "KeysOnly", summary="only keys")
    fired = row(shown, "only keys", "firing")
    fired.locator(".alert-title").focus()
    shown.keyboard.press("Enter")
    fired.locator(".detail").wait_for()
    fired.get_by_role("button", name="Silence: only").focus()
    shown.keyboard.press("Enter")
    shown.wait_for_selector("dialog[open]")
    shown.keyboard.press("Escape")
    shown.wait_for_selector("dialog", state="detached")
    assert shown.evaluate("document.activeElement.dataset.focus").startswith("sil-")
    shown.keyboard.press("Shift+Tab")
    shown.keyboard.press("Enter")
    shown.wait_for_selector("dialog[open]")
    shown.keyboard.type("by keys")
    for _ in range(4):  # until when, name, cancel, send
        shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.textContent") == "Acknowledge"
    shown.keyboard.press("Enter")
    row(shown, "only keys", "acknowledged")
    assert told(shown, "KeysOnly")["acknowledgement"]["note"] == "by keys"
    shown.wait_for_selector("[data-focus^=let-]:focus")


def test_the_focus_follows_a_row_that_changed_before_the_answer_came(desk: Any) -> None:
    """The stream may tell of an acknowledgement before the call that made it returns."""
    shown = desk()
    post(shown, "Overtaken", summary="the stream was first")

    def answered_late(route: Any) -> None:
        answer = route.fetch()
        row(shown, "the stream was first", "acknowledged")
        route.fulfill(response=answer)

    shown.route("**/api/v2/alerting/acknowledge", answered_late)
    row(shown, "the stream was first", "firing").get_by_role("button", name="Acknowledge").focus()
    shown.keyboard.press("Enter")
    shown.wait_for_selector("dialog[open]")
    shown.click(".dialog [type=submit]")
    shown.wait_for_selector("[data-focus^=let-]:focus")


def test_the_filter_takes_matchers_and_says_what_is_wrong_with_them(desk: Any) -> None:
    """Typed, or by a press on a label; chips leave out what stands so."""
    shown = desk()
    post(shown, "Apples", summary="apples rot")
    post(shown, "Pears", summary="pears rot")
    row(shown, "apples rot")
    shown.locator(".group header button.pair", has_text="Apples").click()
    shown.locator(".groups .alert", has_text="pears rot").wait_for(state="detached")
    assert shown.input_value(".filter") == 'alertname="Apples"'
    shown.fill(".filter", "alertname=~")
    shown.fill(".filter", "alertname")
    shown.locator("#filter-wrong", has_text="alertname").wait_for()
    shown.fill(".filter", 'alertname=~"Pears|Plums"')
    row(shown, "pears rot")
    assert shown.inner_text("#filter-wrong") == ""
    shown.click("[data-chip=Firing]")
    shown.locator(".groups .alert", has_text="pears rot").wait_for(state="detached")
    assert shown.get_attribute("[data-chip=Firing]", "aria-pressed") == "false"


def test_a_channel_that_refuses_is_seen_with_its_words(desk: Any, phones: Phones) -> None:
    """Not taken is not told."""
    shown = desk()
    phones.refuses = True
    post(shown, "Unheard", summary="nobody hears")
    row(shown, "nobody hears", "firing").locator(".alert-title").click()
    shown.locator(".told-list .bad", has_text="503").wait_for()
    phones.refuses = False


def test_what_others_post_is_shown_as_text(desk: Any) -> None:
    """No markup, and no address but http becomes a link."""
    shown = desk()
    post(shown, "Markup", summary="<img src=x onerror=alert(1)>", runbook_url="javascript:alert(1)")
    seen = row(shown, "<img src=x onerror=alert(1)>")
    seen.locator(".alert-title").click()
    seen.locator(".alert-facts", has_text="javascript:alert(1)").wait_for()
    assert seen.locator("img").count() == 0
    assert seen.locator("a").count() == 0


@pytest.mark.parametrize("width", [360, 2560])
def test_no_width_scrolls_sideways(desk: Any, picture: Any, width: int) -> None:
    """From a phone to a wide screen, with a story open."""
    shown = desk(viewport={"width": width, "height": 1100})
    post(shown, "Wide", summary="a very long summary " * 8, reason="because/" * 30)
    row(shown, "a very long summary", "firing").locator(".alert-title").click()
    shown.wait_for_selector(".story .alert-facts")
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    picture(shown, f"alerts-{width}")


def test_every_text_can_be_read(desk: Any, poor_contrast: Any) -> None:
    """Contrast of at least 4.5 to 1 (WCAG AA), with a story open and in a form, light and dark."""
    shown = desk(color_scheme="light")
    post(shown, "Legible", summary="can be read")
    seen = row(shown, "can be read", "firing")
    seen.locator(".alert-title").click()
    shown.wait_for_selector(".told-list .good")
    for scheme in ("light", "dark"):
        shown.emulate_media(color_scheme=scheme)
        assert poor_contrast(shown) == []
        seen.get_by_role("button", name="Silence: can").click()
        shown.wait_for_selector("dialog[open]")
        assert poor_contrast(shown) == []
        shown.keyboard.press("Escape")
        shown.wait_for_selector("dialog", state="detached")


def test_a_group_is_taken_on_as_a_whole(desk: Any) -> None:
    """Each of its alerts, by one word; what is open is counted in the bar."""
    shown = desk()
    labels = {"alertname": "Twins", "bot": "copybot", "severity": "page"}
    for pair in ("left", "right"):
        told = [{"labels": {**labels, "pair": pair}, "annotations": {"summary": f"the {pair} twin"}}]
        ask(shown, "/api/v2/alerts", "POST", told)
    for pair in ("left", "right"):
        row(shown, f"the {pair} twin", "firing")
    assert "Twins" in shown.locator(".groups .group").first.inner_text()
    shown.get_by_role("button", name="Acknowledge all").click()
    shown.fill(".dialog textarea", "both")
    shown.click(".dialog [type=submit]")
    for pair in ("left", "right"):
        row(shown, f"the {pair} twin", "acknowledged")
    post(shown, "StillOpen", summary="still open")
    row(shown, "still open", "firing")
    shown.reload()
    badge = shown.wait_for_selector("#rooms .badge:not([hidden])")
    assert int(badge.inner_text()) >= 1 and "open alert" in badge.get_attribute("aria-label")


def test_a_link_to_an_alert_that_is_forgotten_says_so(desk: Any) -> None:
    """Links in old messages lead to words, not to nothing."""
    shown = desk(place="#/alerts/0123456789abcdef")
    shown.locator(".gone", has_text="Nothing is known of an alert 0123456789abcdef").wait_for()
