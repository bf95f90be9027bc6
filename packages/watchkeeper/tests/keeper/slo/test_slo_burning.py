"""Objectives at work: the compiled rules over series of hours, by the rule room's own unit tests."""

import pytest

from watchkeeper.keeper.rules import read
from watchkeeper.keeper.rules.unittest import read_tests, run_tests
from watchkeeper.keeper.slo import compiled, read_objectives, rule_file
from watchkeeper.keeper.slo.budget import Budget, history

OBJECTIVE = "slos: [{name: calls, service: api, objective: 99.9, bad: bad_total, total: all_total%s}]"

CASE = """
rule_files: [slo.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: all_total, values: "%s"}
      - {series: bad_total, values: "%s"}
    alert_rule_test:
      - {eval_time: %s, alertname: CallsBudgetBurns, exp_alerts: [%s]}
"""
PAGE = """{exp_labels: {severity: critical, sloth_severity: page, sloth_id: api-calls, sloth_service: api,
  sloth_slo: calls}, exp_annotations: {summary: api calls SLO error budget burn rate is over expected.,
  title: (page) api calls SLO error budget burn rate is too fast.}}"""
TICKET = PAGE.replace("critical", "warning").replace("page", "ticket")


def failures(options: str, total: str, bad: str, at: str, *expected: str) -> list[str]:
    """Return what differs from the expected alerts at a time."""
    found = read_objectives(OBJECTIVE % options)
    file = read(rule_file([group for one in found for group in compiled(one)]), "slo.yaml")
    tests = read_tests(CASE % (total, bad, at, ", ".join(expected)))
    return [str(one) for one in run_tests(tests, list(file.groups))]


def test_one_failure_in_a_quiet_hour_tells_nobody() -> None:
    """One call each ten minutes, one of six fails: a sixth of the hour's calls, far above 1.44 %."""
    total, bad = "0+0.1x70", "0x30 1x40"
    assert failures("", total, bad, "65m") == []


def test_without_the_guard_that_one_failure_pages() -> None:
    """So the quiet above is the guard's work."""
    told = failures(", min_failures: 0", "0+0.1x33", "0x30 1x3", "33m", PAGE, TICKET)
    assert told == []


def test_six_failures_of_six_page_even_in_a_quiet_hour() -> None:
    """The guard asks for failures, not for traffic."""
    assert failures("", "0+0.1x70", "0+0.1x70", "65m", PAGE, TICKET) == []


def test_two_percent_of_much_traffic_page() -> None:
    """2 % is twenty times the budget of 0.1 %, above the factor 14.4."""
    assert failures("", "0+6000x70", "0+120x70", "65m", PAGE, TICKET) == []


def test_burning_at_the_rate_of_the_budget_tells_nobody() -> None:
    """0.09 % of failures leave a tenth of the budget at the end of the period."""
    assert failures("", "0+100000x70", "0+90x70", "65m") == []


def test_a_guard_over_events_asks_for_traffic() -> None:
    """With six events where a hundred are asked for nobody is told."""
    assert failures(", min_events: 100", "0+0.1x70", "0+0.1x70", "65m") == []


def test_failures_that_were_never_seen_count_as_none() -> None:
    """A counter of failures that does not exist yet leaves the whole budget."""
    (one,) = read_objectives(OBJECTIVE % "")
    file = read(rule_file(compiled(one)), "slo.yaml")
    tests = read_tests("""
rule_files: [slo.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series: [{series: all_total, values: "0+60x30"}]
    promql_expr_test:
      - expr: slo:period_error_budget_remaining:ratio
        eval_time: 30m
        exp_samples:
          - labels: >-
              slo:period_error_budget_remaining:ratio{sloth_id="api-calls",sloth_service="api",sloth_slo="calls",sloth_window="30d"}
            value: 1
""")
    assert [str(failed) for failed in run_tests(tests, list(file.groups))] == []


def test_a_moment_without_traffic_does_not_spoil_the_budget() -> None:
    """Nought over nought is no ratio; the budget is weighted by events, so quiet hours weigh nothing."""
    (one,) = read_objectives(OBJECTIVE % "")
    file = read(rule_file(compiled(one)), "slo.yaml")
    tests = read_tests("""
rule_files: [slo.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: all_total, values: "0x60 0+1000x60 60000x60"}
      - {series: bad_total, values: "0x60 0+0.5x60 30x60"}
    promql_expr_test:
      - expr: round(slo:period_error_budget_remaining:ratio * 100) / 100
        eval_time: 175m
        exp_samples:
          - labels: '{sloth_id="api-calls",sloth_service="api",sloth_slo="calls",sloth_window="30d"}'
            value: 0.5
""")
    assert [str(failed) for failed in run_tests(tests, list(file.groups))] == []


def left(objective: str, *series: str) -> list[str]:
    """Return what differs from half a budget left after half an hour of some series."""
    (one,) = read_objectives(f"slos: [{{name: a, service: s, objective: 50, {objective}}}]")
    file = read(rule_file(compiled(one)), "slo.yaml")
    given = "".join(
        f"      - {{series: '{line.split()[0]}', values: '{line.split()[1]}'}}\n" for line in series
    )
    tests = read_tests(f"""
rule_files: [slo.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
{given}
    promql_expr_test:
      - expr: round(slo:period_error_budget_remaining:ratio * 100) / 100
        eval_time: 30m
        exp_samples:
          - {{labels: '{{sloth_id="s-a",sloth_service="s",sloth_slo="a",sloth_window="30d"}}', value: 0.5}}
""")
    return [str(failed) for failed in run_tests(tests, list(file.groups))]


BUCKETS = ("h_count 0+60x30", 'h_bucket{le="0.1"} 0+45x30', 'h_bucket{le="1.0"} 0+60x30')


@pytest.mark.parametrize(
    ("objective", "series"),
    [
        ("bad: b_total, total: t_total", ("t_total 0+60x30", "b_total 0+15x30")),
        ("good: g_total, total: t_total", ("t_total 0+60x30", "g_total 0+45x30")),
        ("latency: {histogram: h, below: 100ms}", BUCKETS),
        ("fraction: connected", ("connected 0.75x30",)),
        ("error_ratio: 'avg(avg_over_time(r[{{.window}}]))'", ("r 0.25x30",)),
        (
            "errors: 'sum(rate(b[{{.window}}]))', events: 'sum(rate(t[{{.window}}]))'",
            ("b 0+1x30", "t 0+4x30"),
        ),
    ],
    ids=lambda value: str(value)[:20],
)
def test_each_kind_of_indicator_measures_the_share_of_bad_events(
    objective: str, series: tuple[str, ...]
) -> None:
    """A quarter of the events is bad, of which half may be: half of the budget is left."""
    assert left(objective, *series) == []


def test_an_indicator_without_any_good_event_has_no_budget_left() -> None:
    """A series of good events that does not exist yet is not a series of bad ones that does not."""
    assert "exp: {" in left("good: g_total, total: t_total", "t_total 0+60x30")[0]


def test_a_bound_that_no_bucket_has_gives_no_budget_at_all() -> None:
    """It must not look as if all had been quick."""
    (told,) = left("latency: {histogram: h, below: 200ms}", *BUCKETS)
    assert told.partition("got:")[2].strip() in ("nil", "", "[]")


def test_a_budget_ends_when_its_burn_says() -> None:
    """Half left of a period of 100 s, burning twice as fast as evenly: 25 s."""
    budget = Budget(allowed=0.01, spent=0.005, burn=2, period=100, at=1000)
    assert budget.remaining == pytest.approx(0.5)
    assert budget.exhausted_at() == pytest.approx(1025)


def test_a_budget_that_is_spent_has_ended() -> None:
    """And one that does not burn never ends."""
    assert Budget(0.01, 0.02, 1, 100, 7).exhausted_at() == 7
    assert Budget(0.01, 0.0, 0, 100, 7).exhausted_at() is None


def test_the_history_of_a_budget_follows_its_period() -> None:
    """Points before the period do not count; gaps are left out."""
    points = [(0.0, 1.0), (10.0, 0.0), (20.0, float("nan")), (30.0, 0.01)]
    assert history(points, 0.01, 10) == [(10.0, 1.0), (30.0, pytest.approx(0.5))]
