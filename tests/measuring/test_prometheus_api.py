"""Prometheus' HTTP API: the same requests to the real Prometheus and to us; its tools and Grafana's calls."""

from __future__ import annotations

import json
import subprocess
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from watchkeeper.keeper.remote.writing import label_fields, request

Until = Callable[..., Any]
pytestmark = pytest.mark.peer("prometheus", "promtool")
BEGIN = 1_700_000_000
COUNT = 240
STEP = 5
HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

ALIKE = [
    "query?query=1%2B1&time=1700000000.123",
    "query?query=%22text%22&time=1700000000",
    "query?query=1e-7&time=1700000000",
    "query?query=1e21&time=1700000000",
    "query?query=-1e300*10&time=1700000000",
    "query?query=017%2B0x1F&time=1700000000",
    "query?query=level&time=1700000600",
    "query?query=level&time=2023-11-14T22:23:20.5Z",
    "query?query=level&time=2023-11-15T00:23:20%2B02:00",
    "query?query=level&time=1700000600&timeout=5s",
    "query?query=level%5B1m%5D&time=1700000601",
    "query?query=odd&time=1700000600",
    "query?query=nothing&time=1700000600",
    "query?query=sort_desc(level)&time=1700000600",
    "query?query=sum(rate(hits_total%5B1m%5D))by(job)&time=1700000601.5",
    "query?query=histogram_quantile(0.9,rate(took_bucket%5B1m%5D))&time=1700000601.5",
    "query_range?query=level&start=1700000000&end=1700000600&step=15",
    "query_range?query=level&start=1700000000&end=1700000600&step=1m",
    "query_range?query=level&start=2023-11-14T22:13:20Z&end=2023-11-14T22:23:20Z&step=30s",
    "query_range?query=level%20%40%20end()&start=1700000000&end=1700000059&step=30",
    "query_range?query=2&start=1700000000&end=1700000002.5&step=0.5",
    "query_range?query=odd&start=1700000000&end=1700000060&step=5",
    "series?match[]=level",
    "series?match[]=level&match[]=hits_total%7Bn%3D%221%22%7D",
    "series?match[]=%7Bjob%3D~%22.%2B%22%7D&start=1700000000&end=1700000600",
    "series?match[]=level&start=1&end=2",
    "labels",
    "labels?match[]=took_bucket",
    "labels?match[]=took_bucket&match[]=level",
    "label/n/values",
    "label/__name__/values",
    "label/n/values?match[]=hits_total",
    "label/absent/values",
    "query_exemplars?query=level&start=1&end=2",
    "targets",
    "rules",
    "alerts",
    "metadata",
]
REFUSED = [
    "query",
    "query?query=",
    "query?query=sum(",
    "query?query=level%5B5m",
    "query?query=level&time=never",
    "query?query=level&time=2023-13-45T00:00:00Z",
    "query?query=level&timeout=x",
    "query?query=1%2B1&timeout=-",
    "query?query=level%20*%20on(job)%20level&time=1700000600",
    "query?query=%7B%7D",
    "query?query=1e400",
    "query?query=level%5B0x_%5D",
    "query?query=1e5%5B1m%5D",
    "query_range?query=level",
    "query_range?query=level&start=x&end=2&step=1",
    "query_range?query=level&start=1&end=x&step=1",
    "query_range?query=level&start=2&end=1&step=1",
    "query_range?query=level&start=1&end=2",
    "query_range?query=level&start=1&end=2&step=0",
    "query_range?query=level&start=1&end=2&step=-5",
    "query_range?query=level&start=1&end=2&step=1x",
    "query_range?query=level&start=1&end=100000&step=1",
    "query_range?query=level%5B5m%5D&start=1&end=2&step=1",
    "query_range?query=%22text%22&start=1&end=2&step=1",
    "query_range?query=level&start=1&end=2&step=1&timeout=x",
    "series",
    "series?match[]=%7B%7D",
    "series?match[]=level&start=x",
    "labels?start=x",
    "labels?match[]=(",
    "query_exemplars",
    "rules?type=other",
    "metadata?limit=x",
]


def samples() -> bytes:
    """Return one request of counters, gauges, odd values and a histogram, each over 20 minutes."""
    chance = np.random.default_rng(4)
    times = (BEGIN + STEP * np.arange(COUNT)) * 1000
    rows: dict[tuple[tuple[str, str], ...], Any] = {}
    for n in range(4):
        labels = {"job": "ab"[n % 2], "n": str(n)}
        rows[named("hits_total", labels)] = np.cumsum(chance.integers(0, 9, COUNT)) * 1.0
        rows[named("level", labels)] = np.round(chance.normal(50, 9, COUNT), 3)
    wild = [1e-7, 1e21, 1e22, -0.5, np.inf, -np.inf, np.nan, 123456789012345680.0, 5e-324, 0.1, 1 / 3, 100.0]
    rows[named("odd", {"text": 'a"b\\c\nd é'})] = np.resize(wild, COUNT)
    counts = np.cumsum(np.cumsum(chance.integers(0, 4, (4, COUNT)), axis=0), axis=1)
    for place, bound in enumerate(("0.1", "1", "10", "+Inf")):
        rows[named("took_bucket", {"job": "a", "le": bound})] = counts[place] * 1.0
    return request((label_fields(labels), times, values) for labels, values in sorted(rows.items()))


def named(name: str, labels: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({"__name__": name, **labels}.items()))


@pytest.fixture(scope="module")
def pair(shared: Any) -> Iterator[tuple[Any, Any]]:
    """Yield a keeper and a Prometheus that were written the same samples."""
    flags = ("--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=100y")
    keeper = shared.keeper(retention={"time": "36500d"}, query={"max_samples": 50_000_000})
    prometheus = shared.prometheus({}, *flags)
    for program in (keeper, prometheus):
        assert program.ask("/api/v1/write", samples(), HEADERS)[0] == 204
    yield keeper, prometheus


def asked(program: Any, path: str, *, form: bool = False) -> tuple[int, Any]:
    """Return status and answer; as a form, the query string is the body of a POST."""
    name, _, query = path.partition("?")
    if form:
        status, body = program.ask(f"/api/v1/{name}", query.encode(), FORM)
    else:
        status, body = program.ask(f"/api/v1/{path}")
    return status, json.loads(body, parse_float=str)


@pytest.mark.parametrize("path", ALIKE)
def test_answers_equal_those_of_the_real_prometheus(pair: tuple[Any, Any], path: str) -> None:
    """Status, envelope, labels, times and digits are the same for the same data."""
    ours, theirs = (asked(program, path) for program in pair)
    if path == "targets":
        theirs[1]["data"]["droppedTargetCounts"] = {}  # newer than 2.42
    if path.startswith("label/__name__"):  # rules and self are the keeper's own
        assert set(theirs[1]["data"]) <= set(ours[1]["data"])
        return
    assert ours == theirs


@pytest.mark.parametrize("path", REFUSED)
def test_refusals_equal_those_of_the_real_prometheus(pair: tuple[Any, Any], path: str) -> None:
    """A wrong request has the same HTTP code and the same error type, and names the same parameter."""
    (code, ours), (wanted, theirs) = (asked(program, path) for program in pair)
    assert (code, ours["status"], ours["errorType"]) == (wanted, "error", theirs["errorType"])
    if theirs["error"].startswith("invalid parameter"):  # later versions name it more often than 2.42
        assert ours["error"].startswith(theirs["error"].partition(":")[0])


@pytest.mark.parametrize(
    "path", [path for path in ALIKE + REFUSED if path.startswith(("query", "series", "labels"))]
)
def test_a_form_is_answered_like_a_query_string(pair: tuple[Any, Any], path: str) -> None:
    """POST with an urlencoded body equals GET."""
    if "time=" in path or "start=" in path or path.startswith(("series", "labels")):
        assert asked(pair[0], path, form=True) == asked(pair[0], path)


@pytest.mark.parametrize(
    "path", ["query?time=1700000600", "query_range?start=1700000000&end=1700000600&step=60"]
)
def test_an_annotation_names_its_place_in_the_query(pair: tuple[Any, Any], path: str) -> None:
    """Line and column of what is warned of, as in later versions of Prometheus."""
    query = urllib.parse.quote("1 +\n quantile(7, level)")
    assert asked(pair[0], f"{path}&query={query}")[1]["warnings"] == [
        "PromQL warning: quantile value should be between 0 and 1, got 7 (2:11)"
    ]


def test_a_label_of_any_name_can_be_listed(pair: tuple[Any, Any]) -> None:
    """Names beyond ASCII as later versions of Prometheus take them: as they are, and escaped."""
    body = request(
        [(label_fields(named("accented", {"é.b": "v"})), np.array([BEGIN * 1000]), np.array([1.0]))]
    )
    assert pair[0].ask("/api/v1/write", body, HEADERS)[0] == 204
    for name in ("%C3%A9.b", "U___e9__2e_b"):
        assert asked(pair[0], f"label/{name}/values")[1]["data"] == ["v"]
    assert asked(pair[0], "label/U__a_ffffffff_b/values") == (200, {"status": "success", "data": []})
    assert asked(pair[0], "label/U__/values")[0] == 400


def test_promtool_queries_us_as_it_queries_prometheus(pair: tuple[Any, Any]) -> None:
    """The real promtool prints the same for instant, range, series and labels."""
    at = str(BEGIN + 601)
    words = [
        ["instant", "URL", "sum by (job) (rate(hits_total[1m]))", "--time", at],
        ["range", "URL", "level", "--start", str(BEGIN), "--end", at, "--step", "60s"],
        ["series", "URL", "--match", "level", "--match", "took_bucket", "--start", str(BEGIN), "--end", at],
        ["labels", "URL", "job", "--start", str(BEGIN), "--end", at],
    ]
    for command in words:
        told = [printed(command, program.base) for program in pair]
        assert told[0] == told[1] and told[0].strip()


def printed(command: list[str], base: str) -> str:
    words = [base if word == "URL" else word for word in command]
    done = subprocess.run(
        ["promtool", "query", *words], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("query?query=1%2B1&time=1700000600", True),
        ("query?query=1%2B1&time=1700000600", False),
        ("status/buildinfo", False),
        ("labels?start=1700000000&end=1700000600", True),
        ("label/__name__/values?start=1700000000&end=1700000600", False),
        ("label/n/values?match%5B%5D=level%7Bjob%3D%22a%22%7D&start=1700000000&end=1700000600", False),
        ("series?match%5B%5D=level&start=1700000000&end=1700000600", True),
        ("metadata?limit_per_metric=1", False),
        ("rules", False),
        ("query_range?query=rate%28hits_total%5B1m%5D%29&start=1700000000&end=1700000600&step=15", True),
        ("query_exemplars?query=level&start=1700000000&end=1700000600", True),
        ("query?query=count%28level%29+by+%28job%29&time=1700000600&limit=1", True),
    ],
)
def test_a_grafana_data_source_gets_what_it_asks_for(pair: tuple[Any, Any], path: str, form: bool) -> None:
    """The calls that Grafana's Prometheus data source makes for health, editor, explore and dashboards."""
    status, answer = asked(pair[0], path, form=form)
    assert (status, answer["status"]) == (200, "success")
    if path.startswith("status/buildinfo"):
        assert answer["data"]["version"].split(".")[0].isdecimal()
    if "limit=1" in path and path.startswith("query?"):
        assert len(answer["data"]["result"]) == 1 and "truncated" in answer["warnings"][0]


def test_the_lookback_of_a_query_can_be_set(pair: tuple[Any, Any]) -> None:
    """`lookback_delta` (newer than 2.42) says how old a sample may be."""
    seen = [
        asked(pair[0], f"query?query=level&time=1700001500&lookback_delta={d}")[1] for d in ("10m", "10s")
    ]
    assert [len(answer["data"]["result"]) for answer in seen] == [4, 0]
    code, told = asked(pair[0], "query?query=level&lookback_delta=x")
    assert (code, told["errorType"]) == (400, "bad_data") and "lookback delta" in told["error"]


def test_statistics_are_given_when_asked_for(pair: tuple[Any, Any]) -> None:
    """`stats` adds the same keys that Prometheus gives."""
    path = f"query?query=level&time={BEGIN + 600}&stats=all"
    ours, theirs = (asked(program, path)[1]["data"]["stats"] for program in pair)
    assert ours.keys() == theirs.keys()
    assert ours["timings"].keys() == theirs["timings"].keys()
    assert ours["samples"]["totalQueryableSamples"] >= 4


def test_a_real_prometheus_federates_from_us(programs: Any, until: Until) -> None:
    """/federate gives the newest samples with their times; a real Prometheus keeps what it scrapes there."""
    bot = programs.bot()
    job = {"job_name": "arb", "static_configs": [{"targets": [f"127.0.0.1:{bot.port}"]}]}
    every = {"scrape_interval": "1s", "scrape_timeout": "800ms"}
    keeper = programs.keeper(**{"global": every}, scrape_configs=[job])
    until(lambda: keeper.api("query", query="mev_swaps_detected_total")["result"], "a scrape")
    up = {
        "job_name": "federate",
        "honor_labels": True,
        "metrics_path": "/federate",
        "params": {"match[]": ['{job="arb"}']},
        "static_configs": [{"targets": [f"127.0.0.1:{keeper.port}"]}],
    }
    own = {"job_name": "keeper", "static_configs": [{"targets": [f"127.0.0.1:{keeper.port}"]}]}
    prometheus = programs.prometheus({"global": every, "scrape_configs": [up, own]})
    query = 'mev_swaps_detected_total{job="arb"}'
    rows = until(lambda: prometheus.api("query", query=f"{query}[1m]")["result"], "federated samples")
    for row in rows:
        asked = [(f'{name}="{value}"') for name, value in row["metric"].items() if name != "__name__"]
        exact = keeper.api("query", query=f"mev_swaps_detected_total{{{','.join(asked)}}}[1h]")["result"]
        assert {tuple(point) for point in row["values"]} <= {tuple(point) for point in exact[0]["values"]}
    assert until(lambda: prometheus.api("query", query='up{job="keeper"} == 1')["result"], "our own metrics")
    assert all(row["health"] == "up" for row in prometheus.api("targets")["activeTargets"])


def test_targets_and_metadata_are_those_of_a_real_prometheus(programs: Any, until: Until) -> None:
    """The same bot, scraped by both: the same labels, URLs, intervals, and the same sayings of metrics."""
    bot = programs.bot()
    job = {
        "job_name": "arb",
        "static_configs": [{"targets": [f"127.0.0.1:{bot.port}"], "labels": {"bot": "x"}}],
    }
    every = {"scrape_interval": "1s", "scrape_timeout": "800ms"}
    config = {"global": every, "scrape_configs": [job]}
    found = [programs.keeper(**config), programs.prometheus(config)]
    for program in found:
        until(lambda p=program: p.api("query", query='up{job="arb"} == 1')["result"], "a scrape")
    ours, theirs = (program.api("targets")["activeTargets"][0] for program in found)
    moving = ("lastScrape", "lastScrapeDuration", "globalUrl", "scrapeTimeout")
    assert {k: v for k, v in ours.items() if k not in moving} | {"discoveredLabels": None} == {
        k: v for k, v in theirs.items() if k not in moving
    } | {"discoveredLabels": None}
    ours, theirs = (program.api("metadata") for program in found)
    assert {name: rows[0]["type"] for name, rows in ours.items()} == {
        name: rows[0]["type"] for name, rows in theirs.items()
    }


def test_bad_input_is_a_clear_error_and_loses_nothing(programs: Any) -> None:
    """Too many samples, broken bodies, a label bomb, foreign pages, a second keeper: each is told."""
    keeper = programs.keeper(retention={"time": "36500d"}, query={"max_samples": 1000})
    assert keeper.ask("/api/v1/write", samples(), HEADERS)[0] == 204
    told = keeper.ask(f"/api/v1/query_range?query=level&start={BEGIN}&end={BEGIN + 1200}&step=60")
    assert told[0] == 200
    whole = urllib.parse.quote('sum({__name__=~".+"})')
    status, body = keeper.ask(f"/api/v1/query_range?query={whole}&start={BEGIN}&end={BEGIN + 1200}&step=5")
    assert (status, json.loads(body)["errorType"]) == (422, "execution")
    assert "too many samples" in json.loads(body)["error"]
    for broken in (b"", b"no snappy at all", samples()[:-9], b"\x05\x10\xff\xff\xff\xff\xff"):
        assert keeper.ask("/api/v1/write", broken, HEADERS)[0] in (204, 400)
    assert keeper.ask("/api/v1/write", b"\xff" * (17 << 20), HEADERS)[0] == 413
    assert keeper.ask("/api/v1/write", samples(), {**HEADERS, "Origin": "http://evil"})[0] == 403
    assert keeper.ask("/api/v1/write", samples(), {"Content-Type": "text/plain"})[0] == 415
    bomb = request(
        (label_fields(named("bomb", {"id": str(n)})), np.array([BEGIN * 1000]), np.array([1.0]))
        for n in range(100_000)
    )
    status, body = keeper.ask("/api/v1/write", bomb, HEADERS)
    assert (status, b"series" in body) == (400, True)
    found = keeper.api("query", query="count(level)", time=BEGIN + 600)["result"]
    assert found[0]["value"][1] == "4"
    assert keeper.api("status/tsdb")["headStats"]["numSeries"] <= 20_000
    second = subprocess.run(
        [*keeper.command, "--port", "0"],
        cwd=keeper.folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1 and "one keeper per data folder" in second.stderr
