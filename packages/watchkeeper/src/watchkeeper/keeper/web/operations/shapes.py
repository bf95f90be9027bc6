"""The shapes of a report; they are the agent's, with the bot and the time of the asking."""

from __future__ import annotations

from typing import Literal

import msgspec

Class = Literal["excellent", "good", "average", "poor", "critical"]
Trend = Literal["improving", "stable", "degrading", "critical"]


class OperationRow(msgspec.Struct, frozen=True, kw_only=True, rename={"grade": "class"}):
    """The figures of one operation, in seconds; percentiles and trend are of its last 1000 runs."""

    name: str
    count: int
    errors: int
    error_rate: float
    total: float
    mean: float
    min: float
    max: float
    p50: float
    p90: float
    p95: float
    p99: float
    target: float
    trend: Trend
    grade: Class
    share: float


class Bottleneck(msgspec.Struct, frozen=True, kw_only=True, rename={"grade": "class"}):
    """An operation with something to improve."""

    name: str
    grade: Class
    share: float
    recommendations: list[str]


class ProcessRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the bot's process took since its agent was made."""

    age_seconds: float
    cpu_seconds: float
    cpu_share: float
    gc_full_collections: int
    gc_collected_objects: int
    memory_bytes: int
    memory_growth: float
    stalls: int
    longest_stall_seconds: float
    recommendations: list[str]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent answers at /debug/operations."""

    operations: list[OperationRow]
    bottlenecks: list[Bottleneck]
    process: ProcessRow


class OperationsTold(msgspec.Struct, frozen=True, kw_only=True):
    """A bot's report; at is when its agent was asked, in Unix seconds."""

    bot: str
    at: float
    operations: list[OperationRow]
    bottlenecks: list[Bottleneck]
    process: ProcessRow
