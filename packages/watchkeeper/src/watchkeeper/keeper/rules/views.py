"""Rules and alerts as Prometheus' API shows them (GET /api/v1/rules and /api/v1/alerts)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from watchkeeper.keeper.promql.quoting import general

from .alert import RuleAlert
from .outcome import GroupMemory, RuleMemory
from .rule import AlertingRule
from .template.values import exponential


def rules(memories: Iterable[GroupMemory], interval: int) -> dict[str, Any]:
    """Return the groups with their rules, health, last error and evaluation times.

    `interval` is that of groups without one, in milliseconds. `missedIterations` is ours.
    """
    return {"groups": [_group(memory, interval) for memory in memories]}


def alerts(memories: Iterable[GroupMemory]) -> dict[str, Any]:
    """Return the pending and firing alerts."""
    return {"alerts": [alert for memory in memories for rule in memory.rules for alert in _alerts(rule)]}


def _group(memory: GroupMemory, interval: int) -> dict[str, Any]:
    group = memory.group
    return {
        "name": group.name,
        "file": group.file,
        "interval": (group.interval or interval) / 1000,
        "limit": group.limit,
        "rules": [_rule(rule) for rule in memory.rules],
        "evaluationTime": memory.seconds,
        "lastEvaluation": _time(memory.evaluated_at),
        "missedIterations": memory.missed,
    }


def _rule(memory: RuleMemory) -> dict[str, Any]:
    rule = memory.rule
    shown: dict[str, Any] = {
        "name": rule.name,
        "query": rule.expr,
        "health": memory.health,
        "evaluationTime": memory.seconds,
        "lastEvaluation": _time(memory.evaluated_at),
        "type": rule.kind,
    }
    if memory.last_error:
        shown["lastError"] = memory.last_error
    if not isinstance(rule, AlertingRule):
        return shown | {"labels": dict(rule.labels)}
    return shown | {
        "state": _state(memory),
        "duration": rule.hold / 1000,
        "keepFiringFor": rule.keep_firing / 1000,
        "labels": {text.name: text.text for text in rule.labels},
        "annotations": {text.name: text.text for text in rule.annotations},
        "alerts": _alerts(memory),
    }


def _state(memory: RuleMemory) -> str:
    states = {alert.state for alert in memory.alerts.values()}
    return "firing" if "firing" in states else "pending" if "pending" in states else "inactive"


def _alerts(memory: RuleMemory) -> list[dict[str, Any]]:
    return [_alert(alert) for alert in memory.alerts.values() if alert.state != "resolved"]


def _alert(alert: RuleAlert) -> dict[str, Any]:
    shown = {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "state": alert.state,
        "activeAt": _time(alert.active_at),
        "value": _exponential(alert.value),
    }
    if alert.keep_firing_since is not None:
        shown["keepFiringSince"] = _time(alert.keep_firing_since)
    return shown


def _exponential(value: float) -> str:
    return exponential(value) if math.isfinite(value) else general(value)


def _time(at: int | None) -> str:
    """Write milliseconds as RFC 3339; what never was is the year one, as in Go."""
    if at is None:
        return "0001-01-01T00:00:00Z"
    moment = datetime.fromtimestamp(at // 1000, UTC)
    fraction = f".{at % 1000:03d}".rstrip("0") if at % 1000 else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"
