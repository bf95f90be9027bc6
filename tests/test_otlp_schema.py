"""Spans as OTLP's JSON against the published protobuf schema, read by Google's own parser.

The peer is the package opentelemetry-proto in .cache/otel-venv, which `make peers` makes.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from watchkeeper import SpanKind, Tracer
from watchkeeper.agent.tracing import otlp

ROOT = Path(__file__).resolve().parent.parent
PYTHON = Path(os.environ.get("OTEL_PYTHON") or ROOT / ".cache" / "otel-venv" / "bin" / "python")
CALLER = {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01", "tracestate": "vendor=1"}
# OTLP's JSON writes identities in hexadecimal, where protobuf's has base64; all else is protobuf's own JSON.
READER = """
import base64, json, sys
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

def identified(one):
    if isinstance(one, dict):
        return {key: base64.b64encode(bytes.fromhex(value)).decode()
                if key in ("traceId", "spanId", "parentSpanId") else identified(value)
                for key, value in one.items()}
    return [identified(value) for value in one] if isinstance(one, list) else one

request = ExportTraceServiceRequest()
json_format.ParseDict(identified(json.load(sys.stdin)), request, ignore_unknown_fields=False)
(resource,) = request.resource_spans
(scope,) = resource.scope_spans
told = {"resource": {pair.key: pair.value.string_value for pair in resource.resource.attributes},
        "scope": scope.scope.name, "spans": []}
for span in scope.spans:
    values = {pair.key: [pair.value.WhichOneof("value"), getattr(pair.value, pair.value.WhichOneof("value"))]
              for pair in span.attributes}
    told["spans"].append({"name": span.name, "trace": span.trace_id.hex(), "span": span.span_id.hex(),
        "parent": span.parent_span_id.hex(), "kind": span.kind, "state": span.trace_state,
        "lasted": span.end_time_unix_nano - span.start_time_unix_nano, "flags": span.flags, "values": values,
        "events": [[event.name, len(event.attributes)] for event in span.events],
        "code": span.status.code, "message": span.status.message})
json.dump(told, sys.stdout)
"""


def read(document: dict[str, object]) -> Any:
    """Return what the schema's own reader makes of a document; unknown fields are errors to it."""
    if not PYTHON.exists():
        missing = "opentelemetry-proto is not installed: `make peers` puts it beside the project"
        pytest.fail(missing) if os.environ.get("REQUIRE_PEERS") else pytest.skip(missing)
    command, given = [str(PYTHON), "-c", READER], json.dumps(document)
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def recorded() -> Tracer:
    """Return a tracer that holds a trace of all that a span can carry."""
    tracer = Tracer(1.0)
    values = {"sequence": 2**62, "profit": 2**90, "change": -3, "share": 0.25, "taken": True, "token": "wéth"}
    with tracer.trace("block", values, parent=tracer.extract(CALLER)):
        tracer.past("parse", 0.001)
        with tracer.span("send", kind=SpanKind.CLIENT) as span:
            span.event("again", attempt=2)
        with pytest.raises(ValueError, match="no such pool"), tracer.span("validate"):
            raise ValueError("no such pool")
    return tracer


def test_the_schemas_own_reader_understands_each_field_and_knows_no_unknown_one() -> None:
    """Names, kinds, times, identities, typed values, events, errors: all arrive as they were meant."""
    spans = recorded().taken(10)
    told = read(otlp.document(spans, {"service.name": "arbbot"}, "1.0"))
    assert (told["resource"], told["scope"]) == ({"service.name": "arbbot"}, "watchkeeper")
    by_name = {span["name"]: span for span in told["spans"]}
    assert set(by_name) == {"block", "parse", "send", "validate"}
    block = by_name["block"]
    assert (block["trace"], block["parent"], block["state"]) == ("1" * 32, "2" * 16, "vendor=1")
    assert block["values"] == {
        "sequence": ["int_value", 2**62], "profit": ["string_value", str(2**90)], "change": ["int_value", -3],
        "share": ["double_value", 0.25], "taken": ["bool_value", True], "token": ["string_value", "wéth"],
    }  # fmt: skip
    for name in ("parse", "send", "validate"):
        assert (by_name[name]["trace"], by_name[name]["parent"]) == (block["trace"], block["span"])
    assert by_name["parse"]["lasted"] == 1_000_000 and by_name["send"]["kind"] == int(SpanKind.CLIENT)
    assert by_name["send"]["events"] == [["again", 1]] and by_name["send"]["code"] == 0
    assert (by_name["validate"]["code"], by_name["validate"]["message"]) == (2, "ValueError: no such pool")
    assert {span["flags"] for span in told["spans"]} == {1}


def test_the_reader_refuses_what_the_schema_has_not() -> None:
    """The control: a wrong name does not pass silently."""
    document = otlp.document(recorded().taken(10), {}, "1.0")
    broken = json.loads(json.dumps(document).replace('"startTimeUnixNano"', '"startTime"'))
    with pytest.raises(AssertionError, match="startTime"):
        read(broken)
