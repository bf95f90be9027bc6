"""Makes spans. Whether a trace is recorded is decided once, at its head; all that lies in it follows."""

from collections import deque
from collections.abc import Mapping, MutableMapping
from random import Random
from time import time_ns

from watchkeeper.agent.tracing.context import SpanContext, read, write
from watchkeeper.agent.tracing.span import CURRENT, NOTHING, Carried, Kind, Nothing, Span, Value

present = CURRENT.get
MOST_WAITING = 4096  # ended spans; beyond it new ones are dropped and counted


class Tracer:
    """Spans of one process. ratio: the share of traces that are recorded, 0 to 1."""

    def __init__(self, ratio: float = 0.0, random: Random | None = None) -> None:
        self.ratio = ratio
        self.dropped = 0
        self.ended = 0
        self._random = random or Random()
        self._chance = self._random.random
        self._waiting: deque[Span] = deque()

    def trace(
        self,
        name: str,
        attributes: Mapping[str, Value] | None = None,
        *,
        parent: SpanContext | None = None,
        kind: Kind = Kind.INTERNAL,
    ) -> Nothing:
        """Return the span at the head of a trace; within another span, a part of that one.

        parent: what `extract` found; its decision counts, and is passed on where it is not to be recorded.
        """
        if present() is not NOTHING:
            return self.span(name, attributes, kind=kind)
        if parent is None and self._chance() >= self.ratio:  # the way of nearly all
            return NOTHING
        if parent is not None:
            if not parent.sampled:
                return Carried(parent)
            return self._under(parent, name, attributes, kind)
        context = SpanContext(self._identity(128), self._identity(64), True)
        return Span(name, context, 0, kind, attributes, self._end)

    def span(
        self, name: str, attributes: Mapping[str, Value] | None = None, *, kind: Kind = Kind.INTERNAL
    ) -> Nothing:
        """Return a span below the present one; nothing where no trace is recorded."""
        around = present()
        if around is NOTHING or not around.recording or around.context is None:
            return NOTHING
        return self._under(around.context, name, attributes, kind)

    def past(
        self,
        name: str,
        seconds: float,
        attributes: Mapping[str, Value] | None = None,
        *,
        kind: Kind = Kind.INTERNAL,
        error: str = "",
    ) -> dict[str, str] | None:
        """Note a part that has just ended and took so many seconds; return its identities for an exemplar.

        For stages that are timed anyway: where no trace is recorded it costs one look, and gives None.
        """
        around = present()
        if around is NOTHING or not around.recording or around.context is None:
            return None
        span = self._under(around.context, name, attributes, kind)
        span.ended = time_ns()
        span.began = span.ended - int(seconds * 1e9)
        span.error = error
        self._end(span)
        return {"trace_id": span.context.trace_id, "span_id": span.context.span_id}

    def exemplar(self) -> dict[str, str] | None:
        """Return the present span's identities for `Histogram.observe`; None where none is recorded."""
        around = present()
        if around is NOTHING or not around.recording or around.context is None:
            return None
        return {"trace_id": around.context.trace_id, "span_id": around.context.span_id}

    def extract(self, headers: Mapping[str, str]) -> SpanContext | None:
        """Return the context that a request carries, for `trace`."""
        return read(headers)

    def inject(self, headers: MutableMapping[str, str]) -> None:
        """Put the present context, where there is one, into the headers of a request that goes out."""
        context = present().context
        if context is not None:
            write(context, headers)

    def taken(self, most: int) -> list[Span]:
        """Take ended spans out, oldest first."""
        found: list[Span] = []
        while self._waiting and len(found) < most:
            found.append(self._waiting.popleft())
        return found

    def after_fork(self) -> None:
        """In a forked child, make other identities than the parent, and leave it its spans."""
        self._random.seed()
        self._waiting.clear()

    def _under(
        self, parent: SpanContext, name: str, attributes: Mapping[str, Value] | None, kind: Kind
    ) -> Span:
        context = SpanContext(parent.trace, self._identity(64), True, parent.state)
        return Span(name, context, parent.span, kind, attributes, self._end)

    def _identity(self, bits: int) -> int:
        return self._random.getrandbits(bits) or 1  # zero is no identity

    def _end(self, span: Span) -> None:
        self.ended += 1
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(span)
        else:
            self.dropped += 1
