"""Monitoring and operations for automated trading bots: what a bot imports."""

from watchkeeper.agent.errors import (
    AgentError,
    AlreadyStarted,
    BadAmount,
    DependencyCycle,
    DuplicateName,
    InvalidName,
    LabelsMissing,
    TokenRequired,
    UnknownDependency,
    WrongLabels,
)
from watchkeeper.agent.health.heartbeat import Heartbeat
from watchkeeper.agent.health.outcome import Outcome, Status, degraded, healthy, unhealthy
from watchkeeper.agent.metrics.family import Family
from watchkeeper.agent.metrics.instruments import Counter, Gauge, Histogram
from watchkeeper.agent.metrics.registry import Registry
from watchkeeper.agent.tracing.context import SpanContext
from watchkeeper.agent.tracing.span import Kind as SpanKind
from watchkeeper.agent.tracing.tracer import Tracer
from watchkeeper.agent.watch import Watch

__all__ = [
    "AgentError",
    "AlreadyStarted",
    "BadAmount",
    "Counter",
    "DependencyCycle",
    "DuplicateName",
    "Family",
    "Gauge",
    "Heartbeat",
    "Histogram",
    "InvalidName",
    "LabelsMissing",
    "Outcome",
    "Registry",
    "SpanContext",
    "SpanKind",
    "Status",
    "TokenRequired",
    "Tracer",
    "UnknownDependency",
    "Watch",
    "WrongLabels",
    "degraded",
    "healthy",
    "unhealthy",
]
