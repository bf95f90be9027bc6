"""What is known of an alert beyond Alertmanager: its group's escalation, its story, who was told."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

CONFIG = """
route: {receiver: people, group_by: [alertname], group_wait: 100ms, group_interval: 1s, repeat_interval: 1h}
receivers:
- name: people
  slack_configs: [{api_url: 'http://127.0.0.1:1/slack', channel: '#a', send_resolved: true}]
  pagerduty_configs: [{routing_key: k, url: 'http://127.0.0.1:1/pd'}]
watchkeeper:
  people: {ann: {default: [people]}}
  policies: [{name: calm, steps: [{notify: {people: [ann]}}, {wait: 1h}, {notify: {channel: people}}]}]
  escalate: [{matchers: ['alertname="A"'], policy: calm}]
"""
PATIENCE = 40.0


def until(question: Callable[[], Any], what: str) -> Any:
    """Ask until the answer is true; fail when patience ends."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(0.05)
    pytest.fail(f"never saw: {what}")


TOGETHER = """
route: {receiver: people, group_by: ['...'], group_wait: 100ms}
receivers: [{name: people}]
watchkeeper:
  incidents:
    labels: [bot]
    dependencies: [{cause: ['alertname="RpcDown"'], effect: ['alertname="FeedSilent"'], equal: [host]}]
"""


def test_alerts_that_belong_together_are_one_incident_by_the_api(stand: Any) -> None:
    """By labels that they share or by what one depends on; the cause is named, the silenced left out."""
    desk = stand(TOGETHER)
    labels: list[dict[str, str]] = [
        {"alertname": "FeedSilent", "host": "a"},
        {"alertname": "RpcDown", "host": "a"},
        {"alertname": "Loss", "bot": "copy"},
        {"alertname": "Paused", "bot": "copy"},
        {"alertname": "Alone", "host": "a"},
    ]
    assert desk.ask("/api/v2/alerts", "POST", [{"labels": one} for one in labels])[0] == 200
    found = desk.ask("/api/v2/alerting/incidents")[1]["incidents"]
    told = {frozenset(alert["labels"]["alertname"] for alert in one["alerts"]) for one in found}
    assert told == {
        frozenset({"FeedSilent", "RpcDown"}),
        frozenset({"Loss", "Paused"}),
        frozenset({"Alone"}),
    }
    causes = [one["cause"]["labels"]["alertname"] for one in found if len(one["alerts"]) == 2]
    assert "RpcDown" in causes
    now = time.time()
    word = {"startsAt": rfc3339(now), "endsAt": rfc3339(now + 600), "createdBy": "eva", "comment": "known"}
    matchers = [{"name": "bot", "value": "copy", "isRegex": False}]
    assert desk.ask("/api/v2/silences", "POST", {**word, "matchers": matchers})[0] == 200
    assert len(desk.ask("/api/v2/alerting/incidents")[1]["incidents"]) == 2


def rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def fire(desk: Any, *names: str) -> None:
    alerts = [{"labels": {"alertname": name, "bot": "arb"}} for name in names]
    assert desk.ask("/api/v2/alerts", "POST", alerts)[0] == 200


def groups(desk: Any, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.ask(f"/api/v2/alerting/groups{query}")[1]["groups"]
    return found


def fingerprint(desk: Any) -> str:
    name: str = groups(desk)[0]["alerts"][0]["fingerprint"]
    return name


def story(desk: Any, name: str) -> dict[str, list[dict[str, Any]]]:
    status, told = desk.ask(f"/api/v2/alerting/alerts/{name}/timeline")
    assert status == 200
    found: dict[str, list[dict[str, Any]]] = told
    return found


def silence(desk: Any, **more: Any) -> str:
    """Silence all alerts A for an hour and return the id."""
    now = time.time()
    word = {
        "matchers": [{"name": "alertname", "value": "A", "isRegex": False}],
        "startsAt": stamp(now),
        "endsAt": stamp(now + 3600),
        "createdBy": "eva",
        "comment": "known",
    }
    status, told = desk.ask("/api/v2/silences", "POST", {**word, **more})
    assert status == 200, told
    return str(told["silenceID"])


def stamp(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def test_a_group_tells_its_escalation_and_when_its_next_step_comes(stand: Any) -> None:
    """Steps in words, the place of the next one, its time; none while people have taken all on."""
    desk = stand(CONFIG)
    fire(desk, "A", "B")
    until(lambda: [one for one in groups(desk) if (one["escalation"] or {}).get("step") == 2], "the wait")
    with_it, without = groups(desk)
    assert (with_it["labels"], without["escalation"]) == ({"alertname": "A"}, None)
    assert (with_it["receiver"], sorted(with_it["channels"])) == ("people", ["pagerduty[0]", "slack[0]"])
    run = with_it["escalation"]
    assert run["steps"] == ["tell ann", "wait 1 h", "tell people"]
    assert (run["policy"], run["done"], run["told"]) == ("calm", False, ["people"])
    assert run["nextAt"] > stamp(time.time())
    desk.ask("/api/v2/alerting/acknowledge", "POST", {"who": "eva", "matchers": ["alertname=A"]})
    assert groups(desk)[0]["escalation"]["nextAt"] is None
    desk.ask("/api/v2/alerting/unacknowledge", "POST", {"who": "eva", "matchers": ["alertname=A"]})
    assert groups(desk)[0]["escalation"]["nextAt"] == run["nextAt"]


def test_the_story_tells_who_was_told_and_with_what_result(stand: Any) -> None:
    """A channel that refuses stands there with its words, and that it was told later."""
    desk = stand(CONFIG)
    desk.refusal = "503 try later"
    fire(desk, "B")
    name = fingerprint(desk)
    waiting = until(lambda: [one for one in story(desk, name)["told"] if one["tries"]], "a try")
    assert waiting[0] == waiting[0] | {
        "receiver": "people",
        "state": "open",
        "error": "503 try later",
        "status": "firing",
        "reason": "first",
        "doneAt": None,
    }
    assert waiting[0]["nextTry"]
    desk.refusal = ""
    told = until(lambda: all_sent(story(desk, name)["told"]), "two channels that took it")
    assert {(one["channel"], one["status"]) for one in told} == {("slack", "firing"), ("pagerduty", "firing")}
    assert story(desk, "0" * 16) == {"events": [], "told": []}


def all_sent(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return told if len(told) == 2 and all(one["state"] == "sent" for one in told) else []


def test_silences_are_part_of_an_alerts_story(stand: Any) -> None:
    """When it began, by whom, why, until when; and that it ended."""
    desk = stand(CONFIG)
    fire(desk, "A", "B")
    kept = silence(desk)
    (one,) = [event for event in story(desk, fingerprint(desk))["events"] if event["kind"] == "silenced"]
    assert one["who"] == "eva" and one["detail"].endswith("known")
    assert [row["alerts"][0]["standing"] == "silenced" for row in groups(desk)] == [True, False]
    desk.ask(f"/api/v2/silence/{kept}", "DELETE")
    kinds = [event["kind"] for event in story(desk, fingerprint(desk))["events"]]
    assert kinds.index("silenced") < kinds.index("unsilenced")
    other = groups(desk)[1]["alerts"][0]["fingerprint"]
    assert not [event for event in story(desk, other)["events"] if "silenced" in event["kind"]]


def test_counts_tell_how_many_wait_for_somebody(stand: Any) -> None:
    """What is taken on or muted waits for nobody; what has ended is shown as over."""
    desk = stand(CONFIG)
    fire(desk, "A", "B", "C")
    until(lambda: desk.ask("/api/v2/alerting/counts")[1]["firing"] == 3, "three alerts that fire")
    desk.ask("/api/v2/alerting/acknowledge", "POST", {"who": "eva", "matchers": ["alertname=B"]})
    silence(desk)
    told = desk.ask("/api/v2/alerting/counts")[1]
    assert told == dict.fromkeys(told, 0) | {"open": 1, "firing": 1, "acknowledged": 1, "silenced": 1}
    desk.ask("/api/v2/alerting/resolve", "POST", {"who": "eva", "matchers": ["alertname=C"]})
    over = desk.ask("/api/v2/alerting/groups")[1]["over"]
    assert [(one["labels"]["alertname"], one["standing"]) for one in over] == [("C", "resolved")]


def test_groups_are_filtered_by_matchers(stand: Any) -> None:
    """Several in one text; one that cannot be read is named."""
    desk = stand(CONFIG)
    fire(desk, "A", "B")
    found = groups(desk, '?filter=alertname=~"A|B",bot!="x"&filter=alertname="B"')
    assert [one["labels"]["alertname"] for one in found] == ["B"]
    status, told = desk.ask("/api/v2/alerting/groups?filter=alertname")
    assert status == 400 and "alertname" in told


@pytest.mark.parametrize("way", ["api", "link"])
def test_every_channel_that_was_told_hears_who_took_it_on(stand: Any, way: str) -> None:
    """However somebody says so: PagerDuty's incident is acknowledged, chats hear the name; once."""
    desk = stand(CONFIG)
    fire(desk, "B")
    until(lambda: len(desk.tried) == 2, "two channels that took it")
    if way == "api":
        word: dict[str, Any] = {"who": "eva", "matchers": ["alertname=B"]}
        assert desk.ask("/api/v2/alerting/acknowledge", "POST", word)[0] == 200
    else:
        token = desk.tokens.sign(groups(desk)[0]["key"], time.time())
        assert desk.ask("/ack", "POST", {"token": token, "who": "eva"})[0] == 200
    until(lambda: len(desk.tried) == 4, "two more tellings")
    heard = [(one.slot.channel, one.reason, one.people) for one in desk.tried[2:]]
    assert sorted(heard) == [("pagerduty", "acknowledged", ("eva",)), ("slack", "acknowledged", ("eva",))]
