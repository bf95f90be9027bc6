"""Rules and alerts in the shape of Prometheus' API."""

from collections.abc import Callable
from typing import Any

from watchkeeper.keeper.rules import views

Make = Callable[..., Any]
TEXT = """
groups:
  - name: g
    rules:
      - {record: r, expr: "1"}
      - {alert: A, expr: m == 0, for: 5m, labels: {severity: page}, annotations: {text: "{{ $value }}"}}
      - {alert: Bad, expr: m + on () n}
"""


def test_a_group_tells_health_errors_and_states(keeper: Make) -> None:
    """The fields are those that Prometheus' clients read; missed rounds are added."""
    k = keeper(TEXT)
    k.put(1, 0, job="j")
    for job in "ab":
        k.put(1, 1, "n", job=job)
    k.at(1)
    (group,) = views.rules(k.memories, 30_000)["groups"]
    assert (group["name"], group["file"], group["interval"]) == ("g", "f", 30.0)
    assert (group["lastEvaluation"], group["missedIterations"]) == ("1970-01-01T00:01:00Z", 0)
    record, alert, bad = group["rules"]
    assert (record["type"], record["health"], record["query"]) == ("recording", "ok", "1")
    assert (alert["type"], alert["state"], alert["duration"]) == ("alerting", "pending", 300.0)
    assert (bad["health"], bad["state"]) == ("err", "inactive")
    assert bad["lastError"]
    (shown,) = views.alerts(k.memories)["alerts"]
    assert shown == alert["alerts"][0]
    assert shown["labels"] == {"alertname": "A", "job": "j", "severity": "page"}
    assert (shown["state"], shown["activeAt"], shown["value"]) == ("pending", "1970-01-01T00:01:00Z", "0e+00")


def test_what_was_never_evaluated_says_so(keeper: Make) -> None:
    """Before the first round health is unknown and the time is the year one, as in Prometheus."""
    (group,) = views.rules(keeper(TEXT).memories, 30_000)["groups"]
    assert group["lastEvaluation"] == "0001-01-01T00:00:00Z"
    assert {rule["health"] for rule in group["rules"]} == {"unknown"}
