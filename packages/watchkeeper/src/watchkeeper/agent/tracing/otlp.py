"""Spans as OTLP's JSON: opentelemetry-proto, trace/v1/trace.proto, with the rules of OTLP/HTTP's JSON. Pure.

Identities are hexadecimal, 64-bit integers are texts, enumerations are numbers.
"""

from collections.abc import Iterable, Mapping
from math import isfinite

from watchkeeper.agent.tracing.span import LONGEST, Span, SpanEvent, Value

SCOPE = "watchkeeper"
ERROR = 2
FLAG_SAMPLED = 1
Document = dict[str, object]


def document(spans: Iterable[Span], resource: Mapping[str, Value], version: str = "") -> Document:
    """Return an ExportTraceServiceRequest."""
    scope = {"name": SCOPE, **({"version": version} if version else {})}
    scoped = {"scope": scope, "spans": [of(span) for span in spans]}
    return {"resourceSpans": [{"resource": {"attributes": pairs(resource)}, "scopeSpans": [scoped]}]}


def of(span: Span) -> Document:
    """Return one span."""
    found: Document = {
        "traceId": span.context.trace_id,
        "spanId": span.context.span_id,
        "flags": FLAG_SAMPLED,
        "name": span.name,
        "kind": int(span.kind),
        "startTimeUnixNano": str(span.began),
        "endTimeUnixNano": str(span.ended),
        "attributes": pairs(span.attributes),
        "events": [event(one) for one in span.events],
        "droppedAttributesCount": span.dropped,
        "status": {"code": ERROR, "message": span.error} if span.error else {},
    }
    if span.parent:
        found["parentSpanId"] = f"{span.parent:016x}"
    if span.context.state:
        found["traceState"] = span.context.state
    return found


def event(one: SpanEvent) -> Document:
    """Return one event of a span."""
    return {"timeUnixNano": str(one.at), "name": one.name, "attributes": pairs(one.attributes)}


def pairs(attributes: Mapping[str, Value]) -> list[Document]:
    """Return attributes as a list of keys and values."""
    return [{"key": key, "value": value_of(value)} for key, value in attributes.items()]


def value_of(value: object) -> Document:
    """Return one value by its type; what is none of OTLP's becomes a text."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        return {"intValue": str(value)}
    if isinstance(value, float) and isfinite(value):
        return {"doubleValue": value}
    return {"stringValue": str(value)[:LONGEST]}
