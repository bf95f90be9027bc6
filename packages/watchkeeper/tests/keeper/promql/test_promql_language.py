"""Newer parts of the language, in scripts whose answers are worked out by hand."""

import pytest

from watchkeeper.keeper.promql.testing import run_script


def passes(script: str) -> None:
    """Run a script, all of whose cases must pass."""
    outcomes = list(run_script(script))
    assert outcomes
    assert [outcome for outcome in outcomes if outcome.status != "passed"] == []


def test_durations_are_computed() -> None:
    """Arithmetic in brackets, and in parentheses after offset, gives the length."""
    passes("""
load 10s
  m 0+1x60

eval instant at 5m sum_over_time(m[2*10s])
  {} 59

eval instant at 5m sum_over_time(m[10s + 5s * 2])
  {} 59

eval instant at 5m sum_over_time(m[2^3 - 3 + 5])
  {} 30

eval instant at 5m m offset (1m / 2)
  m 27

eval instant at 5m m offset -(1m - 30s)
  m 33

eval instant at 5m m offset 100 + 2
  {} 22

eval range from 0 to 1m step 20s count_over_time(m[step()])
  {} 1 2 2 2

eval range from 0 to 1m step 20s count_over_time(m[max(step(), 30s)])
  {} 1 3 3 3

eval instant at 1m max_over_time(m[min(1h, 50s)] @ end())
  {} 6

eval range from 0 to 1m step 30s sum_over_time(m[range()] @ end())
  {} 21 21 21

eval instant at 5m count_over_time(m[5s - 10s])
  expect fail msg: duration must be greater than 0
""")


def test_missing_series_are_filled() -> None:
    """fill, fill_left and fill_right stand in for the absent side of a match, step by step."""
    passes("""
load 10s
  a{x="1"} 10 10
  a{x="2"} 20 _ _
  b{x="1"} 1 1
  b{x="3"} 3 3
  wide{x="1", y="p"} 5
  wide{x="9", y="q"} 6

eval instant at 0 a + b
  {x="1"} 11

eval instant at 0 a + fill(0) b
  {x="1"} 11
  {x="2"} 20
  {x="3"} 3

eval instant at 0 a - fill_left(100) b
  {x="1"} 9
  {x="3"} 97

eval instant at 0 a - fill_right(-1) b
  {x="1"} 9
  {x="2"} 21

eval instant at 0 a - fill_left(100) fill_right(1) b
  {x="1"} 9
  {x="2"} 19
  {x="3"} 97

eval instant at 0 a * on (x) fill_right(7) nothing
  {x="1"} 70
  {x="2"} 140

eval instant at 0 wide + on (x) group_left fill_right(1) b
  {x="1", y="p"} 6
  {x="9", y="q"} 7

eval instant at 0 b - on (x) group_right fill_right(1) wide
  {x="1", y="p"} -4
  {x="9", y="q"} -5

eval instant at 0 a > fill_right(15) b
  a{x="1"} 10
  a{x="2"} 20
""")


def test_anchored_windows_start_at_the_sample_before_them() -> None:
    """increase over an anchored window is the difference from the last sample at or before its start."""
    passes("""
load 15s
  c_total 1+1x8 0+1x4

eval instant at 1m increase(c_total[1m] anchored)
  {} 4

eval instant at 70s increase(c_total[40s] anchored)
  {} 2

eval instant at 70s rate(c_total[40s] anchored)
  {} 0.05

eval instant at 150s resets(c_total[1m] anchored)
  {} 1

eval instant at 130s changes(c_total[40s] anchored)
  {} 2

eval instant at 150s increase(c_total[1m] anchored)
  {} 3

eval instant at 1m sum_over_time(c_total[1m] anchored)
  expect fail regex: anchored modifier can only be used with: changes, delta, .* - not with sum_over_time
""")


def test_smoothed_values_lie_between_samples() -> None:
    """Smoothed windows and selectors interpolate at their bounds, and keep the last value at the end."""
    passes("""
load 15s
  g 0 15 30 60

eval instant at 20s g smoothed
  g 20

eval instant at 15s g smoothed
  g 15

eval instant at 50s g smoothed
  g 60

eval instant at 25s delta(g[15s] smoothed)
  {} 15

eval instant at 40s delta(g[10s] smoothed)
  {} 20

eval instant at 40s rate(g[10s] smoothed)
  {} 2

eval instant at 40s changes(g[10s] smoothed)
  expect fail msg: smoothed modifier can only be used with: delta, increase, rate - not with changes
""")


def test_samples_are_limited() -> None:
    """limitk keeps k series of each group; limit_ratio and its complement share all series out."""
    passes("""
load 1m
  m{n="1", g="a"} 1
  m{n="2", g="a"} 2
  m{n="3", g="a"} 3
  m{n="4", g="b"} 4
  m{n="5", g="b"} 5

eval instant at 0 count(limitk(2, m))
  {} 2

eval instant at 0 count by (g) (limitk by (g) (1, m))
  {g="a"} 1
  {g="b"} 1

eval instant at 0 count(limitk(100, m) and m)
  {} 5

eval instant at 0 limitk(0, m)

eval instant at 0 count(limit_ratio(0.3, m) or limit_ratio(-0.7, m))
  {} 5

eval instant at 0 limit_ratio(0.3, m) and limit_ratio(-0.7, m)

eval instant at 0 count(limit_ratio(1.5, m))
  expect warn msg: PromQL warning: ratio value should be between -1 and 1, got 1.5, capping to 1 (1:19)
  {} 5

eval instant at 0 count(limit_ratio(-2, m))
  expect warn msg: PromQL warning: ratio value should be between -1 and 1, got -2, capping to -1 (1:19)
  {} 5

eval instant at 0 limit_ratio(0, m)
""")


def test_info_adds_labels() -> None:
    """info() adds the labels of the target's info metric, of the newest sample where several stand."""
    passes("""
load 1m
  m{job="j", instance="i"} 1 2 3
  m{job="j", instance="other"} 4 5 6
  target_info{job="j", instance="i", version="1"} 1 stale _
  target_info{job="j", instance="i", version="2"} _ 1 1
  build_info{job="j", instance="i", build="x"} 1 1 1

eval range from 0 to 2m step 1m info(m)
  m{job="j", instance="i", version="1"} 1 _ _
  m{job="j", instance="i", version="2"} _ 2 3
  m{job="j", instance="other"} 4 5 6

eval instant at 0 info(m, {version=~".+"})
  m{job="j", instance="i", version="1"} 1

eval instant at 0 info(m, {__name__="build_info"})
  m{job="j", instance="i", build="x"} 1
  m{job="j", instance="other"} 4

eval instant at 0 info(m, {__name__=~".+_info", build="x"})
  m{job="j", instance="i", build="x"} 1

eval instant at 0 info(build_info, {__name__="build_info"})
  build_info{job="j", instance="i", build="x"} 1
""")


def test_times_and_extremes_of_windows() -> None:
    """ts_of_*, first, last and mad over time are those of the window's samples."""
    passes("""
load 10s
  m 4 9 NaN 1 9 1 5

eval instant at 1m first_over_time(m[50s])
  m NaN

eval instant at 1m last_over_time(m[50s])
  m 5

eval instant at 1m ts_of_first_over_time(m[50s])
  {} 20

eval instant at 1m ts_of_last_over_time(m[50s])
  {} 60

eval instant at 1m ts_of_max_over_time(m[2m])
  {} 40

eval instant at 1m ts_of_min_over_time(m[2m])
  {} 50

eval instant at 1m mad_over_time(m[40s])
  {} 2

eval instant at 1m max_of(1, time()) + min_of(2, 3)
  62
""")


def test_names_are_dropped_at_the_end() -> None:
    """With delayed removal a name can be grouped by and set, and unlike metrics pass through one function."""
    passes("""
load 1m
  a_total{x="1"} 0+60x5
  b_total{x="1"} 0+120x5

eval instant at 5m sum by (__name__) (rate({__name__=~".+_total"}[5m])) * 0
  expect fail msg: vector cannot contain metrics with the same labelset

eval instant at 5m rate({__name__=~".+_total"}[5m])
  expect fail msg: vector cannot contain metrics with the same labelset

eval instant at 5m label_replace(rate({__name__=~".+_total"}[5m]), "m", "$1", "__name__", "(.)_total")
  {x="1", m="a"} 1
  {x="1", m="b"} 2

eval instant at 5m label_replace(rate(a_total[5m]), "__name__", "rate_$1", "__name__", "(.*)")
  rate_a_total{x="1"} 1

eval instant at 5m max(rate({__name__=~".+_total"}[5m]))
  {} 2
""")


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("histogram_quantile(0.5, h)", "0.3"),
        ("histogram_quantile(0.1, h)", "0.05"),
        ("histogram_quantile(1, h)", "1"),
        ("histogram_quantile(0, h)", "0"),
        ("histogram_fraction(0, 0.1, h)", "0.2"),
        ("histogram_fraction(0.1, 0.5, h)", "0.6"),
        ("histogram_fraction(-Inf, 0.3, h)", "0.5"),
        ("histogram_fraction(0.5, 0.1, h)", "0"),
        ("histogram_fraction(0.5, +Inf, h)", "0.2"),
        ("histogram_fraction(NaN, 1, h)", "NaN"),
    ],
)
def test_classic_histograms(query: str, value: str) -> None:
    """Quantiles and fractions interpolate linearly inside buckets; zero bounds the lowest from below."""
    passes(f"""
load 1m
  h{{le="0.1"}} 20
  h{{le="0.5"}} 80
  h{{le="1"}} 100
  h{{le="+Inf"}} 100

eval instant at 0 {query}
  {{}} {value}
""")


def test_quantiles_of_histograms_with_faults() -> None:
    """Falling counts are raised and told; bad bounds are told; several quantiles become labels."""
    passes("""
load 1m
  h_bucket{le="0.1"} 10
  h_bucket{le="0.5"} 4
  h_bucket{le="+Inf"} 20
  odd_bucket{le="wrong"} 3
  flat_bucket{le="+Inf"} 3

eval instant at 0 histogram_quantile(0.5, h_bucket)
  expect info regex: .*fixed .* "h_bucket", from buckets 0.5 to 0.5, with a max diff of 6, over 1 .*
  {} 0.1

eval instant at 0 histogram_quantile(0.5, odd_bucket)
  expect warn regex: PromQL warning: bucket label "le" .* malformed value of "wrong" for .* "odd_bucket"

eval instant at 0 histogram_quantile(0.5, flat_bucket)
  {} NaN

eval instant at 0 histogram_quantile(7, flat_bucket)
  expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 7 (1:20)
  {} +Inf

eval instant at 0 histogram_quantiles(h_bucket{le!="0.5"}, "q", 0.25, 1)
  {q="0.25"} 0.05
  {q="1.0"} 0.1
""")


def test_sorting() -> None:
    """Labels sort in natural order; NaN comes last in both directions of values."""
    passes("""
load 1m
  m{n="v10"} 1
  m{n="v9"} NaN
  m{n="v1"} 3

eval instant at 0 sort_by_label(m, "n")
  expect ordered
  m{n="v1"} 3
  m{n="v9"} NaN
  m{n="v10"} 1

eval instant at 0 sort_by_label_desc(m, "n")
  expect ordered
  m{n="v10"} 1
  m{n="v9"} NaN
  m{n="v1"} 3

eval instant at 0 sort_desc(m)
  expect ordered
  m{n="v1"} 3
  m{n="v10"} 1
  m{n="v9"} NaN
""")


def test_sums_keep_small_terms() -> None:
    """Sums, means and deviations over time survive terms that cancel."""
    passes("""
load 10s
  m 1 1e100 1 -1e100
  big 1.7e308 1.7e308 1.7e308

eval instant at 30s sum_over_time(m[1m])
  {} 2

eval instant at 30s avg_over_time(m[1m])
  {} 0.5

eval instant at 30s avg_over_time(big[1m])
  {} 1.7e308

eval instant at 30s sum_over_time(big[1m])
  {} +Inf
""")


def test_types_and_units_go_with_the_name() -> None:
    """What changes the meaning of values drops __type__ and __unit__ with the name."""
    passes("""
load 1m
  m{__type__="gauge", __unit__="s", x="1"} 1

eval instant at 0 m
  m{__type__="gauge", __unit__="s", x="1"} 1

eval instant at 0 m * 2
  {x="1"} 2

eval instant at 0 abs(m)
  {x="1"} 1

eval instant at 0 m + ignoring (__type__) m
  {x="1"} 2
""")


def test_trims_mean_nothing_for_floats() -> None:
    """The operators that trim native histograms give no float, and say so."""
    passes("""
load 1m
  m 3

eval instant at 0 m </ 2
  expect info regex: PromQL info: incompatible sample types .* operator "</": float </ float \\(1:1\\)
""")


def test_utf8_names() -> None:
    """Any UTF-8 may name a metric and its labels, in quotes."""
    passes("""
load 1m
  {"a.metric", "my label"="x"} 4

eval instant at 0 {"a.metric"}
  {"a.metric", "my label"="x"} 4

eval instant at 0 sum by ("my label") ({"a.metric"})
  {"my label"="x"} 4
""")


def test_both_zeros_are_values_of_their_own() -> None:
    """count_values writes a value as it is; a series that has both zeros is counted under each."""
    passes("""
load 1m
  m 0 -0 0

eval range from 0 to 2m step 1m count_values("v", m)
  {v="0"} 1 _ 1
  {v="-0"} _ 1 _
""")


def test_an_infinite_bound_holds_for_nan_too() -> None:
    """No number passes an infinity, so NaN becomes it; between other bounds NaN stays."""
    passes("""
load 1m
  m{of="nan"} NaN
  m{of="inf"} Inf
  m{of="-inf"} -Inf
  m{of="one"} 1

eval instant at 0 clamp_min(m, Inf)
  {of="nan"} Inf
  {of="inf"} Inf
  {of="-inf"} Inf
  {of="one"} Inf

eval instant at 0 clamp_max(m, -Inf)
  {of="nan"} -Inf
  {of="inf"} -Inf
  {of="-inf"} -Inf
  {of="one"} -Inf

eval instant at 0 clamp(m, NaN, NaN)
  {of="nan"} NaN
  {of="inf"} NaN
  {of="-inf"} NaN
  {of="one"} NaN

eval instant at 0 clamp_min(m, NaN)
  {of="nan"} NaN
  {of="inf"} Inf
  {of="-inf"} NaN
  {of="one"} NaN

eval instant at 0 clamp(m, 0, 2)
  {of="nan"} NaN
  {of="inf"} 2
  {of="-inf"} 0
  {of="one"} 1
""")


def test_sorting_is_warned_of_where_there_is_more_than_one_time() -> None:
    """A range of one time can be sorted; one of several, and a subquery, cannot."""
    passes("""
load 1m
  m 1 2 3

eval range from 1m to 1m step 1m sort(m)
  expect no_warn
  m 2

eval range from 0 to 1m step 1m sort(m)
  expect warn
  m 1 2

eval instant at 1m max_over_time(sort(m)[2m:1m])
  expect warn
  {} 2
""")


def test_info_metrics_that_are_only_excluded_are_those_called_so() -> None:
    """An exclusion chooses among metrics named like info metrics; target_info is never enriched itself."""
    passes("""
load 1m
  m{job="a", instance="0"} 1
  other{job="a", instance="0", more="no"} 1
  target_info{job="a", instance="0", version="1"} 1
  build_info{job="a", instance="0", build="x"} 1

eval instant at 0 info(m, {__name__!="build_info"})
  m{job="a", instance="0", version="1"} 1

eval instant at 0 info({__name__=~"m|target_info"}, {version="1"})
  m{job="a", instance="0", version="1"} 1
  target_info{job="a", instance="0", version="1"} 1

eval instant at 0 info(target_info, {version="2"})
  target_info{job="a", instance="0", version="1"} 1
""")
