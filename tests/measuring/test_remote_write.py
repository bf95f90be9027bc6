"""Remote write with real peers: Prometheus writes to us, we write to Prometheus and VictoriaMetrics."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from watchkeeper.keeper.remote.writing import label_fields, request

Until = Callable[..., Any]
SCRAPE = {"scrape_interval": "1s", "scrape_timeout": "800ms"}
HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}


def body(series: dict[str, list[tuple[int, float]]], **labels: str) -> bytes:
    """Return a request of metrics by name, each with (ms, value)."""
    rows = []
    for name, points in series.items():
        pairs = tuple(sorted({"__name__": name, **labels}.items()))
        times, values = np.array([at for at, _ in points]), np.array([value for _, value in points])
        rows.append((label_fields(pairs), times, values))
    return request(rows)


def scraping(port: int) -> list[dict[str, Any]]:
    return [{"job_name": "arb", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}]


def points(program: Any, query: str, start: float, end: float, step: float = 1) -> Any:
    """Return a range query's result as {labels: values}."""
    found = program.api("query_range", query=query, start=start, end=end, step=step)["result"]
    return {json.dumps(row["metric"], sort_keys=True): row["values"] for row in found}


def alike(until: Until, first: Any, second: Any, query: str, start: float, end: float) -> None:
    """Wait until the second answers as the first does: it may still be taking in."""
    wanted = points(first, query, start, end)
    until(lambda: points(second, query, start, end) == wanted, f"{query} alike")


@pytest.mark.peer("prometheus")
def test_a_real_prometheus_remote_writes_to_us_and_both_answer_alike(programs: Any, until: Until) -> None:
    """What Prometheus scrapes and sends is here with the same times and values; our restart loses nothing."""
    bot, keeper = programs.bot(), programs.keeper()
    remote = [{"url": f"{keeper.base}/api/v1/write", "queue_config": {"batch_send_deadline": "200ms"}}]
    prometheus = programs.prometheus(
        {"global": SCRAPE, "scrape_configs": scraping(bot.port), "remote_write": remote}
    )

    def scrapes(least: int) -> Any:
        found = keeper.api("query", query="up[10m]")["result"]
        return len(found[0]["values"]) >= least and found[0]["values"] if found else None

    first = until(lambda: scrapes(3), "three scrapes")
    keeper.end(signal.SIGKILL)
    keeper.start()
    last = until(lambda: scrapes(len(first) + 4), "scrapes after the restart")
    # No step may meet a sample exactly: windows of 2.42 are closed on the left, today's are not.
    start, end = float(first[0][0]) + 0.31, float(last[-1][0])
    assert [at for at, _ in last] == [
        at for at, _ in prometheus.api("query", query="up[10m]", time=end)["result"][0]["values"]
    ]
    # Each series comes in its own time: that of `up` may be here before the others of the same scrape.
    for query in ("mev_sequencer_frames_received_total", "sum(rate(mev_swaps_detected_total[5s]))"):
        assert points(prometheus, query, start, end)
        alike(until, prometheus, keeper, query, start, end)


@pytest.mark.peer("victoria-metrics", "prometheus")
def test_we_remote_write_and_every_engine_answers_the_same(programs: Any, until: Until) -> None:
    """VictoriaMetrics and Prometheus get every sample once, over their restarts and a kill of us."""
    bot, victoria = programs.bot(), programs.victoria()
    prometheus = programs.prometheus({}, "--web.enable-remote-write-receiver")
    queue = {"batch_send_deadline": "200ms", "max_backoff": "300ms"}
    keeper = programs.keeper(
        **{"global": {**SCRAPE, "external_labels": {"site": "here"}}},
        scrape_configs=scraping(bot.port),
        store={"flush": "100ms"},
        remote_write=[
            {"url": f"{victoria.base}/api/v1/write", "name": "long", "queue_config": queue},
            {"url": f"{prometheus.base}/api/v1/write", "queue_config": queue},
        ],
    )

    def ups(program: Any) -> list[str]:
        found = program.api("query", query="up[10m]")["result"]
        return [at for at, _ in found[0]["values"]] if found else []

    until(lambda: len(ups(victoria)) >= 2 and len(ups(prometheus)) >= 2, "samples on both")
    victoria.end()  # killed, it would lose seconds that it has acknowledged
    prometheus.end(signal.SIGKILL)
    missed = len(ups(keeper))
    until(lambda: len(ups(keeper)) >= missed + 2, "scrapes while nobody takes them")
    keeper.end(signal.SIGKILL)
    victoria.start()
    prometheus.start()
    keeper.start()
    seen = until(lambda: len(ups(keeper)) >= missed + 4 and ups(keeper), "scrapes after the restart")
    for peer in (victoria, prometheus):
        until(lambda peer=peer: set(seen) <= set(ups(peer)), f"every sample on {peer.command[0]}")
        assert len(ups(peer)) == len(set(ups(peer)))
        start, end = float(seen[0]), float(seen[-1])
        # The look-back is named: VictoriaMetrics' own ends where a slow machine leaves scrapes out.
        query = "sum by (job, instance) (last_over_time(mev_sequencer_frames_received_total[5m]))"
        alike(until, keeper, peer, query, start, end)
        (row,) = peer.api("query", query="last_over_time(up[10m])")["result"]
        assert row["metric"]["site"] == "here"


def test_what_is_acknowledged_is_on_the_disk_and_sending_it_again_is_no_error(programs: Any) -> None:
    """204 means durable: a kill right after it loses nothing; the same request again is 204, too."""
    keeper = programs.keeper(store={"flush": "1h"})
    sent = body({"a_total": [(1_700_000_000_000 + n * 1000, n / 3) for n in range(50)]}, job="x")
    config = {"retention": {"time": "3650d"}}
    assert keeper.ask("/api/v1/write", sent, HEADERS)[0] == 400  # older than the retention of 30 days
    keeper.end()
    keeper = programs.keeper("second", store={"flush": "1h"}, **config)
    assert keeper.ask("/api/v1/write", sent, HEADERS)[0] == 204
    keeper.end(signal.SIGKILL)
    keeper.start()
    found = keeper.api("query", query="a_total[1h]", time=1_700_000_050)["result"]
    assert [float(value) for _, value in found[0]["values"]] == [n / 3 for n in range(50)]
    assert keeper.ask("/api/v1/write", sent, HEADERS)[0] == 204
    other = body({"a_total": [(1_700_000_010_000, 5.0)]}, job="x")
    status, told = keeper.ask("/api/v1/write", other, HEADERS)
    assert (status, b"out of order" in told) == (400, True)
