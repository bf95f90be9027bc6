"""One notification as channels see it: redacted, with all that a message may say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from watchkeeper.keeper.alerts.alert import Alert, Status
from watchkeeper.keeper.alerts.groups import ROW, Notification
from watchkeeper.keeper.alerts.groups.notification import common
from watchkeeper.keeper.alerts.labels import Pairs
from watchkeeper.keeper.notify.redaction import Redactor

ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class Told:
    """One alert in a message; ends_at is None while it fires."""

    fingerprint: str
    labels: Pairs
    annotations: Pairs
    starts_at: float
    ends_at: float | None
    generator_url: str

    @property
    def status(self) -> Status:
        return "firing" if self.ends_at is None else "resolved"

    @property
    def name(self) -> str:
        return dict(self.labels).get("alertname", "alert")


@dataclass(frozen=True, slots=True)
class View:
    """A notification without its secrets.

    key names this telling and stays the same when it is sent again; external_url is the keeper's own
    address, ack_url one that acknowledges the group, ack_token what a chat's button carries; row is that
    of the change that it tells of, 0 for a group.
    """

    key: str
    at: float
    receiver: str
    group_key: str
    group_labels: Pairs
    alerts: tuple[Told, ...]
    reason: str
    urgency: str = ""
    people: tuple[str, ...] = ()
    external_url: str = ""
    ack_url: str = ""
    ack_token: str = ""
    row: int = 0

    @property
    def status(self) -> Status:
        return "firing" if any(alert.ends_at is None for alert in self.alerts) else "resolved"

    @property
    def acknowledged(self) -> bool:
        """Return whether it tells that somebody has taken the group on; people says who."""
        return self.reason == ACKNOWLEDGED

    @property
    def firing(self) -> tuple[Told, ...]:
        return tuple(alert for alert in self.alerts if alert.ends_at is None)

    @property
    def resolved(self) -> tuple[Told, ...]:
        return tuple(alert for alert in self.alerts if alert.ends_at is not None)

    @property
    def common_labels(self) -> Pairs:
        return common([alert.labels for alert in self.alerts])

    @property
    def common_annotations(self) -> Pairs:
        return common([alert.annotations for alert in self.alerts])


def view_of(
    notification: Notification,
    key: str,
    redactor: Redactor,
    external_url: str = "",
    ack_token: Callable[[Notification], str] | None = None,
) -> View:
    """Return the view of a notification; ack_token makes the token of its buttons and links."""
    token = ack_token(notification) if ack_token and wants_acknowledgement(notification) else ""
    return View(
        key=key,
        at=notification.at,
        receiver=notification.receiver,
        group_key=notification.group_key,
        group_labels=redactor.pairs(notification.group_labels),
        alerts=tuple(told(alert, redactor) for alert in notification.alerts),
        reason=notification.reason,
        urgency=notification.urgency,
        people=notification.people,
        external_url=external_url,
        ack_url=f"{external_url.rstrip('/')}/ack?token={token}" if token and external_url else "",
        ack_token=token,
        row=notification.row,
    )


def wants_acknowledgement(notification: Notification) -> bool:
    return notification.status == "firing" and notification.reason not in (ACKNOWLEDGED, ROW)


def told(alert: Alert, redactor: Redactor) -> Told:
    """Return an alert without secrets; its fingerprint is that of the labels as they are."""
    return Told(
        alert.fingerprint,
        redactor.pairs(alert.labels),
        redactor.pairs(alert.annotations),
        alert.starts_at,
        alert.ends_at,
        redactor.text(web_link(alert.generator_url)),
    )


def web_link(url: str) -> str:
    """Return a link that a browser may follow, else nothing: whoever posts an alert chooses this text."""
    try:
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:
        return ""
