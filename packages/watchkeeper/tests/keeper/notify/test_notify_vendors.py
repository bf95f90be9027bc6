"""What each vendor is sent: its shape, its limits, its answer read rightly."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.groups import Notification, Slot
from watchkeeper.keeper.notify.channels.pagerduty import EVENT_BYTES, dedup_key
from watchkeeper.keeper.notify.channels.sender import HttpSender, Vendor, Voice
from watchkeeper.keeper.notify.channels.settings import Place
from watchkeeper.keeper.notify.channels.telegram.listener import press_of
from watchkeeper.keeper.notify.errors import TextFailed
from watchkeeper.keeper.notify.http import Answer, Request
from watchkeeper.keeper.notify.receivers import sender_of

Notify = Callable[..., Notification]
Table = Callable[[str], Any]
VOICE = Voice(external_url="http://keeper:8080", ack_token=lambda one: "tok")
SETTINGS: dict[str, dict[str, Any]] = {
    "webhook": {"url": "http://x/hook"},
    "slack": {"api_url": "http://x/slack", "channel": "#ops"},
    "discord": {"webhook_url": "http://x/discord"},
    "telegram": {"bot_token": "100:abc", "chat_id": "-42"},
    "pagerduty": {"routing_key": "r0ut1ng"},
}


def vendor(kind: str, **more: Any) -> Vendor:
    """Return a vendor from settings as a configuration gives them."""
    sender = sender_of(kind, SETTINGS[kind] | more, "receivers[0]", Place(environment={}), VOICE)
    assert isinstance(sender, HttpSender)
    return sender.vendor


def body(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(request.body)
    return found


def rich(one: Vendor, notification: Notification) -> dict[str, Any]:
    view = VOICE.view(notification, "key")
    return body(one.rich(view, VOICE.texts.of(view)))


def big(text: str) -> Notification:
    """Return a notification whose texts are as long as an attacker likes."""
    alert = Alert((("alertname", text or "x"),), (("summary", text),), 1000.0)
    slot = Slot("{}:{}", "team", "x", 0)
    return Notification(
        1200.0, slot, alert.labels, (alert,), frozenset({alert.fingerprint}), frozenset(), "first"
    )


def test_the_webhook_has_alertmanagers_payload(notify: Notify) -> None:
    """Version 4, endsAt of Go's zero time while it fires, and the telling's key in a header."""
    one = vendor("webhook")
    request = one.rich(view := VOICE.view(notify(), "key-1"), VOICE.texts.of(view))
    told = body(request)
    assert told["version"] == "4" and told["truncatedAlerts"] == 0
    assert told["alerts"][0]["endsAt"] == "0001-01-01T00:00:00Z"
    assert told["alerts"][0]["startsAt"] == "1970-01-01T00:16:40Z"
    assert ("Idempotency-Key", "key-1") in request.headers


def test_max_alerts_cuts_and_counts(notify: Notify, alert: Callable[..., Alert]) -> None:
    """The first ones stay, and the payload says how many went."""
    told = rich(vendor("webhook", max_alerts=2), notify(*(alert(f"A{n}") for n in range(5))))
    assert (len(told["alerts"]), told["truncatedAlerts"]) == (2, 3)


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3), st.integers(1, 9000)
)
def test_no_message_is_longer_than_its_vendor_takes(piece: str, times: int) -> None:
    """Discord 256/4096/6000, Slack 1024, Telegram 4096 UTF-16 units, PagerDuty 1024."""
    notification = big((piece * times)[:9000])
    embed = rich(vendor("discord"), notification)["embeds"][0]
    assert len(embed["title"]) <= 256 and len(embed["description"]) <= 4096
    assert len(embed["title"]) + len(embed["description"]) <= 6000
    attachment = rich(vendor("slack"), notification)["attachments"][0]
    assert len(attachment["title"]) <= 1024 and len(attachment["text"]) <= 40_000
    assert len(rich(vendor("telegram"), notification)["text"].encode("utf-16-le")) // 2 <= 4096
    assert 0 < len(rich(vendor("pagerduty"), notification)["payload"]["summary"]) <= 1024


def test_a_pagerduty_event_stays_within_its_bytes(notify: Notify, alert: Callable[..., Alert]) -> None:
    """Details that are too long are left out, and the event says so."""
    storm = notify(*(alert(f"A{n}", summary="x" * 3000) for n in range(200)))
    one = vendor("pagerduty")
    view = VOICE.view(storm, "key")
    request = one.rich(view, VOICE.texts.of(view))
    assert len(request.body) <= EVENT_BYTES
    assert "left out" in body(request)["payload"]["custom_details"]["error"]


def test_pagerduty_triggers_acknowledges_and_resolves_one_incident(
    notify: Notify, alert: Callable[..., Alert]
) -> None:
    """Three events of one group have one dedup_key, and so has its escalation."""
    one = vendor("pagerduty")
    events = [
        rich(one, notify()),
        rich(one, notify(reason="acknowledged", people=("ana",))),
        rich(one, notify(alert(end=1100.0), reason="resolved")),
    ]
    assert [event["event_action"] for event in events] == ["trigger", "acknowledge", "resolve"]
    key = notify().slot.group_key
    assert {event["dedup_key"] for event in events} == {dedup_key(key)} == {dedup_key(f"{key}/escalation")}


def test_telegram_has_a_button_while_somebody_can_press_it(
    notify: Notify, alert: Callable[..., Alert]
) -> None:
    """A page that fires carries the token; one that is over or taken does not."""
    one = vendor("telegram")
    button = rich(one, notify())["reply_markup"]["inline_keyboard"][0][0]
    assert button == {"text": "Acknowledge", "callback_data": "ack:tok"}
    assert "reply_markup" not in rich(one, notify(alert(end=1100.0)))
    assert "reply_markup" not in rich(one, notify(reason="acknowledged"))
    assert "reply_markup" not in rich(vendor("telegram", acknowledge_button="false"), notify())


def test_telegrams_chat_and_html(notify: Notify, alert: Callable[..., Alert]) -> None:
    """A chat's number is a number, and an alert's text cannot break the markup."""
    told = rich(vendor("telegram"), notify(alert("a<b")))
    assert told["chat_id"] == -42 and "a&lt;b" in told["text"] and told["parse_mode"] == "HTML"
    plain = vendor("telegram", parse_mode="")
    assert "a<b" in rich(plain, notify(alert("a<b")))["text"]


def test_slack_expands_what_a_configuration_writes(notify: Notify) -> None:
    """Channel, fields and actions are templates, too; short is a flag even when YAML gives it as text."""
    told = rich(
        vendor(
            "slack",
            channel="#{{ .GroupLabels.alertname }}",
            fields=[{"title": "Bot", "value": "{{ .CommonLabels.bot }}", "short": "true"}],
            actions=[{"type": "button", "text": "{{ .Status }}", "url": "{{ .ExternalURL }}"}],
        ),
        notify(),
    )
    assert told["channel"] == "#Down"
    assert told["attachments"][0]["fields"] == [{"title": "Bot", "value": "arb", "short": True}]
    assert told["attachments"][0]["actions"][0]["text"] == "firing"
    assert told["attachments"][0]["color"] == "danger"


@pytest.mark.parametrize("kind", sorted(SETTINGS))
def test_a_text_that_fails_leaves_a_plain_message(kind: str, notify: Notify) -> None:
    """The plain request needs no text, names the failure where there is room for one, and fits."""
    view = VOICE.view(notify(), "key")
    text = body(vendor(kind).plain(view, "title: it loops"))
    assert "Down" in json.dumps(text)
    if kind != "webhook":
        assert "it loops" in json.dumps(text)


def test_a_broken_text_is_found_when_it_is_written(notify: Notify) -> None:
    """A failing template of a vendor is TextFailed, which its sender turns into the plain form."""
    one = vendor("discord", title="{{ index .Alerts 7 }}")
    view = VOICE.view(notify(), "key")
    with pytest.raises(TextFailed, match="title"):
        one.rich(view, VOICE.texts.of(view))


ANSWERS = [
    ("slack", Answer(200, (), b"ok"), None),
    ("slack", Answer(200, (), b'{"ok":true}'), None),
    ("slack", Answer(200, (), b'{"ok":false,"error":"channel_not_found"}'), False),
    ("slack", Answer(200, (), b'{"ok":false,"error":"ratelimited"}'), True),
    ("slack", Answer(429, (), b""), True),
    ("slack", Answer(404, (), b"no_team"), False),
    ("discord", Answer(204, (), b""), None),
    ("discord", Answer(429, (), b'{"retry_after":1.5}'), True),
    ("telegram", Answer(200, (), b'{"ok":true,"result":{}}'), None),
    ("telegram", Answer(200, (), b"<html>"), True),
    ("telegram", Answer(403, (), b'{"ok":false}'), False),
    ("pagerduty", Answer(202, (), b"{}"), None),
    ("pagerduty", Answer(400, (), b"{}"), False),
    ("pagerduty", Answer(429, (), b"{}"), True),
    ("webhook", Answer(201, (), b""), None),
    ("webhook", Answer(429, (), b""), True),
    ("webhook", Answer(404, (), b""), False),
    ("webhook", Answer(502, (), b""), True),
    ("webhook", Answer(301, (), b""), False),
]


@pytest.mark.parametrize(("kind", "answer", "retryable"), ANSWERS)
def test_an_answer_is_read_as_its_vendor_means_it(kind: str, answer: Answer, retryable: bool | None) -> None:
    """Taken, to be tried again, or refused for good."""
    error = vendor(kind).verdict(answer)
    assert (None if error is None else error.retryable) is retryable


def test_a_press_is_read_and_anything_else_is_none() -> None:
    """Only our own buttons count."""
    query = {"id": "q", "data": "ack:tok", "from": {"username": "ana"}}
    press = press_of({"update_id": 3, "callback_query": query})
    assert press is not None and (press.token, press.who, press.query) == ("tok", "ana (Telegram)", "q")
    for other in (
        {},
        {"callback_query": None},
        {"callback_query": {"data": "x"}},
        {"callback_query": {"data": 1}},
    ):
        assert press_of(other) is None


def test_discord_gets_what_its_api_describes(notify: Notify, table: Table) -> None:
    """The rich and the plain form hold against Discord's own description of the request."""
    described = table("discord/execute_webhook.openapi.json")
    schemas = described["components"]["schemas"]
    one = vendor("discord", username="watch", avatar_url="http://x/a.png")
    view = VOICE.view(notify(), "key")
    for told in (rich(one, notify()), body(one.plain(view, "why"))):
        assert problems(told, schemas["IncomingWebhookRequestPartial"], schemas) == []


def problems(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str = "$") -> list[str]:
    """Return what is wrong with a value by the parts of JSON Schema that the description uses."""
    if "$ref" in schema:
        return problems(value, schemas[schema["$ref"].rpartition("/")[2]], schemas, at)
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            choices = [problems(value, one, schemas, at) for one in schema[choice]]
            return [] if [] in choices else choices[-1]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, KINDS[kind]) for kind in kinds):
        return [f"{at}: {value!r} is none of {kinds}"]
    found: list[str] = []
    if isinstance(value, str) and len(value) > schema.get("maxLength", 10**9):
        found.append(f"{at}: too long")
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append(f"{at}: out of range")
    if isinstance(value, list) and "items" in schema:
        found += [
            f for n, one in enumerate(value) for f in problems(one, schema["items"], schemas, f"{at}[{n}]")
        ]
    if isinstance(value, dict) and "properties" in schema:
        for name, inner in value.items():
            if name not in schema["properties"]:
                found.append(f"{at}.{name}: unknown")
            else:
                found += problems(inner, schema["properties"][name], schemas, f"{at}.{name}")
    return found


KINDS: dict[str, Any] = {
    "string": str, "integer": int, "boolean": bool, "object": dict, "array": list, "null": type(None),
    "number": (int, float),
}  # fmt: skip
