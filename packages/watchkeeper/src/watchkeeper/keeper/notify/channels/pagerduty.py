"""PagerDuty's Events API v2: trigger, acknowledge, resolve; one incident per group.

Source: PagerDuty's pages on the Events API v2; settings as Alertmanager's pagerduty_configs.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from watchkeeper.keeper.notify.channels.settings import ChannelSettings, Node, Place, Secret, required, secret
from watchkeeper.keeper.notify.channels.webhook import json_post
from watchkeeper.keeper.notify.errors import ChannelError, SettingsInvalid
from watchkeeper.keeper.notify.http import Answer, Request
from watchkeeper.keeper.notify.message import View, plain_text, subject
from watchkeeper.keeper.notify.message.texts import Writing
from watchkeeper.keeper.notify.message.times import rfc3339
from watchkeeper.keeper.notify.pace import Limit
from watchkeeper.keeper.notify.truncation import octets, runes
from watchkeeper.keeper.notify.verdict import refusal, retry_after_of

LIMIT = Limit(per_second=2.0, burst=20)
URL = "https://events.pagerduty.com/v2/enqueue"
SUMMARY_RUNES = 1024
EVENT_BYTES = 512_000
SEVERITIES = ("critical", "error", "warning", "info")
DETAILS = {
    "firing": '{{ template "pagerduty.default.instances" .Alerts.Firing }}',
    "resolved": '{{ template "pagerduty.default.instances" .Alerts.Resolved }}',
    "num_firing": "{{ .Alerts.Firing | len }}",
    "num_resolved": "{{ .Alerts.Resolved | len }}",
}


class PagerdutyImage(Node, frozen=True, kw_only=True):
    """An image of an incident."""

    src: str = ""
    alt: str = ""
    href: str = ""


class PagerdutyLink(Node, frozen=True, kw_only=True):
    """A link of an incident."""

    href: str = ""
    text: str = ""


class PagerdutySettings(ChannelSettings, frozen=True, kw_only=True):
    """An entry of `pagerduty_configs`."""

    routing_key: str = ""
    routing_key_file: str = ""
    service_key: str = ""
    service_key_file: str = ""
    url: str = URL
    client: str = '{{ template "pagerduty.default.client" . }}'
    client_url: str = '{{ template "pagerduty.default.clientURL" . }}'
    description: str = '{{ template "pagerduty.default.description" . }}'
    details: dict[str, Any] = msgspec.field(default_factory=dict)
    images: list[PagerdutyImage] = msgspec.field(default_factory=list)
    links: list[PagerdutyLink] = msgspec.field(default_factory=list)
    severity: str = "error"
    source: str = ""
    component: str = ""
    group: str = ""
    class_: str = msgspec.field(default="", name="class")


class Pagerduty:
    """Sends one event for a group; its dedup_key is the same over repeats, restarts and escalation."""

    kind = "pagerduty"
    acknowledges = True

    def __init__(self, settings: PagerdutySettings, key: Secret) -> None:
        self._settings = settings
        self._key = key

    @classmethod
    def of(cls, settings: PagerdutySettings, path: str, place: Place) -> Pagerduty:
        """Return it from settings; raises SettingsInvalid."""
        if settings.service_key or settings.service_key_file:
            raise SettingsInvalid(f"{path}.service_key", "Events API v1 is not spoken here; use routing_key")
        key = secret(settings, "routing_key", path, place)
        told = "missing service or routing key"
        return cls(settings, required(key, field=f"{path}.routing_key", told=told))

    def rich(self, view: View, writing: Writing) -> Request:
        settings = self._settings
        summary = runes(writing.text("description", settings.description), SUMMARY_RUNES)[0]
        event = self._event(view)
        if event["event_action"] != "trigger":
            return self._post(event)
        client = writing.text("client", settings.client)
        event |= {"client": client, "client_url": writing.text("client_url", settings.client_url)}
        event["payload"] = {
            "summary": summary or subject(view),
            "source": writing.text("source", settings.source) or client,
            "severity": severity(writing.text("severity", settings.severity)),
            "timestamp": rfc3339(min(alert.starts_at for alert in view.firing)),
            "custom_details": details(settings.details, writing),
        }
        for name, text in (
            ("class", settings.class_),
            ("component", settings.component),
            ("group", settings.group),
        ):
            event["payload"] |= {name: written} if (written := writing.text(name, text)) else {}
        event["images"] = [texts_of(one, writing) for one in settings.images]
        event["links"] = [texts_of(one, writing) for one in settings.links]
        return self._post(fitting(event))

    def plain(self, view: View, failure: str) -> Request:
        event = self._event(view)
        if event["event_action"] == "trigger":
            text = octets(plain_text(view, failure), EVENT_BYTES // 4)[0]
            summary = runes(subject(view), SUMMARY_RUNES)[0]
            event |= {"client": "Watchkeeper"}
            event["payload"] = {"summary": summary, "source": "Watchkeeper", "severity": "error"}
            event["payload"]["custom_details"] = {"message": text}
        return self._post(event)

    def verdict(self, answer: Answer) -> ChannelError | None:
        return refusal(answer.status, answer.text, (429,), retry_after_of(answer))

    def _event(self, view: View) -> dict[str, Any]:
        action = "trigger" if view.firing else "resolve"
        action = "acknowledge" if view.acknowledged else action
        return {
            "routing_key": self._key.read(),
            "dedup_key": dedup_key(view.group_key),
            "event_action": action,
        }

    def _post(self, event: dict[str, Any]) -> Request:
        return json_post(self._settings.url, event)


def dedup_key(group_key: str) -> str:
    """Return the name of a group's incident: the SHA-256 of its key, as Alertmanager's.

    The pages of a group's escalation belong to the incident of the group.
    """
    return hashlib.sha256(group_key.removesuffix("/escalation").encode("utf-8", "replace")).hexdigest()


def severity(text: str) -> str:
    """Return one of PagerDuty's severities; what it does not know is an error."""
    return text if text in SEVERITIES else "error"


def details(given: dict[str, Any], writing: Writing) -> dict[str, Any]:
    """Return the custom details; a text that is JSON is sent as such by Alertmanager, here as text."""
    return {name: expanded(value, writing) for name, value in {**DETAILS, **given}.items()}


def expanded(value: Any, writing: Writing) -> Any:
    if isinstance(value, str):
        return writing.text("details", value)
    if isinstance(value, dict):
        return {name: expanded(inner, writing) for name, inner in value.items()}
    return [expanded(inner, writing) for inner in value] if isinstance(value, list) else value


def texts_of(node: PagerdutyImage | PagerdutyLink, writing: Writing) -> dict[str, str]:
    """Return the texts of an image or a link, expanded, without empty ones."""
    pairs = ((name, writing.text(name, text)) for name, text in msgspec.structs.asdict(node).items())
    return {name: text for name, text in pairs if text}


def fitting(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event within PagerDuty's limit; details that are too long are left out and said so."""
    if len(msgspec.json.encode(event)) <= EVENT_BYTES:
        return event
    note = f"left out, since the event would be longer than {EVENT_BYTES} bytes"
    return {**event, "payload": {**event["payload"], "custom_details": {"error": note}}}
