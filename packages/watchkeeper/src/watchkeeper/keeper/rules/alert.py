"""An alert of a rule and its life: pending, firing, resolved. Pure; times are milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from watchkeeper.keeper.promql import Labels

State = Literal["pending", "firing", "resolved"]

# A resolved alert is shown for this long (Prometheus, rules/alerting.go).
RESOLVED_KEPT_MS = 15 * 60_000


@dataclass(frozen=True, slots=True)
class RuleAlert:
    """One alert as it stands after an evaluation.

    `labels` have alertname among them. `active_at` is when the expression began to give it, `fired_at`
    when it had held for long enough; `value` is NaN for an alert that was restored and not seen since.
    """

    labels: Labels
    annotations: Labels
    state: State
    value: float
    active_at: int
    fired_at: int | None = None
    resolved_at: int | None = None
    keep_firing_since: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the expression gives for one alert now."""

    value: float
    annotations: Labels


Alerts = dict[Labels, RuleAlert]


def advance(
    alerts: Mapping[Labels, RuleAlert],
    seen: Mapping[Labels, Seen],
    now: int,
    hold: int,
    keep_firing: int,
    *,
    settling: bool = False,
) -> Alerts:
    """Return the alerts after an evaluation that gave `seen`.

    `hold` and `keep_firing` are the rule's `for` and `keep_firing_for`. While `settling`, alerts that were
    restored stay as they are when they are not seen: the store may not have been filled again yet.
    """
    after: Alerts = {}
    for labels, sight in seen.items():
        after[labels] = _held(_sighted(alerts.get(labels), labels, sight, now), now, hold)
    for labels, alert in alerts.items():
        if labels not in seen:
            gone = alert if settling and alert.state != "resolved" else _unseen(alert, now, keep_firing)
            if gone is not None:
                after[labels] = gone
    return after


def _sighted(alert: RuleAlert | None, labels: Labels, sight: Seen, now: int) -> RuleAlert:
    if alert is None or alert.state == "resolved":
        return RuleAlert(labels, sight.annotations, "pending", sight.value, now)
    # A clock that was set back must not keep a pending alert waiting until it has caught up.
    began = min(alert.active_at, now)
    return replace(
        alert, value=sight.value, annotations=sight.annotations, active_at=began, keep_firing_since=None
    )


def _held(alert: RuleAlert, now: int, hold: int) -> RuleAlert:
    if alert.state == "pending" and now - alert.active_at >= hold:
        return replace(alert, state="firing", fired_at=now)
    return alert


def _unseen(alert: RuleAlert, now: int, keep_firing: int) -> RuleAlert | None:
    """Return what becomes of an alert that the expression no longer gives; None when it is forgotten."""
    if alert.state == "pending":
        return None
    if alert.state == "resolved":
        old = alert.resolved_at is not None and now - alert.resolved_at > RESOLVED_KEPT_MS
        return None if old else alert
    since = now if alert.keep_firing_since is None else min(alert.keep_firing_since, now)
    if keep_firing and now - since < keep_firing:
        return replace(alert, keep_firing_since=since)
    return replace(alert, state="resolved", resolved_at=now)
