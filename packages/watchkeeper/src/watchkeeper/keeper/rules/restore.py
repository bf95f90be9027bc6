"""Bring back the alerts of a keeper that was stopped, from the series it wrote.

Prometheus restores only how long an alert has been pending, and forgets what fired when `for` is short or
the expression no longer gives it. Here a firing alert fires on, so that nothing that was told is told
again, and what ended meanwhile is told as resolved.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from watchkeeper.keeper.promql import STALE_BITS, Labels, Matcher, Queryable, Series
from watchkeeper.keeper.promql.labels import NAME, replaced, value_of, without

from .alert import Alerts, RuleAlert
from .evaluate import ALERTS, ALERTSTATE, FOR_STATE
from .expansion import ALERTNAME
from .outcome import GroupMemory
from .rule import AlertingRule


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far back alerts are restored and how soon a pending one may fire, in milliseconds.

    The defaults are those of Prometheus' for-outage-tolerance and for-grace-period.
    """

    outage: int = 3_600_000
    grace: int = 600_000


@dataclass(frozen=True, slots=True)
class _Last:
    at: int
    value: float


def restore(memory: GroupMemory, store: Queryable, now: int, tolerance: Tolerance = Tolerance()) -> int:
    """Give a group's rules the alerts that they had; return how many.

    To be called once, before the first evaluation. In the first two evaluations restored alerts stay
    though they are not seen, as the store may not have been filled again yet.
    """
    count = 0
    for rule in memory.rules:
        if isinstance(rule.rule, AlertingRule):
            rule.alerts = _alerts(rule.rule, store, now, tolerance)
            # The series of what is restored are this rule's own, so they are ended when it ends.
            rule.written = frozenset(_series(rule.alerts.values()))
            count += len(rule.alerts)
    memory.settling = 2 if count else 0
    return count


def _series(alerts: Iterable[RuleAlert]) -> list[Labels]:
    found = []
    for alert in alerts:
        found.append(replaced(replaced(alert.labels, NAME, ALERTS), ALERTSTATE, alert.state))
        found.append(replaced(alert.labels, NAME, FOR_STATE))
    return found


def _alerts(rule: AlertingRule, store: Queryable, now: int, tolerance: Tolerance) -> Alerts:
    states = _last(rule, ALERTS, store, now, tolerance)
    since = _last(rule, FOR_STATE, store, now, tolerance)
    found: Alerts = {}
    for labels, last in sorted(states.items(), key=lambda item: item[1].at):
        alert = without(labels, (NAME, ALERTSTATE))
        began = since.get(replaced(alert, NAME, FOR_STATE))
        if began is not None and began.at == last.at:
            found[alert] = _restored(rule, alert, value_of(labels, ALERTSTATE), began, now, tolerance)
    return found


def _restored(
    rule: AlertingRule, labels: Labels, state: str, began: _Last, now: int, tolerance: Tolerance
) -> RuleAlert:
    active_at = int(began.value) * 1000
    if state == "firing":
        fired = min(active_at + rule.hold, began.at)
        return RuleAlert(labels, (), "firing", math.nan, active_at, fired_at=fired)
    remaining = rule.hold - (began.at - active_at)
    if rule.hold >= tolerance.grace > remaining:
        active_at = now + tolerance.grace - rule.hold
    else:
        active_at += now - began.at  # the time while nobody looked does not count
    return RuleAlert(labels, (), "pending", math.nan, active_at)


def _last(
    rule: AlertingRule, name: str, store: Queryable, now: int, tolerance: Tolerance
) -> dict[Labels, _Last]:
    """Return the last sample of each series of the rule that had not ended."""
    matchers = [Matcher(NAME, "=", name), Matcher(ALERTNAME, "=", rule.name)]
    matchers += [Matcher(text.name, "=", text.text) for text in rule.labels if text.template is None]
    found = {}
    for series in store.select(matchers, now - tolerance.outage, now):
        last = _last_sample(series)
        if last is not None:
            found[series.labels] = last
    return found


def _last_sample(series: Series) -> _Last | None:
    if not len(series.times) or int(series.values[-1:].view("uint64")[0]) == STALE_BITS:
        return None
    return _Last(int(series.times[-1]), float(series.values[-1]))
