"""The shapes of the vendors' messages, checked as the vendors check them.

Sources: Alertmanager's webhook payload (version 4); Slack's incoming webhooks and chat.postMessage;
Discord's execute webhook; Telegram's sendMessage; PagerDuty's Events API v2.
"""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from localvenues.channels.errors import MessageRefused

Body = Mapping[str, Any]
WEBHOOK_FIELDS = (
    "receiver", "status", "alerts", "groupLabels", "commonLabels", "commonAnnotations", "externalURL",
    "groupKey", "truncatedAlerts",
)  # fmt: skip


def check(holds: bool, said: str) -> None:
    """Raise MessageRefused unless something holds."""
    if not holds:
        raise MessageRefused(said)


def text_at_most(body: Body, name: str, most: int) -> str:
    """Return a text field; raises MessageRefused where it is longer or no text."""
    value = body.get(name) or ""
    check(isinstance(value, str), f"{name} must be a string")
    check(len(value) <= most, f"{name}: must be {most} or fewer in length")
    return str(value)


def check_webhook(body: Body) -> None:
    """Check Alertmanager's payload of version 4."""
    check(body.get("version") == "4", "version is not 4")
    for name in WEBHOOK_FIELDS:
        check(name in body, f"{name} is missing")
    check(body["status"] in ("firing", "resolved"), "status is neither firing nor resolved")
    check(isinstance(body["alerts"], list) and bool(body["alerts"]), "no alerts")
    for alert in body["alerts"]:
        for name in ("status", "labels", "annotations", "startsAt", "endsAt", "fingerprint"):
            check(name in alert, f"an alert has no {name}")


def check_slack(body: Body) -> None:
    """Check a Slack message: it must say something."""
    check(bool(body.get("text") or body.get("attachments") or body.get("blocks")), "no_text")
    text_at_most(body, "text", 40_000)
    attachments = body.get("attachments") or []
    check(isinstance(attachments, list) and len(attachments) <= 100, "too_many_attachments")
    check(all(isinstance(one, dict) for one in attachments), "invalid_attachments")


def check_discord(body: Body) -> None:
    """Check an execute-webhook body against Discord's limits."""
    content = text_at_most(body, "content", 2000)
    text_at_most(body, "username", 80)
    embeds = body.get("embeds") or []
    check(isinstance(embeds, list) and len(embeds) <= 10, "embeds: must be 10 or fewer in length")
    check(bool(content or embeds), "Cannot send an empty message")
    total = 0
    for embed in embeds:
        total += len(text_at_most(embed, "title", 256)) + len(text_at_most(embed, "description", 4096))
        check(0 <= int(embed.get("color") or 0) <= 0xFFFFFF, "color is out of range")
    check(total <= 6000, "Embed size exceeds maximum size of 6000")


def check_telegram(body: Body) -> None:
    """Check a sendMessage body: text, chat, entities, buttons."""
    check(bool(body.get("chat_id")), "Bad Request: chat_id is empty")
    text = body.get("text")
    check(isinstance(text, str) and bool(text.strip()), "Bad Request: message text is empty")
    check(len(str(text).encode("utf-16-le")) // 2 <= 4096, "Bad Request: message is too long")
    if body.get("parse_mode") == "HTML":
        Entities().read(str(text))
    for row in (body.get("reply_markup") or {}).get("inline_keyboard", []):
        for button in row:
            data = str(button.get("callback_data", ""))
            check(1 <= len(data.encode()) <= 64, "Bad Request: BUTTON_DATA_INVALID")


class Entities(HTMLParser):
    """Reads Telegram's HTML: few tags, all of them closed."""

    KNOWN = frozenset({"b", "strong", "i", "em", "u", "s", "code", "pre", "a", "blockquote", "span"})

    def __init__(self) -> None:
        super().__init__()
        self._open: list[str] = []

    def read(self, text: str) -> None:
        """Raise MessageRefused where Telegram would."""
        self.feed(text)
        self.close()
        check(not self._open, "Bad Request: can't parse entities: can't find end tag")
        check("<" not in self.rawdata, "Bad Request: can't parse entities")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        check(tag in self.KNOWN, f'Bad Request: can\'t parse entities: unsupported start tag "{tag}"')
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        check(bool(self._open) and self._open.pop() == tag, "Bad Request: can't parse entities: end tag")


def check_pagerduty(body: Body) -> None:
    """Check an event of the Events API v2."""
    check(isinstance(body.get("routing_key"), str) and bool(body["routing_key"]), "routing_key is missing")
    action = body.get("event_action")
    check(action in ("trigger", "acknowledge", "resolve"), "event_action is invalid")
    check(len(text_at_most(body, "dedup_key", 255)) > 0 or action == "trigger", "dedup_key is missing")
    if action != "trigger":
        return
    payload = body.get("payload")
    check(isinstance(payload, dict), "payload is missing")
    assert isinstance(payload, dict)
    check(bool(text_at_most(payload, "summary", 1024)), "payload.summary is missing")
    check(bool(text_at_most(payload, "source", 10_000)), "payload.source is missing")
    severities = ("critical", "error", "warning", "info")
    check(payload.get("severity") in severities, "payload.severity is invalid")
