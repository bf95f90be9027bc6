"""The HTTP API: shapes, limits, errors, and who may ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from watchkeeper.keeper.judge import Finding
from watchkeeper.keeper.web import create_app
from watchkeeper.keeper.web.assets import Assets

NOW = 1_700_000_000.0
FEED = "component/arbbot/feed"


def client(scene: Any, **options: Any) -> httpx.AsyncClient:
    app = create_app(scene.live(), **options)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080")


async def get(scene: Any, path: str) -> Any:
    async with client(scene) as asking:
        answer = await asking.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def counter(scene: Any, name: str, per_second: float, **labels: str) -> None:
    """Hold a counter that has grown evenly over the last ten minutes."""
    points = [(NOW - 600 + at, per_second * at) for at in range(601)]
    scene.shelf.put({"__name__": name, "job": "arb", "instance": "h:1", **labels}, points)


async def test_health_names_the_cause_and_since_when(scene: Any) -> None:
    """One answer says how all is, why, since when."""
    scene.look(Finding(FEED, "unhealthy", "no frame for 6 s"))
    told = await get(scene, "/api/health")
    assert (told["status"], told["since"]) == ("unhealthy", NOW)
    assert told["reason"] == "arbbot: feed is unhealthy: no frame for 6 s"


async def test_a_keeper_that_watches_nothing_says_unknown(scene: Any) -> None:
    """Ignorance is never health."""
    assert (await get(scene, "/api/health"))["status"] == "unknown"


async def test_the_overview_has_every_section(scene: Any) -> None:
    """The first screen needs one request."""
    scene.says(
        "arbbot", {"service": "arb", "components": [{"name": "feed", "status": "healthy", "trend": "stable"}]}
    )
    scene.look(
        Finding("target/arb/h:1", "up"), Finding(FEED, "healthy"), Finding("silence/arbbot/frames", "healthy")
    )
    counter(scene, "mev_sequencer_messages_received_total", 40.0)
    told = await get(scene, "/api/overview")
    (bot,) = told["bots"]
    assert (told["overall"]["status"], bot["status"], bot["board"]) == ("healthy", "healthy", "arbitrage")
    assert [(c["name"], c["status"], c["trend"]) for c in bot["components"]] == [
        ("feed", "healthy", "stable")
    ]
    assert [s["name"] for s in bot["silence"]] == ["frames"]
    assert (told["targets"][0]["status"], told["targets"][0]["samples"]) == ("up", 50)
    figures = {figure["id"]: figure["value"] for figure in told["figures"]["arbbot"]}
    assert figures["messages"] == pytest.approx(40)
    assert figures["swaps"] is None
    assert told["keeper"]["cpu_percent"] == 0.25


@pytest.mark.parametrize(
    ("labels", "status"),
    [
        ({"bot": "arbbot"}, "unhealthy"),
        ({"job": "arb", "instance": "h:1"}, "unhealthy"),
        ({"job": "arb"}, "unhealthy"),
        ({"bot": "other", "job": "arb"}, "healthy"),
        ({"job": "arb", "instance": "h:2"}, "healthy"),
        ({}, "healthy"),
    ],
)
async def test_a_rule_that_fires_about_a_bot_is_in_its_state(
    scene: Any, labels: dict[str, str], status: str
) -> None:
    """By the bot's name or by one of its targets; its healthy components do not hide it."""
    rule = f"rule/Burns/{json.dumps({'alertname': 'Burns', **labels}, sort_keys=True)}"
    scene.look(Finding(FEED, "healthy"), Finding(rule, "unhealthy", "the budget burns"))
    told = await get(scene, "/api/overview")
    (bot,) = told["bots"]
    assert (told["overall"]["status"], bot["status"]) == ("unhealthy", status)
    assert bot["reason"] == ("Burns fires: the budget burns" if status == "unhealthy" else "")


async def test_a_bot_of_another_kind_gets_the_process_board(scene: Any) -> None:
    """Without the bot's own families there are still panels."""
    counter(scene, "process_cpu_seconds_total", 0.25)
    told = await get(scene, "/api/board")
    assert (told["id"], told["bot"]) == ("process", "arbbot")
    (cpu,) = (await get(scene, f"/api/range?panel=cpu&start={NOW - 60}&end={NOW}&step=10"))["panels"]["cpu"]
    assert cpu["values"] == [pytest.approx(0.25)] * 7


async def test_profit_is_told_in_whole_wei(scene: Any) -> None:
    """Money is a decimal string, earned less gas."""
    counter(scene, "mev_sequencer_messages_received_total", 1)
    for name, value in (("mev_profit_earned_wei", 3e18), ("mev_gas_cost_total_wei", 1e18)):
        scene.shelf.put({"__name__": name, "job": "arb", "instance": "h:1"}, [(NOW - 1, value)])
    told = await get(scene, "/api/overview")
    figures = {figure["id"]: figure["value"] for figure in told["figures"]["arbbot"]}
    assert figures["profit"] == "2000000000000000000"


async def test_alerts_are_episodes_newest_first(scene: Any) -> None:
    """Firing and resolved of one alert are one entry."""
    scene.flip(f"alert/{FEED}", "resolved", "firing", "no frame")
    scene.now += 5
    scene.flip(f"alert/{FEED}", "firing", "resolved", "frames again")
    scene.now += 5
    scene.flip("alert/target/arb/h:1", "resolved", "firing", "refused")
    first, second = (await get(scene, "/api/alerts"))["alerts"]
    assert (first["labels"]["alertname"], first["status"]) == ("TargetDown", "firing")
    assert (second["status"], second["starts_at"], second["ends_at"]) == ("resolved", NOW, NOW + 5)
    assert len((await get(scene, "/api/alerts?limit=1"))["alerts"]) == 1


async def test_what_fires_is_told_however_much_else_changed_since(scene: Any) -> None:
    """Neither a thousand flapping components nor other alerts hide one that still fires, or its beginning."""
    scene.flip("alert/target/arb/h:1", "resolved", "firing", "refused")
    scene.flip(f"alert/{FEED}", "resolved", "firing", "no frame")
    for place in range(1000):
        scene.now += 1
        scene.flip(FEED, "healthy" if place % 2 else "unknown", "unknown" if place % 2 else "healthy")
    (feed, target) = (await get(scene, "/api/alerts?limit=2"))["alerts"]
    assert {feed["starts_at"], target["starts_at"]} == {NOW}
    for place in range(100):
        scene.now += 1
        scene.flip("alert/component/arbbot/rpc", "", "resolved" if place % 2 else "firing", "slow")
    scene.flip(f"alert/{FEED}", "firing", "resolved", "frames again")
    for limit in (1, 2, 50, 200):
        rows = (await get(scene, f"/api/alerts?limit={limit}"))["alerts"]
        begun = {row["starts_at"] for row in rows if row["labels"].get("component") == "feed"}
        assert len(rows) == min(limit, 52) and begun <= {NOW}
    told = (await get(scene, "/api/overview"))["alerts"]
    assert [row["labels"]["alertname"] for row in told if row["status"] == "firing"] == ["TargetDown"]
    assert len((await get(scene, "/api/flips?limit=1000"))["flips"]) == 1000


async def test_flips_leave_out_the_rows_of_alerts(scene: Any) -> None:
    """Changes of state are told once."""
    scene.flip(FEED, "healthy", "unhealthy", "no frame")
    scene.flip(f"alert/{FEED}", "resolved", "firing", "no frame")
    (row,) = (await get(scene, "/api/flips"))["flips"]
    assert (row["subject"], row["from_state"], row["to_state"]) == (FEED, "healthy", "unhealthy")


async def test_metrics_are_the_present_values(scene: Any) -> None:
    """Old samples and ended series are not the present; infinity is text."""
    scene.shelf.put({"__name__": "a", "job": "arb", "instance": "h:1"}, [(NOW - 2, 1.5)])
    scene.shelf.put({"__name__": "b", "job": "x", "instance": "y"}, [(NOW - 2, float("inf"))])
    scene.shelf.put({"__name__": "old"}, [(NOW - 900, 1)])
    scene.shelf.put({"__name__": "ended"}, [(NOW - 2, 1), (NOW - 1, float("nan"))])
    told = await get(scene, "/api/metrics")
    assert {row["name"]: row["value"] for row in told["metrics"]} == {"a": 1.5, "b": "+Inf"}
    assert [row["name"] for row in (await get(scene, "/api/metrics?bot=arbbot"))["metrics"]] == ["a"]
    assert (await get(scene, "/api/metrics?limit=1"))["count"] == 2


async def test_history_holds_count_points_oldest_first(scene: Any) -> None:
    """count=N gives N times, evenly spaced, ending now."""
    counter(scene, "mev_sequencer_messages_received_total", 7)
    rows = (await get(scene, "/api/history?count=4&step=5"))["history"]
    assert [row["time"] for row in rows] == [NOW - 15, NOW - 10, NOW - 5, NOW]
    assert [row["messages"] for row in rows] == [pytest.approx(7)] * 4


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/alerts?limit=0", "limit: expected a whole number from 1 to 1000"),
        ("/api/history?count=00000000000160000", "count: expected a whole number from 1 to 1000"),
        (f"/api/flips?limit=000000000001{'9' * 5000}", "limit: expected a whole number from 1 to 1000"),
        ("/api/alerts?limit=99999999999999999999", "limit: expected"),
        ("/api/history?count=1e3", "count: expected"),
        ("/api/range?start=abc", "start: expected a Unix time"),
        ("/api/range?start=9&end=5", "expected start before end"),
        ("/api/range?start=0", "at most 2000 points"),
        ("/api/range?panel=nope", "panel: no panel 'nope'; there are: cpu"),
        ("/api/board?bot=nobody", "bot: no bot 'nobody'; there are: arbbot"),
    ],
)
async def test_a_wrong_question_is_answered_with_what_is_right(scene: Any, path: str, said: str) -> None:
    """Errors are JSON, status 400, and name the parameter."""
    async with client(scene) as asking:
        answer = await asking.get(path)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


async def test_unknown_paths_and_methods_are_json_errors(scene: Any) -> None:
    """No surprise pages."""
    async with client(scene) as asking:
        assert (await asking.get("/nope")).json()["status"] == "error"
        assert (await asking.post("/api/health")).status_code == 405


async def test_the_token_guards_every_path(scene: Any) -> None:
    """Without it nothing is told, by Bearer or as a password everything is."""
    async with client(scene, token="s3cret") as asking:
        for path in ("/", "/api/overview", "/metrics", "/health/live", "/nope"):
            assert (await asking.get(path)).status_code == 401
        good = {"Authorization": "Bearer s3cret"}
        assert (await asking.get("/api/health", headers=good)).status_code == 200
        assert (await asking.get("/api/health", auth=("any", "s3cret"))).status_code == 200
        assert (await asking.get("/api/health", auth=("s3cret", "x"))).status_code == 401
        assert (await asking.get("/api/health", headers={"Authorization": "Basic ?"})).status_code == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost", 200),
        ("[::1]:8080", 200),
        ("evil.example:8080", 421),
        ("bots", 200),
    ],
)
async def test_a_foreign_name_is_refused_on_loopback(scene: Any, host: str, status: int) -> None:
    """A web site that points its own name to 127.0.0.1 reaches nothing."""
    async with client(scene, hosts=["bots"]) as asking:
        assert (await asking.get("/api/health", headers={"Host": host})).status_code == status


async def test_every_answer_carries_the_policy(scene: Any) -> None:
    """Also errors."""
    async with client(scene) as asking:
        for path in ("/", "/api/health", "/nope"):
            headers = (await asking.get(path)).headers
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"


async def test_the_keepers_own_doors_are_served_too(scene: Any) -> None:
    """/metrics and /health come from the keeper's agent, with the Accept header passed on."""
    async with client(scene) as asking:
        answer = await asking.get("/health/live", headers={"Accept": "x/y"})
    assert answer.text == "/health/live x/y"


async def test_an_absent_page_says_how_to_build_it(scene: Any, tmp_path: Path) -> None:
    """No blank screen."""
    async with client(scene, assets=Assets(tmp_path / "none")) as asking:
        assert "make setup" in (await asking.get("/")).text


async def test_assets_are_packed_cached_and_nothing_else_is_served(scene: Any, tmp_path: Path) -> None:
    """Hashed names keep for ever, the page is asked for each time, no path leaves the folder."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<p>page")
    (tmp_path / "assets" / "a.js").write_text("plain")
    (tmp_path / "assets" / "a.js.gz").write_bytes(b"packed")
    (tmp_path / "secret.key").write_text("no")
    async with client(scene, assets=Assets(tmp_path)) as asking:
        page = await asking.get("/")
        assert (page.text, page.headers["Cache-Control"]) == ("<p>page", "no-cache")
        assert (await asking.get("/", headers={"If-None-Match": page.headers["ETag"]})).status_code == 304
        plain = await asking.get("/assets/a.js", headers={"Accept-Encoding": "identity"})
        assert plain.text == "plain" and "immutable" in plain.headers["Cache-Control"]
        async with asking.stream("GET", "/assets/a.js", headers={"Accept-Encoding": "gzip"}) as packed:
            assert packed.headers["Content-Encoding"] == "gzip"
            assert b"".join([chunk async for chunk in packed.aiter_raw()]) == b"packed"
        for path in ("/secret.key", "/assets/a.js.gz", "/%2e%2e/secret.key", "/assets/../secret.key"):
            assert (await asking.get(path)).status_code == 404


async def test_errors_inside_are_told_plainly(scene: Any) -> None:
    """A broken part is a 500 with JSON, not a traceback."""

    scene.contacts = None
    app = create_app(scene.live())
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as asking:
        answer = await asking.get("/api/overview")
    assert (answer.status_code, json.loads(answer.text)["status"]) == (500, "error")
