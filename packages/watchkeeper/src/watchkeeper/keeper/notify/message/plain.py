"""A notification in plain words: what is sent when nothing else can be."""

from __future__ import annotations

from watchkeeper.keeper.notify.message.times import rfc3339
from watchkeeper.keeper.notify.message.view import Told, View

LISTED = 20


def subject(view: View) -> str:
    """Return one line: status, how many fire, the group."""
    if view.acknowledged:
        status = "ACKNOWLEDGED"
    else:
        status = f"FIRING:{len(view.firing)}" if view.firing else "RESOLVED"
    names = view.group_labels or view.common_labels
    return f"[{status}] {' '.join(value for _, value in names) or view.receiver}"


def plain_text(view: View, failure: str = "") -> str:
    """Return the whole message; failure says why a better one could not be written."""
    lines = [subject(view)]
    if view.acknowledged:
        lines.append(f"acknowledged by {', '.join(view.people) or 'somebody'}")
    lines += [line_of(alert) for alert in (*view.firing, *view.resolved)[:LISTED]]
    if len(view.alerts) > LISTED:
        lines.append(f"and more: {len(view.alerts)} in all")
    if view.people and not view.acknowledged:
        lines.append(f"for {', '.join(view.people)}")
    if view.ack_url:
        lines.append(f"acknowledge: {view.ack_url}")
    if failure:
        lines.append(f"(plain, since the message could not be written: {failure})")
    return "\n".join(lines)


def line_of(alert: Told) -> str:
    """Return one line: status, name, what is wrong, since when."""
    notes = dict(alert.annotations)
    words = notes.get("summary") or notes.get("description") or " ".join(value for _, value in alert.labels)
    reason = notes.get("resolved_by" if alert.ends_at is not None else "reason", "")
    since = f"since {rfc3339(alert.starts_at)}" if alert.ends_at is None else f"at {rfc3339(alert.ends_at)}"
    return f"{alert.status} {alert.name}: {words}{': ' + reason if reason else ''} ({since})"
