"""Spans: one that is recorded, one that only carries a context, and one that is nothing."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass
from enum import IntEnum
from time import perf_counter_ns, time_ns
from typing import Self

from watchkeeper.agent.tracing.context import SpanContext

Value = str | bool | int | float
MOST = 64  # attributes and events of a span
LONGEST = 1024  # characters of a text


class Kind(IntEnum):
    """What part a span has in a call; the numbers are those of OTLP."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened at a moment (Unix nanoseconds)."""

    at: int
    name: str
    attributes: Mapping[str, Value]


class Nothing:
    """A span of a trace that is not recorded; entering, setting and leaving it do nothing."""

    __slots__ = ()
    recording = False
    context: SpanContext | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        pass

    def set(self, name: str, value: Value) -> None:
        """Do nothing."""

    def event(self, name: str, **attributes: Value) -> None:
        """Do nothing."""


class Carried(Nothing):
    """A span that is not recorded, whose context came from outside and has to go on to others."""

    __slots__ = ("_token", "context")

    def __init__(self, context: SpanContext) -> None:
        self.context = context

    def __enter__(self) -> Self:
        self._token = CURRENT.set(self)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        left(self._token)


class Span(Nothing):
    """A span that is recorded: times in Unix nanoseconds, attributes, events, and the error that left it."""

    __slots__ = (
        "_done",
        "_start",
        "_token",
        "attributes",
        "began",
        "context",
        "dropped",
        "ended",
        "error",
        "events",
        "kind",
        "name",
        "parent",
    )
    recording = True

    def __init__(
        self,
        name: str,
        context: SpanContext,
        parent: int,
        kind: Kind,
        attributes: Mapping[str, Value] | None,
        done: Callable[["Span"], None],
    ) -> None:
        self.name = name
        self.context: SpanContext = context
        self.parent = parent  # the parent span's identity, 0 for none
        self.kind = kind
        self.attributes: dict[str, Value] = dict(attributes or {})
        self.events: list[SpanEvent] = []
        self.dropped = 0  # attributes and events beyond the limit
        self.error = ""
        self.began = self.ended = 0
        self._done = done

    def __enter__(self) -> Self:
        self._token = CURRENT.set(self)
        self.began = time_ns()
        self._start = perf_counter_ns()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.ended = self.began + perf_counter_ns() - self._start
        left(self._token)
        if isinstance(error, Exception):
            name = type(error).__name__
            self.error = f"{name}: {error}"[:LONGEST]
            self.event("exception", **{"exception.type": name, "exception.message": str(error)})
        self._done(self)

    def set(self, name: str, value: Value) -> None:
        """Set an attribute."""
        if len(self.attributes) < MOST or name in self.attributes:
            self.attributes[name] = value
        else:
            self.dropped += 1

    def event(self, name: str, **attributes: Value) -> None:
        """Note that something happened now."""
        if len(self.events) < MOST:
            self.events.append(SpanEvent(time_ns(), name, attributes))
        else:
            self.dropped += 1


NOTHING = Nothing()
CURRENT: ContextVar[Nothing] = ContextVar("watchkeeper_span", default=NOTHING)


def left(token: Token[Nothing]) -> None:
    """Take back a current span, unless it is left in another context than the one it was entered in."""
    try:
        CURRENT.reset(token)
    except ValueError:  # a generator that another task ended
        pass
