"""Recovery on the keeper's page: what did not get through, and the button that sends it again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ALERTING = """
route: {{receiver: phones, group_by: [alertname], group_wait: 100ms, group_interval: 1s}}
receivers:
- name: phones
  webhook_configs: [{{url: 'http://127.0.0.1:{port}/phones'}}]
"""
ALERT = {
    "labels": {"alertname": "FeedSilent", "bot": "arbbot", "severity": "warning"},
    "annotations": {"summary": "The feed is silent"},
}
ROWS = [
    {"row": 9, "fate": "waiting", "error": "http://127.0.0.1:9/phones: connection refused"},
    {"row": 8, "fate": "refused", "error": "401 Unauthorized: the key is wrong"},
    {"row": 7, "fate": "given up", "error": "no answer within 10 s", "given_up_at": 1_700_400_000.0},
    {"row": 6, "fate": "stranded", "error": ""},
]
TOLD = {"name": "FeedSilent", "bot": "arbbot", "firing": True, "summary": "The feed is silent"}
COMMON = {"channel": "team/slack[0]", "at": 1_700_000_000.0, "reason": "first", "alerts": [TOLD], "count": 3}
COMMON |= {"tries": 4, "next_try": None, "given_up_at": None}


class Phones:
    """A listener for webhooks; while its key is wrong, it answers 401."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.wrong_key = True
        outer = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if not outer.wrong_key:
                    outer.heard.append(body)
                self.send_response(401 if outer.wrong_key else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def phones() -> Iterator[Phones]:
    made = Phones()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def staffed(
    tmp_path_factory: pytest.TempPathFactory, phones: Phones, request: pytest.FixtureRequest
) -> Iterator[Any]:
    """Yield a keeper of two well bots, with people and a channel whose key is wrong."""
    path = str(Path(__file__).with_name("conftest.py"))
    plugins = request.config.pluginmanager.get_plugins()
    shared: Any = next(one for one in plugins if getattr(one, "__file__", "") == path)
    folder = tmp_path_factory.mktemp("recovery")
    (folder / "alertmanager.yml").write_text(ALERTING.format(port=phones.server.server_address[1]))
    made = shared.House(folder)
    with (folder / "keeper.yaml").open("a") as file:
        file.write("alerting: {config_file: alertmanager.yml}\n")
    made.well()
    made.start("arbbot", "copybot", "keeper")
    shared.populate(made)
    yield made
    made.close()


def post(shown: Any) -> None:
    """Post the alert as the one who has logged in on a page."""
    script = """async (alert) => {
      const csrf = (await (await fetch('/api/session')).json()).csrf;
      const headers = {'X-CSRF-Token': csrf, 'Content-Type': 'application/json'};
      await fetch('/api/v2/alerts', {method: 'POST', headers, body: JSON.stringify([alert])});
    }"""
    shown.evaluate(script, ALERT)


def test_a_refused_page_is_named_and_sent_again_by_a_button(
    staffed: Any, phones: Phones, open_page: Any, log_in: Any, picture: Any
) -> None:
    """What, to whom, why not; then, with the key put right, it is heard once and listed no more."""
    shown = open_page(staffed, "#/keeper")
    log_in(shown, "oliver")
    post(shown)
    row = shown.locator("#undelivered li[data-fate=refused]", has_text="The feed is silent")
    row.wait_for()
    words = row.inner_text()
    assert "The feed is silent (arbbot)" in words and "phones/webhook[0]" in words and "401" in words
    picture(shown, "keeper-undelivered")
    button = row.get_by_role("button", name="Send again")
    phones.wrong_key = False
    button.focus()
    with shown.expect_response(lambda answer: answer.url.endswith("/again")) as answered:
        shown.keyboard.press("Enter")
    assert answered.value.status == 202
    row.wait_for(state="detached")
    names = [alert["labels"]["alertname"] for page in phones.heard for alert in page["alerts"]]
    assert names.count("FeedSilent") == 1


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (1400, "dark"), (360, "dark")])
def test_every_fate_has_its_words_and_can_be_read(
    staffed: Any, open_page: Any, log_in: Any, poor_contrast: Any, picture: Any, width: int, scheme: str
) -> None:
    """What waits, was refused, was given up, has no channel; nothing sticks out of a phone."""
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    shown = open_page(staffed, "#/keeper", **options)
    rows = [COMMON | one for one in ROWS]
    answer = {"undelivered": rows, "count": 60}
    shown.route("**/api/undelivered?*", lambda route: route.fulfill(json=answer))
    log_in(shown, "oliver")
    shown.wait_for_selector("#undelivered li:nth-child(4)")
    words = shown.inner_text("#undelivered")
    for said in ("tried again by itself", "within the hour", "given up", "not configured any more"):
        assert said in words
    assert "The feed is silent (arbbot) and 2 more" in words
    assert shown.locator("#undelivered li[data-fate=stranded] button").count() == 0
    shown.get_by_text("and 56 older ones").wait_for()
    assert shown.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert poor_contrast(shown) == []
    shown.locator("#undelivered").scroll_into_view_if_needed()
    picture(shown, f"keeper-undelivered-{width}-{scheme}")


def test_old_news_is_asked_about_before_it_is_sent(staffed: Any, open_page: Any, log_in: Any) -> None:
    """What was given up may wake somebody for nothing: the button asks once."""
    shown = open_page(staffed, "#/keeper")
    answer = {"undelivered": [COMMON | ROWS[2]], "count": 1}
    shown.route("**/api/undelivered?*", lambda route: route.fulfill(json=answer))
    sent: list[str] = []
    shown.route(
        "**/api/undelivered/7/again", lambda route: (sent.append("7"), route.fulfill(json={"row": 7}))
    )
    log_in(shown, "oliver")
    button = shown.locator("#undelivered li button")
    button.click()
    assert sent == [] and "Old news" in button.inner_text()
    button.click()
    shown.get_by_text("On its way to team/slack[0] once more").wait_for()
    assert sent == ["7"]


def test_a_viewer_is_told_who_may_send_again(staffed: Any, open_page: Any, log_in: Any) -> None:
    """The button says why it does nothing."""
    shown = open_page(staffed, "#/keeper")
    answer = {"undelivered": [COMMON | ROWS[1]], "count": 1}
    shown.route("**/api/undelivered?*", lambda route: route.fulfill(json=answer))
    log_in(shown, "vera")
    button = shown.locator("#undelivered li button")
    assert "operator or admin" in (button.get_attribute("title") or "")
