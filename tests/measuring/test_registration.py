"""Bots that announce themselves to a real keeper: scraped, kept over a kill, missed when they die."""

from __future__ import annotations

import json
import signal
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from watchkeeper import Watch

Until = Callable[..., Any]
SETTINGS = {
    "global": {"scrape_interval": "500ms", "scrape_timeout": "400ms"},
    "scrape_configs": [{"job_name": "bots"}],
    "judge": {"every": "200ms", "target_down": {"for": "1s"}},
}
JSON = {"Content-Type": "application/json"}


def posted(keeper: Any, headers: dict[str, str] = JSON, **word: Any) -> tuple[int, Any]:
    status, body = keeper.ask("/api/v1/targets", json.dumps(word).encode(), headers)
    return status, json.loads(body) if body[:1] == b"{" else body


def scraped(keeper: Any) -> Any:
    return [row["metric"] for row in keeper.api("query", query="up == 1")["result"]]


def test_a_bot_with_keeper_url_is_scraped_and_missed_when_it_dies(programs: Any, until: Until) -> None:
    """From KEEPER_URL to the alert, over a kill of the keeper; nobody writes the bot into a file."""
    keeper = programs.keeper(**SETTINGS)
    with Watch("arb", port=0, environment={"KEEPER_URL": keeper.base}) as watch:
        (seen,) = until(lambda: scraped(keeper), "the first scrape")
        assert seen == {"__name__": "up", "bot": "arb", "instance": f"127.0.0.1:{watch.port}", "job": "bots"}
        keeper.end(signal.SIGKILL)
        keeper.start()
        until(lambda: keeper.api("targets")["activeTargets"][0]["health"] == "up", "the target, known still")
    until(lambda: "TargetDown" in alerts(keeper), "the alert of the bot that ended")


def alerts(keeper: Any) -> str:
    path = keeper.folder / "data" / "alerts.jsonl"
    return path.read_text() if path.exists() else ""


def test_a_target_is_announced_renewed_and_withdrawn(programs: Any, until: Until) -> None:
    """The three requests, as a shell or another language would make them."""
    keeper = programs.keeper(**SETTINGS)
    status, told = posted(keeper, address=":9", labels={"bot": "far"}, ttl=60)
    assert (status, told["data"]) == (200, {"address": "127.0.0.1:9", "job": "bots", "ttl": 60.0})
    until(lambda: keeper.api("targets")["activeTargets"], "the target")
    url = f"{keeper.base}/api/v1/targets?address=127.0.0.1:9"
    with urllib.request.urlopen(urllib.request.Request(url, method="DELETE"), timeout=30) as answer:
        assert answer.status == 200
    until(lambda: not keeper.api("targets")["activeTargets"], "no target")


def test_what_makes_no_sense_is_refused_in_words(programs: Any) -> None:
    """The bot's log shows the keeper's words, so they must say what to do."""
    keeper = programs.keeper(**SETTINGS)
    for word, told in (
        ({"address": "nine"}, "host:port"),
        ({"address": "h/p:80"}, "no host"),
        ({"address": ":9", "job": "ghosts"}, "known: bots"),
        ({"address": ":9", "jobb": "x"}, "jobb"),
        ({"address": ":9", "ttl": 0}, "ttl must be"),
    ):
        status, answer = posted(keeper, **word)
        assert (status, answer["errorType"]) == (400, "bad_data") and told in answer["error"]
    assert posted(keeper, headers={}, address=":9")[0] == 400  # a form of a foreign page
    assert posted(keeper, headers={**JSON, "Origin": "http://evil.example"}, address=":9")[0] == 403
    assert not keeper.api("targets")["activeTargets"]


def test_what_targets_say_of_their_metrics_is_answered_by_target(programs: Any, until: Until) -> None:
    """/api/v1/targets/metadata in Prometheus' form: by metric, by target, with a limit."""
    bot = programs.bot()
    job = {"job_name": "arb", "static_configs": [{"targets": [f"127.0.0.1:{bot.port}"]}]}
    keeper = programs.keeper(**{**SETTINGS, "scrape_configs": [job]})
    name = until(lambda: [one for one in keeper.api("metadata") if "frames_received" in one], "names")[0]
    (row,) = until(lambda: keeper.api("targets/metadata", metric=name), "what the bot says")
    assert row["type"] == "counter" and row["target"]["job"] == "arb" and "metric" not in row
    rows = matching(keeper, '{job="arb"}')
    assert len(rows) == 3 and {"metric", "type", "help", "unit", "target"} == rows[0].keys()
    assert matching(keeper, '{job="other"}') == []


def matching(keeper: Any, selector: str) -> Any:
    asked = urllib.parse.urlencode({"match_target": selector, "limit": 3})
    status, body = keeper.ask(f"/api/v1/targets/metadata?{asked}")
    assert status == 200
    return json.loads(body)["data"]
