"""The shapes of what the keeper shows; handlers build these as plain documents."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Row = dict[str, Any]
State = Literal["healthy", "degraded", "unhealthy", "unknown"]


class Sighted(msgspec.Struct, frozen=True, kw_only=True):
    """Stand above what is shown."""


class HealthTold(Sighted, frozen=True, kw_only=True):
    """How everything that is watched is."""

    status: State
    reason: str
    since: float | None
    subject: str
    time: float
    bots: list[Row]


class OverviewTold(Sighted, frozen=True, kw_only=True):
    """All that the first screen shows."""

    time: float
    version: str
    started: float
    overall: Row
    bots: list[Row]
    targets: list[Row]
    figures: dict[str, list[Row]]
    alerts: list[Row]
    flips: list[Row]
    keeper: Row


class AlertTold(Sighted, frozen=True, kw_only=True):
    """One episode of an alert."""

    fingerprint: str
    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: float
    ends_at: float | None


class AlertsTold(Sighted, frozen=True, kw_only=True):
    """Alerts, newest first."""

    alerts: list[AlertTold]


class FlipTold(Sighted, frozen=True, kw_only=True):
    """One change of state."""

    at: float
    subject: str
    from_state: str
    to_state: str
    reason: str
    severity: str


class FlipsTold(Sighted, frozen=True, kw_only=True):
    """Changes of state, newest first."""

    flips: list[FlipTold]


class MetricTold(Sighted, frozen=True, kw_only=True):
    """The present value of a series."""

    name: str
    labels: dict[str, str]
    value: float | Literal["+Inf", "-Inf"]


class MetricsTold(Sighted, frozen=True, kw_only=True):
    """Present values; count is that of all, also beyond the limit."""

    time: float
    count: int
    metrics: list[MetricTold]


class HistoryTold(Sighted, frozen=True, kw_only=True):
    """Headline figures over time, oldest first, and the newest changes of state."""

    bot: str
    history: list[dict[str, float | str | None]]
    flips: list[FlipTold]


class PanelTold(Sighted, frozen=True, kw_only=True):
    """One panel of a bot."""

    id: str
    title: str
    unit: str
    note: str
    scale: Literal["linear", "log"]
    expr: list[str]


class BotBoardTold(Sighted, frozen=True, kw_only=True):
    """The panels of a bot."""

    bot: str
    id: str
    title: str
    panels: list[PanelTold]


class LineTold(Sighted, frozen=True, kw_only=True):
    """One line of a panel."""

    label: str
    values: list[float | str | None]


class CurvesTold(Sighted, frozen=True, kw_only=True):
    """The lines of panels over the same times."""

    bot: str
    step: int
    times: list[float]
    panels: dict[str, list[LineTold]]
