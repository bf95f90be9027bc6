"""Sends ended spans to a collector, on a thread of its own. OTLP/HTTP, opentelemetry.io/docs/specs/otlp."""

import json
import logging
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from watchkeeper.agent.tracing.otlp import document
from watchkeeper.agent.tracing.settings import Traces
from watchkeeper.agent.tracing.span import Span
from watchkeeper.agent.tracing.tracer import Tracer

LOG = logging.getLogger("watchkeeper.agent")
EVERY = 5.0  # seconds between two posts
BATCH = 512
RETRIED = frozenset({429, 502, 503, 504})  # the others say that the spans will never be taken
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
TRIES = 5
JOIN_SECONDS = 2.0
Post = Callable[[bytes], "Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a collector said: 0 for no answer at all; retry_after in seconds, 0 where it does not say."""

    status: int
    retry_after: float = 0.0


def over_http(traces: Traces) -> Post:
    """Return the function that posts a compressed body."""
    import http.client
    import urllib.error
    import urllib.request

    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", **traces.headers}

    def post(body: bytes) -> Answer:
        request = urllib.request.Request(traces.url, data=body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=traces.timeout) as answer:
                return Answer(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, waiting(error.headers.get("Retry-After", "")))
        except (OSError, ValueError, http.client.HTTPException):
            return Answer(0)

    return post


def waiting(text: str) -> float:
    """Read a Retry-After in seconds; 0 for a date or nonsense."""
    return float(text) if text.isascii() and text.isdigit() else 0.0


class Exporter:
    """Posts the spans of a tracer until stopped; what a collector refuses or never answers is counted."""

    def __init__(self, tracer: Tracer, traces: Traces, version: str, post: Post | None = None) -> None:
        self.sent = 0
        self.lost = 0
        self._tracer = tracer
        self._traces = traces
        self._version = version
        self._post = post or over_http(traces)
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchkeeper-traces", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after one last post."""
        self._enough.set()
        if self._thread is not threading.current_thread():
            self._thread.join(JOIN_SECONDS)

    def post_all(self) -> None:
        """Post what waits, a batch at a time."""
        while spans := self._tracer.taken(BATCH):
            if self._delivered(spans):
                self.sent += len(spans)
            else:
                self.lost += len(spans)

    def body(self, spans: list[Span]) -> bytes:
        """Return the body of one post."""
        found = json.dumps(document(spans, self._traces.resource, self._version), separators=(",", ":"))
        packer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        return packer.compress(found.encode()) + packer.flush()

    def _delivered(self, spans: list[Span]) -> bool:
        body, wait = self.body(spans), FIRST_WAIT
        for _ in range(TRIES):
            answer = self._post(body)
            if 200 <= answer.status < 300:
                return True
            if answer.status and answer.status not in RETRIED:
                LOG.warning("the collector refuses spans: %d", answer.status)
                return False
            if self._enough.wait(min(answer.retry_after or wait, LONGEST_WAIT)):
                return 200 <= self._post(body).status < 300
            wait = min(wait * 2, LONGEST_WAIT)
        LOG.warning("the collector does not take spans: %s", answer.status or "no answer")
        return False

    def _run(self) -> None:
        while not self._enough.wait(EVERY):
            self._posted()
        self._posted()

    def _posted(self) -> None:
        try:
            self.post_all()
        except Exception:
            LOG.exception("spans could not be sent")
