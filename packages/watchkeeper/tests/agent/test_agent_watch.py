"""The whole agent over real sockets: probes, scrapes, a loop that hangs, falling back."""

import asyncio
import csv
import gzip
import http.client
import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from watchkeeper import AlreadyStarted, TokenRequired, UnknownDependency, Watch, healthy, unhealthy
from watchkeeper.agent.clock import Clock

OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0"}
LONG = 10.0


class Hand:
    """A clock turned by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.clock = Clock(wall=lambda: self.now + 5e8, steady=lambda: self.now)


def ask(
    watch: Watch, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[int, bytes]:
    assert watch.port is not None
    connection = http.client.HTTPConnection("127.0.0.1", watch.port, timeout=LONG)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def probe(watch: Watch, name: str) -> tuple[int, str]:
    status, body = ask(watch, f"/health/{name}")
    document = json.loads(body)
    assert document["status"] == ("ok" if status == 200 else "fail")
    return status, document["reason"]


def made(**details: Any) -> Watch:
    return Watch("arbbot", version="0.1.0", port=0, environment={}, **details)


@pytest.fixture
def watch() -> Iterator[Watch]:
    with made() as running:
        yield running


def reported(watch: Watch, name: str, status: str) -> None:
    """Wait until a component has the status."""
    gate = threading.Event()
    while watch.component(name).outcome.status != status:  # type: ignore[union-attr]
        gate.wait(0.005)


def test_the_probes_answer_while_the_bots_loop_hangs_and_live_says_why_and_where() -> None:
    """The real thing: a loop on another thread is blocked by an Event; the agent's clock is turned."""
    hand, block, blocked = Hand(), threading.Event(), threading.Event()

    def hang() -> None:
        blocked.set()
        block.wait(LONG)

    async def bot(watch: Watch, followed: threading.Event) -> None:
        watch.heartbeat("loop", limit=5.0).follow(asyncio.get_running_loop(), every=0.01)
        await asyncio.sleep(0.02)
        followed.set()
        await asyncio.to_thread(may_hang.wait, LONG)
        hang()

    may_hang, followed = threading.Event(), threading.Event()
    with made(clock=hand.clock) as watch:
        thread = threading.Thread(target=lambda: asyncio.run(bot(watch, followed)))
        thread.start()
        assert followed.wait(LONG)
        watch.started()
        assert probe(watch, "live") == (200, "")
        may_hang.set()
        assert blocked.wait(LONG)
        hand.now += 4.9
        assert probe(watch, "live") == (200, "")
        hand.now += 1.3
        status, reason = probe(watch, "live")
        assert status == 503
        assert reason.startswith("loop: no heartbeat for 6.2 s (limit 5 s), at test_agent_watch.py:")
        assert reason.endswith(" in hang")
        assert ask(watch, "/health")[0] == 503
        assert probe(watch, "ready")[0] == 503
        block.set()
        thread.join(LONG)


def test_health_tells_what_the_keeper_reads(watch: Watch) -> None:
    watch.check("rpc", lambda: unhealthy("429"), every=60)
    watch.check("pools", healthy, every=60, depends=("rpc",), critical=True)
    reported(watch, "pools", "unhealthy")
    status, body = ask(watch, "/health")
    document = json.loads(body)
    assert (status, document["status"]) == (503, "unhealthy")
    assert document.keys() == {
        "status", "service", "version", "pid", "started", "now", "live", "ready", "startup", "components",
    }  # fmt: skip
    assert (document["service"], document["version"], document["pid"]) == ("arbbot", "0.1.0", os.getpid())
    assert document["live"] == {"ok": True, "reason": ""}
    assert document["startup"]["ok"] is False
    assert [(one["name"], one["value"], one["reason"]) for one in document["components"]] == [
        ("rpc", -1, "429"),
        ("pools", -1, "depends on rpc: 429"),
    ]
    assert ask(watch, "/health/component/pools")[0] == 503
    assert ask(watch, "/health/component/ghost")[0] == 404
    assert [one["component"] for one in json.loads(ask(watch, "/health/events")[1])] == ["rpc", "pools"]


def test_a_degraded_service_still_answers_200(watch: Watch) -> None:
    watch.check("cache", lambda: "cold", every=60)
    reported(watch, "cache", "unhealthy")
    status, body = ask(watch, "/health")
    assert (status, json.loads(body)["status"]) == (200, "degraded")


def test_start_ready_and_stop_show_in_the_probes(watch: Watch) -> None:
    assert probe(watch, "startup") == (503, "starting for 0 s (limit 300 s)")
    assert probe(watch, "ready") == (503, "starting for 0 s (limit 300 s)")
    watch.started()
    assert probe(watch, "startup") == (200, "")
    assert probe(watch, "ready") == (200, "")
    watch.stopping("SIGTERM")
    assert probe(watch, "ready") == (503, "stopping: SIGTERM")
    assert probe(watch, "live") == (200, "")


@pytest.mark.parametrize(("headers", "read"), [({}, read_text), (OPENMETRICS, read_openmetrics)])
def test_a_scrape_is_what_the_official_parsers_read(watch: Watch, headers: dict[str, str], read: Any) -> None:
    """Every self, process, runtime and machine metric included, each family once."""
    watch.counter("mev_sequencer_frames_received_total", "Frames.").inc(3)
    watch.check("feed", lambda: "frozen", every=60)
    reported(watch, "feed", "unhealthy")
    families = list(read(ask(watch, "/metrics", headers)[1].decode()))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    found = {
        (one.name, one.labels.get("component", "")): one.value
        for family in families
        for one in family.samples
    }
    assert found["mev_sequencer_frames_received_total", ""] == 3
    assert found["monitoring_component_status", "feed"] == -1
    assert {
        "monitoring_health_checks", "monitoring_health_check_duration_seconds",
        "monitoring_cpu_usage_percent",
        "process_resident_memory_bytes", "process_cpu_seconds", "process_open_fds", "process_threads",
        "python_gc_collections", "python_threads", "system_memory_available_bytes", "system_disk_free_bytes",
        "system_network_receive_bytes", "monitoring_event_loop_lag_seconds", "asyncio_tasks",
    } <= set(names)  # fmt: skip
    assert ("monitoring_memory_usage_mb" in names) is bool(headers)


def test_metrics_of_the_official_client_are_served_too_unless_their_names_are_taken(watch: Watch) -> None:
    client = pytest.importorskip("prometheus_client")
    theirs = client.Counter("official_things_total", "Theirs.")
    theirs.inc(4)
    try:
        text = ask(watch, "/metrics")[1].decode()
        families = [family.name for family in read_text(text)]
        assert families.count("process_resident_memory_bytes") == 1
        assert "official_things_total 4.0" in text
        openmetrics = ask(watch, "/metrics", OPENMETRICS)[1].decode()
        assert "official_things" in [family.name for family in read_openmetrics(openmetrics)]
        documents = json.loads(ask(watch, "/metrics.json")[1])["families"]
        assert "official_things" in [family["name"] for family in documents]
    finally:
        client.REGISTRY.unregister(theirs)


def test_a_full_family_tells_what_it_diverted(watch: Watch) -> None:
    calls = watch.counter("calls", "Calls.", labels=("path",), cap=1)
    for path in "abc":
        calls.labels(path).inc()
    text = ask(watch, "/metrics")[1].decode()
    assert 'calls_total{path="__overflow__"} 2.0' in text
    assert 'monitoring_series_diverted_total{metric="calls"} 2.0' in text


def test_a_collector_that_fails_is_counted_and_the_scrape_goes_on(watch: Watch) -> None:
    watch.refresh_with(lambda: 1 / 0)
    text = ask(watch, "/metrics")[1].decode()
    assert "monitoring_collect_errors_total 1.0" in text


def test_what_is_not_there_is_404_and_what_is_not_get_or_head_is_405(watch: Watch) -> None:
    assert ask(watch, "/nothing")[0] == 404
    assert ask(watch, "/health/live", method="POST")[0] == 405
    assert ask(watch, "/health/live", method="DELETE")[0] == 405


def test_head_is_get_without_the_body(watch: Watch) -> None:
    status, body = ask(watch, "/metrics", method="HEAD")
    assert (status, body) == (200, b"")


def test_one_connection_serves_many_requests(watch: Watch) -> None:
    assert watch.port is not None
    connection = http.client.HTTPConnection("127.0.0.1", watch.port, timeout=LONG)
    connection.connect()
    kept = connection.sock
    for _ in range(3):
        connection.request("GET", "/health/live")
        assert connection.getresponse().read()
        assert connection.sock is kept
    connection.close()


def test_off_loopback_the_token_is_asked_for_and_large_answers_are_compressed(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret")
    with made(host="0.0.0.0", token_file=tmp_path / "token") as watch:
        assert ask(watch, "/health/live")[0] == 401
        assert ask(watch, "/metrics", {"Authorization": "Bearer wrong"})[0] == 401
        allowed = {"Authorization": "Bearer s3cret", "Accept-Encoding": "gzip"}
        assert ask(watch, "/health/live", allowed)[0] == 200
        assert b"process_threads" in gzip.decompress(ask(watch, "/metrics", allowed)[1])


def test_off_loopback_without_token_the_agent_refuses_to_start() -> None:
    with pytest.raises(TokenRequired):
        made(host="0.0.0.0").start()


def test_a_taken_port_costs_the_server_and_not_the_bot(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Watch("arbbot", port=port, environment={}) as watch:
            assert watch.port is None
            assert f"no metrics server on 127.0.0.1:{port}" in caplog.text
            watch.check("feed", lambda: "frozen", every=60)
            reported(watch, "feed", "unhealthy")
        with pytest.raises(OSError, match="in use"):
            Watch("arbbot", port=port, need_server=True, environment={}).start()


def test_switched_off_nothing_runs_and_the_instruments_still_count() -> None:
    before = threading.active_count()
    with Watch("arbbot", port=0, environment={"METRICS_ENABLED": "false"}) as watch:
        counter = watch.counter("frames", "")
        counter.inc()
        assert counter.value() == 1
        assert (watch.port, watch.enabled, threading.active_count()) == (None, False, before)


def test_starting_twice_is_an_error_and_starting_again_after_the_stop_is_none() -> None:
    watch = made()
    with watch, pytest.raises(AlreadyStarted):
        watch.start()
    with watch:
        assert ask(watch, "/health/live")[0] == 200
    watch.stop("twice is harmless")


def test_a_check_that_comes_after_the_start_runs_too_and_once(watch: Watch) -> None:
    runs: list[int] = []
    watch.check("late", lambda: runs.append(1), every=60)
    reported(watch, "late", "healthy")
    assert runs == [1]


def test_the_example_of_five_lines_runs() -> None:
    program = Path(__file__).resolve().parents[4] / "examples" / "embed.py"
    environment = {**os.environ, "METRICS_PORT": "0"}
    said = subprocess.check_output(
        [sys.executable, "-W", "error", program, "0.2"], env=environment, timeout=LONG
    )
    assert said.startswith(b"agent on http://127.0.0.1:")


def test_a_dependency_that_nobody_registered_is_an_error_at_the_start() -> None:
    watch = made()
    watch.check("pools", lambda: None, depends=("rpc",))
    with pytest.raises(UnknownDependency):
        watch.start()


def test_stopping_frees_the_port_and_ends_the_thread() -> None:
    watch = made()
    with watch:
        port = watch.port
    assert not [thread for thread in threading.enumerate() if thread.name == "watchkeeper-agent"]
    socket.create_server(("127.0.0.1", port)).close()


def test_a_check_may_stop_the_watch_it_belongs_to() -> None:
    """The agent's own thread does not wait for itself."""
    watch = made()
    stopped = threading.Event()

    async def stops() -> None:
        watch.stop("from inside")
        stopped.set()

    watch.check("stops", stops, every=60)
    watch.start()
    assert stopped.wait(LONG)


def test_a_forked_child_counts_on_and_leaves_the_parents_port_alone(watch: Watch) -> None:
    counter = watch.counter("calls", "", labels=("path",))
    child = os.fork()
    if child == 0:
        counter.labels("child").inc()
        good = watch.port is None and watch._door is None and len(counter) == 1
        watch.stop("in the child")
        os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ask(watch, "/health/live")[0] == 200
    assert len(counter) == 0


def test_the_history_of_checks_is_exported_as_json_and_csv(watch: Watch) -> None:
    """Each run with time, status and reason, oldest first; a reason with commas and quotes survives CSV."""
    reason = 'no answer, "again"\nfrom node 1'
    watch.check("rpc", lambda: reason, every=0.02)
    watch.check("feed", healthy, every=0.02)
    reported(watch, "rpc", "unhealthy")
    reported(watch, "feed", "healthy")
    status, body = ask(watch, "/health/history")
    runs = json.loads(body)["runs"]
    assert status == 200 and {run["component"] for run in runs} == {"rpc", "feed"}
    assert [run["at"] for run in runs] == sorted(run["at"] for run in runs)
    told = {(run["component"], run["status"], run["reason"]) for run in runs}
    assert told == {("rpc", "unhealthy", reason), ("feed", "healthy", "")}
    _, body = ask(watch, "/health/history?format=csv&component=rpc")
    rows = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
    assert rows and {row["reason"] for row in rows} == {reason}
    assert float(rows[0]["at"]) == next(run["at"] for run in runs if run["component"] == "rpc")


@pytest.mark.parametrize(
    ("query", "status"),
    [("component=nobody", 404), ("format=xml", 400), ("&".join("a=1" for _ in range(30)), 400)],
)
def test_an_export_that_makes_no_sense_is_refused(watch: Watch, query: str, status: int) -> None:
    assert ask(watch, f"/health/history?{query}")[0] == status


def test_a_defect_of_others_costs_readiness_and_never_life() -> None:
    """Kubernetes' rule: who is restarted for a node that is away is away, too, and the node still is.

    Readiness sees through dependencies: a critical part that leans on one that is not critical is as ill.
    """
    state = {"rpc": healthy()}
    with made() as watch:
        watch.heartbeat("loop").beat()
        watch.check("rpc", lambda: state["rpc"], every=0.02)
        watch.check("pools", healthy, every=0.02, depends=("rpc",), critical=True)
        watch.started()
        reported(watch, "pools", "healthy")
        assert probe(watch, "ready") == (200, "")
        state["rpc"] = unhealthy("no answer for 9 s")
        reported(watch, "pools", "unhealthy")
        assert probe(watch, "ready") == (503, "pools: depends on rpc: no answer for 9 s")
        assert probe(watch, "component/rpc") == (503, "no answer for 9 s")
        assert probe(watch, "component/pools")[0] == 503
        assert probe(watch, "live") == (200, "") and probe(watch, "startup") == (200, "")
        watch.stopping("SIGTERM")
        assert probe(watch, "live")[0] == 200 and probe(watch, "startup")[0] == 200
        state["rpc"] = healthy()
        reported(watch, "pools", "healthy")
        assert probe(watch, "component/pools") == (200, "")
