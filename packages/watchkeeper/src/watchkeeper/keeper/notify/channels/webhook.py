"""Alertmanager's webhook: its payload of version 4.

Source: Alertmanager's documentation, webhook_config; fields of our own are not added to it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from watchkeeper.keeper.notify.channels.settings import (
    ChannelSettings,
    Pass,
    Place,
    Secret,
    pass_of,
    required,
    secret,
)
from watchkeeper.keeper.notify.errors import ChannelError, SettingsInvalid
from watchkeeper.keeper.notify.http import Answer, Headers, Request
from watchkeeper.keeper.notify.message import Told, View
from watchkeeper.keeper.notify.message.texts import Writing
from watchkeeper.keeper.notify.message.times import rfc3339
from watchkeeper.keeper.notify.pace import Limit
from watchkeeper.keeper.notify.verdict import refusal, retry_after_of

LIMIT = Limit()
_OPEN = Pass()
# Alertmanager gives these up for good; a receiver that is only busy should not cost a page.
RETRIED = (408, 425, 429)


class WebhookSettings(ChannelSettings, frozen=True, kw_only=True):
    """An entry of `webhook_configs`."""

    url: str = ""
    url_file: str = ""
    max_alerts: int = 0
    payload: Any = None


class Webhook:
    """Posts the payload as JSON; a header names the telling, so that a receiver can drop a repeat."""

    kind = "webhook"
    acknowledges = False

    def __init__(self, url: Secret, most: int = 0, access: Pass = _OPEN) -> None:
        self._url = url
        self._most = most
        self._access = access

    @classmethod
    def of(cls, settings: WebhookSettings, path: str, place: Place) -> Webhook:
        """Return it from settings; raises SettingsInvalid."""
        if settings.payload is not None:
            raise SettingsInvalid(f"{path}.payload", "a payload of one's own is not supported")
        told = "one of url or url_file must be configured"
        url = required(secret(settings, "url", path, place), field=f"{path}.url", told=told)
        return cls(url, settings.max_alerts, pass_of(settings.http_config, path, place))

    def rich(self, view: View, writing: Writing) -> Request:
        return self._request(payload(view, self._most), view.key)

    def plain(self, view: View, failure: str) -> Request:
        """Return the payload cut to one alert: it has no texts, so only its size can be wrong."""
        return self._request(payload(view, 1), view.key)

    def verdict(self, answer: Answer) -> ChannelError | None:
        return refusal(answer.status, answer.text, RETRIED, retry_after_of(answer))

    def _request(self, document: dict[str, Any], key: str) -> Request:
        return json_post(self._url.read(), document, (("Idempotency-Key", key), *self._access.headers()))


def json_post(url: str, document: object, headers: Headers = ()) -> Request:
    """Return a POST of a JSON document."""
    content = (("Content-Type", "application/json"), *headers)
    return Request("POST", url, content, msgspec.json.encode(document))


def payload(view: View, most: int = 0) -> dict[str, Any]:
    """Return the payload of version 4 with at most so many alerts (0: all)."""
    alerts = view.alerts[:most] if most else view.alerts
    return {
        "receiver": view.receiver,
        "status": view.status,
        "alerts": [alert_payload(alert) for alert in alerts],
        "groupLabels": dict(view.group_labels),
        "commonLabels": dict(view.common_labels),
        "commonAnnotations": dict(view.common_annotations),
        "externalURL": view.external_url,
        "version": "4",
        "groupKey": view.group_key,
        "truncatedAlerts": len(view.alerts) - len(alerts),
    }


def alert_payload(alert: Told) -> dict[str, Any]:
    """Return one alert of the payload; endsAt is Go's zero time while it fires."""
    return {
        "status": alert.status,
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": rfc3339(alert.starts_at),
        "endsAt": rfc3339(alert.ends_at),
        "generatorURL": alert.generator_url,
        "fingerprint": alert.fingerprint,
    }
