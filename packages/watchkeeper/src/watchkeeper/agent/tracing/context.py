"""The context of a span on the wire: the headers `traceparent` and `tracestate`. Pure.

Source: W3C Trace Context, sections 3.2 and 3.3.
"""

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
SAMPLED = 0x01
STATE = re.compile(r"[ -~]{0,512}")  # what has to be passed on; a line break would be a header of its own


@dataclass(frozen=True, slots=True)
class SpanContext:
    """The identities of a trace and of one span in it, and whether the trace is recorded."""

    trace: int
    span: int
    sampled: bool
    state: str = ""

    @property
    def trace_id(self) -> str:
        """Return the trace's identity as 32 hexadecimal digits."""
        return f"{self.trace:032x}"

    @property
    def span_id(self) -> str:
        """Return the span's identity as 16 hexadecimal digits."""
        return f"{self.span:016x}"

    def traceparent(self) -> str:
        """Return the header's value."""
        return f"00-{self.trace_id}-{self.span_id}-{SAMPLED if self.sampled else 0:02x}"


def read(headers: Mapping[str, str]) -> SpanContext | None:
    """Return the context that headers of any case carry; None where there is none or it is broken."""
    found = {name.lower(): value for name, value in headers.items()}
    matched = PARENT.fullmatch(found.get("traceparent", "").strip())
    if matched is None:
        return None
    version, trace, span, flags, more = matched.groups()
    if version == "ff" or (version == "00" and more) or not int(trace, 16) or not int(span, 16):
        return None
    state = found.get("tracestate", "").strip()
    sampled = bool(int(flags, 16) & SAMPLED)
    return SpanContext(int(trace, 16), int(span, 16), sampled, state if STATE.fullmatch(state) else "")


def write(context: SpanContext, headers: MutableMapping[str, str]) -> None:
    """Put a context into headers."""
    headers["traceparent"] = context.traceparent()
    if context.state:
        headers["tracestate"] = context.state
