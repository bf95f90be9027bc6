"""What no alert looks at."""

from watchkeeper.keeper.promql import Labels
from watchkeeper.keeper.promql.testing.notation import metric
from watchkeeper.keeper.rules import read
from watchkeeper.keeper.rules.coverage import coverage

SERIES = [
    'up{job="arbbot"}',
    'up{job="copybot"}',
    'status{job="arbbot",component="feed"}',
    'status{job="arbbot",component="rpc"}',
    'latency_bucket{job="arbbot",le="1"}',
    'latency_sum{job="arbbot"}',
    'profit{job="arbbot"}',
    'ALERTS{alertname="X"}',
]


def gaps(rules: str, series: list[str] = SERIES) -> dict[str, list[str]]:
    labels: list[Labels] = [metric(text) for text in series]
    return coverage(read(f"groups: [{{name: g, rules: [{rules}]}}]").rules, labels).gaps


def test_what_an_alert_selects_is_covered_and_nothing_else() -> None:
    """A matcher covers its own bot alone: alarms of the test bot leave the real one uncovered."""
    assert gaps("{alert: A, expr: 'up{job=\"copybot\"} == 0'}") == {
        "bots": ["arbbot"],
        "components": ["arbbot/feed", "arbbot/rpc"],
        "metrics": ["latency", "profit", "status"],
    }


def test_a_component_is_covered_by_its_own_selector() -> None:
    """Looking at one component does not cover the other."""
    found = gaps("{alert: A, expr: 'status{component=\"feed\"} < 0'}")
    assert found["components"] == ["arbbot/rpc"]
    assert found["bots"] == ["copybot"]


def test_recording_alone_covers_nothing_and_passes_on_what_an_alert_reads() -> None:
    """Nobody is told of a recorded series until an alert reads it, through any number of steps."""
    record = "{record: a, expr: sum(profit)}, {record: b, expr: a * 2}"
    assert "profit" in gaps(record)["metrics"]
    assert "profit" not in gaps(f"{record}, {{alert: A, expr: b > 1}}")["metrics"]


def test_every_form_of_selector_counts() -> None:
    """Ranges, subqueries, functions, matching, parts of a histogram and patterns of names are looked into."""
    rules = """
{alert: A, expr: 'histogram_quantile(0.9, rate(latency_bucket[5m])) > 1'},
{alert: B, expr: 'max_over_time(sum by (job) (profit)[1h:5m]) > 1 unless on (job) absent(up)'},
{alert: C, expr: '{__name__=~"sta.*"} == -1'}
"""
    assert gaps(rules) == {"bots": [], "components": [], "metrics": []}
