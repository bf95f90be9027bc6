"""The sender's side: every sample once, over errors, refusals, restarts and steps of the clock."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from watchkeeper.keeper.remote import Destination, PositionsLost, Sender
from watchkeeper.keeper.remote.positions import NEVER, Positions
from watchkeeper.keeper.remote.post import seconds_of
from watchkeeper.keeper.remote.reading import labels_in, read, unpacked
from watchkeeper.keeper.remote.sender import Queue
from watchkeeper.keeper.store import Labels, Store

T0 = 1_700_000_000_000
NOW = T0 / 1000 + 100_000
Sample = tuple[str, int, float]
Decide = Callable[[list[Sample]], tuple[int, dict[str, str]]]


class Receiver:
    """An HTTP server that keeps what it takes; `decide` gives the status and headers of each request."""

    def __init__(self) -> None:
        self.taken: list[Sample] = []
        self.headers: list[dict[str, str]] = []
        self.requests = 0
        self.decide: Decide = lambda samples: (204, {})
        self.changed = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                samples = decoded(self.rfile.read(int(self.headers["Content-Length"])))
                with outer.changed:
                    status, headers = outer.decide(samples)
                    outer.requests += 1
                    outer.headers.append(dict(self.headers))
                    if status < 300:
                        outer.taken += samples
                    outer.changed.notify_all()
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def until(self, question: Callable[[], bool]) -> None:
        """Wait until the answer is true."""
        with self.changed:
            assert self.changed.wait_for(question, 20), (self.requests, len(self.taken))

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def decoded(body: bytes) -> list[Sample]:
    """Return (name, ms, value) of a request's samples."""
    keys: list[bytes] = []

    def resolve(key: bytes) -> int:
        keys.append(key)
        return len(keys) - 1

    refs, times, values = read(unpacked(body, 1 << 24), resolve, {})
    names = [dict(labels_in(key))["__name__"] for key in keys]
    return [(names[r], t, v) for r, t, v in zip(refs.tolist(), times.tolist(), values.tolist(), strict=True)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Yield a receiver that takes all."""
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Yield a store that flushes when told."""
    with Store.open(tmp_path / "data", flush_seconds=math.inf, clock=lambda: NOW) as made:
        yield made


def same(labels: Labels) -> Labels:
    return labels


def sending(
    store: Store, receiver: Receiver, folder: Path, *, floor: int = 0, samples: int = 10, shards: int = 2
) -> Sender:
    url = f"http://127.0.0.1:{receiver.server.server_port}/write"
    queue = Queue(shards, samples, deadline=0.02, min_backoff=0.01, max_backoff=0.02)
    positions = Positions.open(folder / "sent.pos", floor)
    return Sender(store, Destination("there", url), positions, queue=queue, relabel=same, clock=lambda: NOW)


def fill(store: Store, names: str, count: int, start: int = 0) -> list[Sample]:
    """Append `count` samples to each one-letter series; return them."""
    rows = [(name, T0 + (start + n) * 1000, float(n)) for n in range(count) for name in names]
    store.ingest(((("__name__", name),), at, value) for name, at, value in rows)
    return sorted(rows)


def test_every_sample_arrives_once_and_in_order(store: Store, receiver: Receiver, tmp_path: Path) -> None:
    """A backlog goes in bounded requests, then what is new; nothing twice, each series in order."""
    before = fill(store, "abc", 25)
    sender = sending(store, receiver, tmp_path)
    sender.start()
    receiver.until(lambda: len(receiver.taken) == 75)
    after = fill(store, "abcd", 5, start=25)
    receiver.until(lambda: len(receiver.taken) == 95)
    sender.stop()
    assert sorted(receiver.taken) == sorted(before + after)
    for name in "abcd":
        times = [at for who, at, _ in receiver.taken if who == name]
        assert times == sorted(times)
    assert sender.tally.sent == 95 and sender.behind() == 0
    assert receiver.headers[0]["X-Prometheus-Remote-Write-Version"] == "0.1.0"


@pytest.mark.parametrize("status", [500, 503, 429, 404, 401, 302])
def test_an_error_that_is_not_about_the_data_is_tried_again(
    store: Store, receiver: Receiver, tmp_path: Path, status: int
) -> None:
    """Overload, a wrong path, a wrong token: the samples wait until somebody puts it right."""
    rows = fill(store, "ab", 10)
    receiver.decide = lambda samples: (status, {}) if receiver.requests < 5 else (204, {})
    sender = sending(store, receiver, tmp_path)
    sender.start()
    receiver.until(lambda: len(receiver.taken) == 20)
    sender.stop()
    assert sorted(receiver.taken) == rows
    assert sender.tally.retries == 5 and sender.tally.refused == 0 and sender.tally.last_error == ""


def test_what_a_receiver_refuses_is_left_out_alone(store: Store, receiver: Receiver, tmp_path: Path) -> None:
    """A request that is refused for one sample is split; all others arrive."""
    rows = fill(store, "abcd", 20)
    bad = ("c", T0 + 7000, 7.0)
    receiver.decide = lambda samples: (400 if bad in samples else 204, {})
    sender = sending(store, receiver, tmp_path, samples=50, shards=1)
    sender.start()
    receiver.until(lambda: len(receiver.taken) == 79)
    sender.stop()
    assert sorted([*receiver.taken, bad]) == rows and sender.tally.refused == 1


def test_a_receiver_that_refuses_all_is_not_asked_for_each_sample(
    store: Store, receiver: Receiver, tmp_path: Path
) -> None:
    """After some refusals the rest of a batch counts as refused, too."""
    fill(store, "a", 500)
    receiver.decide = lambda samples: (400, {})
    sender = sending(store, receiver, tmp_path, samples=1000, shards=1)
    sender.start()
    receiver.until(lambda: sender.behind() == 0)
    sender.stop()
    assert sender.tally.refused == 500 and receiver.requests < 120


def test_a_new_sender_goes_on_where_the_last_one_was(
    store: Store, receiver: Receiver, tmp_path: Path
) -> None:
    """Positions outlive the process; what was not acknowledged is sent by the next one."""
    rows = fill(store, "ab", 10)
    first = sending(store, receiver, tmp_path)
    first.start()
    receiver.until(lambda: len(receiver.taken) == 20)
    first.stop()
    receiver.decide = lambda samples: (503, {})
    rows += fill(store, "ab", 10, start=10)
    second = sending(store, receiver, tmp_path)
    second.start()
    seen = receiver.requests
    receiver.until(lambda: receiver.requests > seen + 2)
    second.stop()
    receiver.decide = lambda samples: (204, {})
    third = sending(store, receiver, tmp_path)
    third.start()
    receiver.until(lambda: len(receiver.taken) >= 40)
    third.stop()
    assert sorted(receiver.taken) == sorted(rows)


def test_a_new_place_begins_at_its_floor(store: Store, receiver: Receiver, tmp_path: Path) -> None:
    """History is sent only as far back as was asked for."""
    rows = fill(store, "a", 10)
    sender = sending(store, receiver, tmp_path, floor=T0 + 6000)
    sender.start()
    receiver.until(lambda: len(receiver.taken) == 3)
    sender.stop()
    assert receiver.taken == rows[7:]


def test_a_long_backlog_with_a_gap_is_sent(store: Store, receiver: Receiver, tmp_path: Path) -> None:
    """A gap of many hours in a series does not stop it."""
    rows = fill(store, "a", 3) + fill(store, "a", 3, start=80_000)
    sender = sending(store, receiver, tmp_path)
    sender.start()
    receiver.until(lambda: len(receiver.taken) == 6)
    sender.stop()
    assert receiver.taken == rows


def test_positions_survive_and_damage_is_told(tmp_path: Path) -> None:
    """What was saved is read; a changed byte or a missing end is an error, never a wrong position."""
    path = tmp_path / "p.pos"
    positions = Positions.open(path, 5)
    positions.advance(np.array([3, 1]), np.array([30, 10], np.int64))
    positions.save()
    again = Positions.open(path, 99)
    assert [again.of(ref) for ref in range(6)] == [5, 10, 5, 30, 5, 5]
    whole = path.read_bytes()
    for broken in (whole[:-3], whole[:10], b"", whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(broken)
        with pytest.raises(PositionsLost):
            Positions.open(path, 5)


def test_a_clock_that_stepped_back_is_followed(tmp_path: Path) -> None:
    """A series that began anew at earlier times is behind again, by a margin."""
    positions = Positions.open(tmp_path / "p.pos", 0)
    positions.advance(np.array([0, 1]), np.array([5_000_000, 5_000_000], np.int64))
    last = np.array([1_000_000, 5_000_000, NEVER], np.int64)
    assert positions.behind(last).tolist() == []
    assert positions.step_back(last, 60_000) == 1
    assert positions.behind(last).tolist() == [0] and positions.of(0) == 940_000
    assert positions.step_back(last, 60_000) == 0


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("7", 7.0), ("", None), ("soon", None), ("-1", None), ("Fri, 01 Jan 2027 00:00:10 GMT", 10.0)],
)
def test_retry_after_is_seconds_or_a_date(given: str, seconds: float | None) -> None:
    """Both forms of HTTP; anything else says nothing."""
    assert seconds_of(given, 1_798_761_600.0) == seconds
