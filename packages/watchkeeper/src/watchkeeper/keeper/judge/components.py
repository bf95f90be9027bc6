"""What a bot's agent says of its components, in its health document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from watchkeeper.keeper.judge.finding import CRITICAL, DEGRADED, HEALTHY, UNHEALTHY, UNKNOWN, WARNING, Finding

TOLD = frozenset({HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN})
MOST_COMPONENTS = 500
LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Component:
    """One component as its agent tells it; since is Unix seconds, 0 where it is not told."""

    name: str
    state: str
    reason: str
    critical: bool
    since: float
    trend: str
    depends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """The word of one agent, read at `at` (Unix seconds by the keeper's clock)."""

    bot: str
    at: float
    state: str
    service: str
    version: str
    started: float
    live: bool
    live_reason: str
    components: tuple[Component, ...]


def read_health(bot: str, document: Mapping[str, object], at: float) -> Health:
    """Read an agent's health document; fields that are absent or odd become unknown, never healthy."""
    live = document.get("live")
    live = live if isinstance(live, Mapping) else {}
    raw = document.get("components")
    rows = [row for row in raw if isinstance(row, Mapping)] if isinstance(raw, list) else []
    return Health(
        bot=bot,
        at=at,
        state=told(document.get("status")),
        service=text(document.get("service")),
        version=text(document.get("version")),
        started=number(document.get("started")),
        live=live.get("ok") is not False,
        live_reason=text(live.get("reason")),
        components=tuple(read_component(row) for row in rows[:MOST_COMPONENTS] if row.get("name")),
    )


def read_component(row: Mapping[str, object]) -> Component:
    depends = row.get("depends")
    return Component(
        name=text(row["name"]),
        state=told(row.get("status")),
        reason=text(row.get("reason")),
        critical=row.get("critical") is not False,
        since=number(row.get("since")),
        trend=text(row.get("trend")),
        depends=tuple(text(name) for name in depends) if isinstance(depends, list) else (),
    )


def told(state: object) -> str:
    return state if isinstance(state, str) and state in TOLD else UNKNOWN


def text(value: object) -> str:
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""


def number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def component_findings(
    bot: str, health: Health | None, fresh: bool, known: Iterable[tuple[str, str]], hold: float
) -> list[Finding]:
    """Return one finding for each component of a bot.

    known are the (subject, severity) pairs held from before. Where the agent's word is not fresh,
    they are unknown; where it is, a component that it no longer names has no finding.
    """
    if health is None or not fresh:
        return [Finding(subject, UNKNOWN, "the bot does not answer", severity) for subject, severity in known]
    found = [component_finding(bot, component, hold) for component in health.components]
    if not health.live:
        reason = health.live_reason or "the bot's loop hangs"
        found.append(Finding(f"component/{bot}/liveness", UNHEALTHY, reason, CRITICAL, hold))
    else:
        found.append(Finding(f"component/{bot}/liveness", HEALTHY))
    return found


def component_finding(bot: str, component: Component, hold: float) -> Finding:
    severity = CRITICAL if component.critical else WARNING
    return Finding(f"component/{bot}/{component.name}", component.state, component.reason, severity, hold)
