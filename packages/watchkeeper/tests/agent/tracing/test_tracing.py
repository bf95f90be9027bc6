"""Traces: sampling at the head, W3C context, OTLP's JSON, sending; loopback at most."""

import asyncio
import json
import re
import socket
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from watchkeeper import Registry, SpanContext, Tracer, Watch
from watchkeeper.agent.metrics import exposition
from watchkeeper.agent.tracing import context, otlp
from watchkeeper.agent.tracing.export import Answer, Exporter, over_http, waiting
from watchkeeper.agent.tracing.settings import Traces, traces
from watchkeeper.agent.tracing.span import CURRENT, MOST, NOTHING, Kind, Span
from watchkeeper.agent.tracing.tracer import MOST_WAITING

EXAMPLE = Path(__file__).resolve().parents[6] / "shared" / "data" / "otlp" / "trace.json"
CONTEXTS = st.builds(
    SpanContext, st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans(), st.just("a=1,b=2")
)


def recorded(tracer: Tracer) -> list[Span]:
    return tracer.taken(10**6)


@given(CONTEXTS)
def test_a_context_that_is_written_is_read_back(one: SpanContext) -> None:
    headers: dict[str, str] = {}
    context.write(one, headers)
    assert context.read(headers) == one
    assert context.read({name.upper(): value for name, value in headers.items()}) == one


@pytest.mark.parametrize(
    "value",
    ["", "00", "ff-" + "1" * 32 + "-" + "1" * 16 + "-01", "00-" + "0" * 32 + "-" + "1" * 16 + "-01",
     "00-" + "1" * 32 + "-" + "0" * 16 + "-01", "00-" + "A" * 32 + "-" + "1" * 16 + "-01",
     "00-" + "1" * 32 + "-" + "1" * 16 + "-01-more", "00-" + "1" * 31 + "-" + "1" * 16 + "-01"],
)  # fmt: skip
def test_a_broken_traceparent_is_none(value: str) -> None:
    """W3C: version ff, zeros, capitals, more fields in version 00 and wrong lengths are invalid."""
    assert context.read({"traceparent": value}) is None


@pytest.mark.parametrize("state", ["a=1\r\nX: y", "a=\n1", "a=\u00e9", "a=" + "x" * 511])
def test_a_state_that_is_no_header_is_left_out_and_the_trace_goes_on(state: str) -> None:
    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": state}
    found = context.read(headers)
    assert found is not None and found.sampled and found.state == ""


def test_a_later_version_may_have_more_fields() -> None:
    found = context.read({"traceparent": "01-" + "1" * 32 + "-" + "2" * 16 + "-03-what"})
    assert found is not None
    assert found.sampled


def test_spans_of_a_trace_hang_together() -> None:
    tracer = Tracer(1.0)
    with tracer.trace("block", {"number": 7}) as block:
        with tracer.span("parse") as parse:
            parse.set("swaps", 3)
        with tracer.trace("detect"):
            pass
    parsed, detected, whole = recorded(tracer)
    assert whole is block
    assert [parsed.name, detected.name, whole.name] == ["parse", "detect", "block"]
    assert {one.context.trace for one in (parsed, detected, whole)} == {whole.context.trace}
    assert (whole.parent, parsed.parent, detected.parent) == (0, whole.context.span, whole.context.span)
    assert whole.began <= parsed.began <= parsed.ended <= whole.ended
    assert CURRENT.get() is NOTHING


def test_without_a_recorded_head_nothing_below_is_recorded() -> None:
    """A stage on its own never begins a trace, and none is decided anew inside an unrecorded one."""
    tracer = Tracer(0.0)
    with tracer.trace("block") as block, tracer.span("parse") as parse:
        parse.set("a", 1)
        parse.event("b")
        assert tracer.exemplar() is None
    assert block is parse is NOTHING
    headers: dict[str, str] = {}
    tracer.inject(headers)
    assert (headers, recorded(tracer)) == ({}, [])


@given(st.floats(0, 1), st.integers(0, 2**32))
def test_the_share_of_recorded_traces_is_the_ratio(ratio: float, seed: int) -> None:
    tracer = Tracer(ratio, Random(seed))
    for _ in range(400):
        with tracer.trace("block"):
            pass
    assert abs(len(recorded(tracer)) / 400 - ratio) < 0.15


@given(CONTEXTS)
def test_the_callers_decision_counts_and_goes_on(parent: SpanContext) -> None:
    tracer = Tracer(0.0 if parent.sampled else 1.0)
    headers: dict[str, str] = {}
    with tracer.trace("handle", parent=parent, kind=Kind.SERVER), tracer.span("inner"):
        tracer.inject(headers)
    sent = context.read(headers)
    assert sent is not None
    assert (sent.trace, sent.sampled, sent.state) == (parent.trace, parent.sampled, parent.state)
    spans = recorded(tracer)
    assert len(spans) == (2 if parent.sampled else 0)
    if spans:
        assert spans[1].parent == parent.span
        assert sent.span == spans[0].context.span


async def test_tasks_have_spans_of_their_own() -> None:
    """Two handlers at the same time do not become parts of each other."""
    tracer = Tracer(1.0)

    async def handle(name: str) -> None:
        with tracer.trace(name):
            await asyncio.sleep(0)
            with tracer.span(f"{name} inner"):
                await asyncio.sleep(0)

    await asyncio.gather(handle("a"), handle("b"))
    spans = {one.name: one for one in recorded(tracer)}
    for name in ("a", "b"):
        assert spans[f"{name} inner"].parent == spans[name].context.span
    assert spans["a"].context.trace != spans["b"].context.trace


def test_an_exception_marks_its_span_and_goes_on() -> None:
    tracer = Tracer(1.0)
    with pytest.raises(ValueError, match="bad"), tracer.trace("block"):
        raise ValueError("bad")
    (span,) = recorded(tracer)
    assert span.error == "ValueError: bad"
    assert span.events[0].name == "exception"


def test_what_a_span_holds_is_bounded() -> None:
    tracer = Tracer(1.0)
    with tracer.trace("block") as span:
        for number in range(MOST + 5):
            span.set(f"a{number}", number)
            span.event("e")
    (kept,) = recorded(tracer)
    assert (len(kept.attributes), len(kept.events), kept.dropped) == (MOST, MOST, 10)


def test_spans_that_nobody_takes_are_dropped_and_counted() -> None:
    tracer = Tracer(1.0)
    for _ in range(MOST_WAITING + 3):
        with tracer.trace("block"):
            pass
    assert (len(recorded(tracer)), tracer.dropped) == (MOST_WAITING, 3)


def test_a_generator_that_another_context_ends_harms_nobody() -> None:
    tracer = Tracer(1.0)

    def lines() -> Iterator[int]:
        with tracer.trace("stream"):
            yield 1

    stream = lines()
    next(stream)
    thread = threading.Thread(target=stream.close)
    thread.start()
    thread.join()
    assert len(recorded(tracer)) == 1
    CURRENT.set(NOTHING)


def keys(document: Any, found: set[str]) -> set[str]:
    """Collect all keys of a document."""
    if isinstance(document, dict):
        found |= set(document)
        document = list(document.values())
    if isinstance(document, list):
        for one in document:
            keys(one, found)
    return found


@pytest.mark.skipif(not EXAMPLE.exists(), reason="../shared/data is absent")
def test_the_document_has_the_shape_of_the_published_example() -> None:
    """Each key of the published example is there, with a value of the same JSON type and grammar."""
    tracer = Tracer(1.0)
    with tracer.trace("block"), tracer.span("I'm a span", {"my.span.attr": "some value"}, kind=Kind.SERVER):
        pass
    ours = otlp.document(recorded(tracer)[:1], {"service.name": "my.service"}, "1.0.0")
    theirs = json.loads(EXAMPLE.read_text())
    span, wanted = (one["resourceSpans"][0]["scopeSpans"][0]["spans"][0] for one in (ours, theirs))  # type: ignore[index]
    for key, value in wanted.items():
        assert type(span[key]) is type(value), key
    for key, digits in (("traceId", 32), ("spanId", 16), ("parentSpanId", 16)):
        assert re.fullmatch(rf"[0-9a-f]{{{digits}}}", span[key])
    assert re.fullmatch(r"\d{19}", span["startTimeUnixNano"])
    own = {"attributes"}  # of the scope, which has none here
    assert keys(theirs, set()) - keys(ours, set()) <= own


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(True, {"boolValue": True}), (3, {"intValue": "3"}), (2**70, {"stringValue": str(2**70)}),
     (0.5, {"doubleValue": 0.5}), (float("nan"), {"stringValue": "nan"}), ("x", {"stringValue": "x"}),
     (None, {"stringValue": "None"})],
)  # fmt: skip
def test_values_keep_their_types(value: object, wanted: dict[str, object]) -> None:
    """64-bit integers are texts in OTLP's JSON; greater ones, as amounts of wei, become texts, too."""
    assert otlp.value_of(value) == wanted


class Collector:
    """Answers posts by a list, then with 200, and keeps the bodies that it took."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.bodies: list[Any] = []

    def post(self, body: bytes) -> Answer:
        answer = self.answers.pop(0) if self.answers else Answer(200)
        if answer.status == 200:
            self.bodies.append(json.loads(zlib.decompress(body, 16 + zlib.MAX_WBITS)))
        return answer


def exporter(collector: Collector, ended: int) -> Exporter:
    tracer = Tracer(1.0)
    for _ in range(ended):
        with tracer.trace("block"):
            pass
    made = Exporter(tracer, Traces("http://x/v1/traces", 1.0), "", collector.post)
    made._enough.wait = lambda seconds=None: False  # type: ignore[method-assign]  # no waiting here
    return made


def test_spans_are_sent_in_batches_and_none_twice() -> None:
    collector = Collector()
    one = exporter(collector, 1200)
    one.post_all()
    sent = [span["spanId"] for body in collector.bodies
            for span in body["resourceSpans"][0]["scopeSpans"][0]["spans"]]  # fmt: skip
    assert len(collector.bodies) == 3
    assert len(sent) == len(set(sent)) == one.sent == 1200


@pytest.mark.parametrize("status", [429, 502, 503, 504, 0])
def test_a_collector_that_is_busy_is_asked_again(status: int) -> None:
    collector = Collector(Answer(status), Answer(status, 2.0))
    one = exporter(collector, 1)
    one.post_all()
    assert (one.sent, one.lost, len(collector.bodies)) == (1, 0, 1)


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_a_refusal_is_final_and_counted(status: int) -> None:
    collector = Collector(Answer(status))
    one = exporter(collector, 2)
    one.post_all()
    assert (one.sent, one.lost, collector.bodies) == (0, 2, [])


def test_what_is_no_http_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:

        def nonsense() -> None:
            line, _ = door.accept()
            line.recv(65536)
            line.sendall(b"\x00 no HTTP\r\n\r\n")
            line.close()

        answering = threading.Thread(target=nonsense)
        answering.start()
        where = f"http://127.0.0.1:{door.getsockname()[1]}"
        post = over_http(traces("bot", "1", {"OTEL_EXPORTER_OTLP_ENDPOINT": where}))
        assert post(b"body") == Answer(0)
        answering.join()


def test_a_collector_that_stays_away_costs_spans_and_nothing_else() -> None:
    collector = Collector(*[Answer(0)] * 100)
    one = exporter(collector, 3)
    one.post_all()
    assert (one.sent, one.lost) == (0, 3)


@pytest.mark.parametrize(("text", "seconds"), [("3", 3.0), ("", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0)])
def test_a_wish_to_wait_is_read(text: str, seconds: float) -> None:
    assert waiting(text) == seconds


def test_the_environment_is_read_as_opentelemetry_names_it() -> None:
    found = traces(
        "bot",
        "1.0",
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318/",
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": "0.25",
            "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b,x=1",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "500",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=staging",
        },
    )
    assert (found.url, found.ratio, found.timeout) == ("http://collector:4318/v1/traces", 0.25, 0.5)
    assert found.headers == {"api-key": "a b", "x": "1"}
    assert found.resource["service.name"] == "bot"
    assert found.resource["deployment.environment"] == "staging"


@pytest.mark.parametrize(
    "environment",
    [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "grpc://x"},
     {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"},
     {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_TRACES_SAMPLER": "always_off"}],
)  # fmt: skip
def test_without_a_collector_nothing_is_recorded(environment: dict[str, str]) -> None:
    assert traces("bot", "", environment).ratio == 0


def test_a_slow_bucket_links_to_its_trace() -> None:
    """The official parser finds the exemplar on the bucket that its value belongs to; plain text has none."""
    registry, tracer = Registry(), Tracer(1.0)
    latency = registry.histogram("latency_seconds", "Latency.", ("stage",), buckets=(0.1, 1.0)).labels(
        "parse"
    )
    latency.observe(0.05, tracer.exemplar())
    with tracer.trace("block") as span:
        latency.observe(0.7, tracer.exemplar())
    latency.observe(0.8)
    shown = "".join(exposition.openmetrics(registry.families())) + "# EOF\n"
    (family,) = text_string_to_metric_families(shown)
    linked = {one.labels["le"]: one.exemplar for one in family.samples if one.exemplar}
    assert span.context is not None
    assert set(linked) == {"1.0"}
    assert linked["1.0"].labels == {"trace_id": span.context.trace_id, "span_id": span.context.span_id}
    assert linked["1.0"].value == 0.7
    assert "#" not in "".join(exposition.text(registry.families())).partition("latency_seconds_bucket")[2]


@pytest.mark.parametrize("labels", [{"trace_id": "x" * 130}, {"bad name": "x"}])
def test_an_exemplar_that_would_break_the_format_is_left_out(labels: dict[str, str]) -> None:
    registry = Registry()
    registry.histogram("a", "", buckets=(1.0,)).observe(0.5, labels)
    (family,) = text_string_to_metric_families(
        "".join(exposition.openmetrics(registry.families())) + "# EOF\n"
    )
    assert not [one for one in family.samples if one.exemplar]


def test_a_watch_sends_its_last_spans_when_it_stops(collector: tuple[str, list[dict[str, Any]]]) -> None:
    """Over a real socket: the environment names the collector, the post is compressed JSON."""
    url, bodies = collector
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_TRACES_SAMPLER": "always_on"}
    with Watch("bot", "2.0", port=0, environment=environment) as watch, watch.tracer.trace("block"):
        pass
    (body,) = bodies
    (resource,) = body["resourceSpans"]
    told = {one["key"]: one["value"]["stringValue"] for one in resource["resource"]["attributes"]}
    assert told == {"service.name": "bot", "service.version": "2.0"}
    assert resource["scopeSpans"][0]["spans"][0]["name"] == "block"


@pytest.fixture
def collector() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Return the address of a collector on loopback and the bodies that it takes."""
    bodies: list[dict[str, Any]] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/json")
            data = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(json.loads(zlib.decompress(data, 16 + zlib.MAX_WBITS)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", bodies
        server.shutdown()
        thread.join()


@given(st.floats(0, 1e4))
def test_a_part_that_was_timed_anyway_ends_now_and_began_so_much_earlier(seconds: float) -> None:
    """It hangs below the present span, lasts what was told to the nanosecond, and is named for exemplars."""
    tracer = Tracer(1.0)
    with tracer.trace("block") as block:
        told = tracer.past("decode", seconds, {"bytes": 3}, kind=Kind.CLIENT, error="no answer")
    part, whole = recorded(tracer)
    assert block.context is not None and whole.context is block.context
    assert (part.name, part.parent, part.kind, part.error) == (
        "decode", block.context.span, Kind.CLIENT, "no answer",
    )  # fmt: skip
    assert part.ended - part.began == int(seconds * 1e9) and part.ended <= whole.ended + 10**9
    assert told == {"trace_id": block.context.trace_id, "span_id": part.context.span_id}


def test_a_part_that_was_timed_anyway_is_nothing_where_no_trace_is_recorded() -> None:
    tracer = Tracer(0.0)
    with tracer.trace("block"):
        assert tracer.past("decode", 0.1) is None
    caller = Tracer(1.0).extract({"traceparent": f"00-{'1' * 32}-{'2' * 16}-00"})
    with tracer.trace("block", parent=caller):  # the caller has decided against
        assert tracer.past("decode", 0.1) is None
    assert recorded(tracer) == []
