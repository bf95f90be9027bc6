"""What stands beside Alertmanager's paths: links that acknowledge, pings, the breaker, test messages."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from watchkeeper.keeper.guard import Pressure
from watchkeeper.keeper.notify.tokens import Tokens

GROUP = '{}:{alertname="A"}'


def text_of(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def acknowledged(desk: Any) -> list[str]:
    rows = desk.ask("/api/v2/alerting/alerts")[1]["alerts"]
    return [one["acknowledgement"]["who"] for one in rows if one["acknowledgement"]]


def test_looking_at_a_link_acknowledges_nothing_and_the_button_does(stand: Any) -> None:
    """Mail programs and chats look at links by themselves."""
    desk = stand()
    alerts = [{"labels": {"alertname": "A", "n": n}, "annotations": {"summary": "<b>&"}} for n in "12"]
    desk.ask("/api/v2/alerts", "POST", alerts)
    token = desk.tokens.sign(GROUP, time.time())
    status, page = text_of(f"{desk.url}/ack?token={token}")
    assert status == 200
    assert "2 alerts" in page
    assert "A: &lt;b&gt;&amp;" in page
    assert acknowledged(desk) == []
    status, said = desk.ask("/ack", "POST", {"token": token, "who": "eva"})
    assert (status, said) == (200, {"said": "2 alerts acknowledged by eva"})
    assert acknowledged(desk) == ["eva", "eva"]
    assert "acknowledged by eva" in text_of(f"{desk.url}/ack?token={token}")[1]
    assert "fetch" in text_of(f"{desk.url}/ack.js")[1]


def test_a_token_that_was_not_made_here_opens_nothing(stand: Any) -> None:
    """Nor does one that is too old, or one without a name."""
    desk = stand()
    forged = Tokens(b"x" * 32).sign(GROUP, time.time())
    old = desk.tokens.sign(GROUP, time.time() - 30 * 86_400)
    for token in (forged, old, "", "nonsense"):
        assert text_of(f"{desk.url}/ack?token={token}")[0] == 403
        assert desk.ask("/ack", "POST", {"token": token, "who": "eva"})[0] == 403
    good = desk.tokens.sign(GROUP, time.time())
    assert desk.ask("/ack", "POST", {"token": good, "who": " "})[0] == 400
    assert desk.ask("/ack", "POST", {"token": good, "who": "eva"}, Origin="http://evil.example")[0] == 403
    status, said = desk.ask("/ack", "POST", {"token": good, "who": "eva"})
    assert (status, said["said"]) == (200, "nothing of this group fires any more")


def test_pings_are_taken_from_whom_they_are_expected(stand: Any) -> None:
    """A good one, one that says that it failed, one of an unknown name."""
    desk = stand()
    assert desk.ask("/api/ping/nightly", "POST", b"all fine")[0] == 200
    (row,) = desk.ask("/api/ping")[1]["pings"]
    assert (row["state"], row["said"]) == ("healthy", "all fine")
    assert desk.ask("/api/ping/nightly/fail", "POST", b"disk full")[0] == 200
    (row,) = desk.ask("/api/ping")[1]["pings"]
    assert (row["state"], row["reason"]) == ("unhealthy", "nightly says that it failed: disk full")
    status, said = desk.ask("/api/ping/nightyl", "POST", b"")
    assert (status, said) == (404, "no ping named 'nightyl' is expected; known: nightly")
    assert desk.ask("/api/ping/nightly", "POST", b"x" * 20_000)[0] == 413
    assert desk.ask("/api/ping/nightly")[0] == 405


def test_the_breaker_is_shown_and_reset_by_a_name(stand: Any) -> None:
    """Who reset it stands in its reason."""
    desk = stand()
    assert desk.ask("/api/v2/guard")[1]["state"] == "closed"
    desk.pressure = Pressure(99, 10)
    desk.guard.look()
    assert desk.ask("/api/v2/guard")[1]["state"] == "open"
    assert desk.ask("/api/v2/guard/reset", "POST", {})[0] == 400
    status, said = desk.ask("/api/v2/guard/reset", "POST", {"who": "eva"})
    assert (status, said["was_tripped"], said["state"], said["reason"]) == (
        200,
        True,
        "closed",
        "reset by eva",
    )


def test_a_test_message_goes_through_every_channel_of_a_receiver(stand: Any) -> None:
    """A page that would stay open is ended again."""
    desk = stand()
    status, said = desk.ask("/api/v2/alerting/test", "POST", {"channel": "people", "who": "eva"})
    assert status == 200
    assert [one["error"] for one in said["channels"]] == ["", ""]
    told = [(one.slot.channel, one.status) for one in desk.tried]
    assert sorted(told) == [("pagerduty", "firing"), ("pagerduty", "resolved"), ("slack", "firing")]
    assert "eva tests this channel" in dict(desk.tried[0].alerts[0].annotations)["summary"]
    assert desk.ask("/api/v2/alerts")[1] == []


def test_a_test_says_what_a_channel_says(stand: Any) -> None:
    """And which channels there are, where none is meant."""
    desk = stand()
    desk.refusal = "401 invalid token"
    status, said = desk.ask("/api/v2/alerting/test", "POST", {"channel": "people/slack[0]"})
    assert (status, said) == (
        502,
        {"channels": [{"channel": "people/slack[0]", "error": "401 invalid token"}]},
    )
    status, said = desk.ask("/api/v2/alerting/test", "POST", {"channel": "nobody"})
    assert status == 404
    assert "people/slack[0]" in said


@pytest.mark.parametrize("path", ["acknowledge", "unacknowledge", "resolve", "test"])
def test_foreign_pages_say_nothing(stand: Any, path: str) -> None:
    """Whatever they ask for."""
    desk = stand()
    assert desk.ask(f"/api/v2/alerting/{path}", "POST", {}, Origin="http://evil.example")[0] == 403
