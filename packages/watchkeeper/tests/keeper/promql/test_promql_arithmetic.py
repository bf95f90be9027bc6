"""Numbers: the engine's arrays against plain definitions, one window at a time."""

import itertools
import math
import random
import re
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.keeper.promql import Engine
from watchkeeper.keeper.promql.durations import Duration, milliseconds_of
from watchkeeper.keeper.promql.labels import digest, of, xxh64
from watchkeeper.keeper.promql.quoting import decimal, general, quote, unquote
from watchkeeper.keeper.promql.regexes import compiled, expanded
from watchkeeper.keeper.promql.summation import closed, compensated, increment
from watchkeeper.keeper.promql.testing import MemoryStore

NAME = of({"__name__": "m_total"})
_VALUES = st.one_of(
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3)),
    st.sampled_from([0.0, 1.0, math.nan]),
)
_SERIES = st.dictionaries(st.integers(0, 60_000), _VALUES, min_size=1, max_size=25)
_FINITE = st.dictionaries(
    st.integers(0, 60_000),
    st.floats(0, 1e6, allow_nan=False).map(lambda v: round(v, 3)),
    min_size=2,
    max_size=25,
)
Window = list[tuple[int, float]]


def _answers(samples: dict[int, float], query: str) -> list[tuple[Window, float | None]]:
    """Return each step's window (20 s) and the engine's answer."""
    store = MemoryStore()
    store.add(NAME, samples.items())
    result = Engine().range(store, query, 0, 70_000, 7_000)
    found = (
        dict(zip(result.series[0].times.tolist(), result.series[0].values.tolist(), strict=True))
        if (result.series)
        else {}
    )
    return [
        ([(t, samples[t]) for t in sorted(samples) if end - 20_000 < t <= end], found.get(end))
        for end in range(0, 70_001, 7_000)
    ]


def _same(one: float | None, two: float | None) -> bool:
    if one is None or two is None:
        return one is two
    return (math.isnan(one) and math.isnan(two)) or math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-9)


def _median(values: list[float]) -> float:
    ordered = sorted(values, key=lambda value: (not math.isnan(value), value))
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


@given(_SERIES)
@settings(deadline=None)
def test_median_deviation(samples: dict[int, float]) -> None:
    """mad_over_time is the median of the distances to the median; NaN counts as the smallest number."""
    for window, answer in _answers(samples, "mad_over_time(m_total[20s])"):
        values = [value for _, value in window]
        expected = _median([abs(value - _median(values)) for value in values]) if values else None
        assert _same(answer, expected)


@given(_SERIES)
@settings(deadline=None)
def test_times_of_extremes(samples: dict[int, float]) -> None:
    """ts_of_max and ts_of_min name the last sample that is extreme; NaN never beats a number."""
    for name, sign in (("max", 1), ("min", -1)):
        for window, answer in _answers(samples, f"ts_of_{name}_over_time(m_total[20s])"):
            numbers = [(sign * value, t) for t, value in window if not math.isnan(value)]
            expected = max(numbers)[1] if numbers else window[-1][0] if window else None
            assert _same(answer, None if expected is None else expected / 1000)


@given(_FINITE)
@settings(deadline=None)
def test_sums_means_and_variances(samples: dict[int, float]) -> None:
    """Sums and means are exact to rounding, variances those of the population."""
    for window, answer in _answers(samples, "sum_over_time(m_total[20s])"):
        expected = float(sum(Fraction(value) for _, value in window)) if window else None
        assert answer == expected
    for window, answer in _answers(samples, "stdvar_over_time(m_total[20s])"):
        values = [value for _, value in window]
        expected = statistics.pvariance(values) if values else None
        assert answer is expected or math.isclose(answer or 0, expected or 0, rel_tol=1e-9, abs_tol=1e-6)


def _increase(window: Window, start: int, end: int) -> float | None:
    """Restate the documentation of increase() for one window."""
    if len(window) < 2:
        return None
    growth = window[-1][1] - window[0][1]
    for (_, before), (_, after) in itertools.pairwise(window):
        growth += before if after < before else 0
    length = (window[-1][0] - window[0][0]) / 1000
    average = length / (len(window) - 1)
    to_start, to_end = (window[0][0] - start) / 1000, (end - window[-1][0]) / 1000
    to_start = average / 2 if to_start >= average * 1.1 else to_start
    if growth > 0:
        to_start = min(to_start, length * window[0][1] / growth)
    to_end = average / 2 if to_end >= average * 1.1 else to_end
    return growth * (length + to_start + to_end) / length


@given(_FINITE)
@settings(deadline=None)
def test_increase(samples: dict[int, float]) -> None:
    """increase() makes falls good and stretches to the window's bounds, never below zero."""
    answers = _answers(samples, "increase(m_total[20s])")
    for step, (window, answer) in enumerate(answers):
        assert _same(answer, _increase(window, step * 7_000 - 20_000, step * 7_000))


@given(_FINITE, st.sampled_from([0.1, 0.5, 0.9]), st.sampled_from([0.2, 0.7]))
@settings(deadline=None)
def test_double_exponential_smoothing(samples: dict[int, float], factor: float, trend: float) -> None:
    """Smoothing follows Holt's two equations, starting from the first two samples."""
    for window, answer in _answers(samples, f"double_exponential_smoothing(m_total[20s], {factor}, {trend})"):
        values = [value for _, value in window]
        if len(values) < 2:
            assert answer is None
            continue
        level, slope = values[0], values[1] - values[0]
        for value in values[1:]:
            before = level
            level = factor * value + (1 - factor) * (level + slope)
            slope = trend * (level - before) + (1 - trend) * slope
        assert _same(answer, level)


@given(_FINITE)
@settings(deadline=None)
def test_anchored_increase(samples: dict[int, float]) -> None:
    """An anchored increase is the sum of all rises since the last sample at or before the start."""
    ordered = sorted(samples.items())
    for step, (_, answer) in enumerate(_answers(samples, "increase(m_total[20s] anchored)")):
        end, start = step * 7_000, step * 7_000 - 20_000
        before = [sample for sample in ordered if sample[0] <= start][-1:]
        window = [*before, *(sample for sample in ordered if start < sample[0] <= end)]
        if not window or window[-1][0] <= start:
            assert answer is None
            continue
        rises = [b - a if b >= a else b for (_, a), (_, b) in itertools.pairwise(window)]
        assert _same(answer, sum(rises))


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"", 0xEF46DB3751D8E999),
        (b"a", 0xD24EC4F1A98C6E5B),
        (b"abc", 0x44BC2CF5AD770999),
        (b"Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1),
    ],
)
def test_xxh64(data: bytes, value: int) -> None:
    """The hash has its published values."""
    assert xxh64(data) == value


def test_series_spread_evenly_over_ratios() -> None:
    """The hash of label sets puts about as many series on each side of a ratio."""
    offsets = [digest(of({"__name__": "m", "n": str(n)})) / 2**64 for n in range(2000)]
    assert 0.45 < sum(offset < 0.5 for offset in offsets) / 2000 < 0.55


@given(st.floats())
def test_numbers_are_rendered_exactly(value: float) -> None:
    """Both notations read back as the same float."""
    for text in (decimal(value), general(value)):
        again = float(text)
        assert again == value or (math.isnan(again) and math.isnan(value))


GENERAL = {
    100_000.0: "100000", 1_234_567.0: "1.234567e+06", 123_456_789_012.0: "1.23456789012e+11",
    1e20: "1e+20", 1e21: "1e+21", 0.0001: "0.0001", 0.00001: "1e-05", -2.5e6: "-2.5e+06",
}  # fmt: skip


@pytest.mark.parametrize(("value", "text"), GENERAL.items())
def test_the_general_notation_is_gos(value: float, text: str) -> None:
    """As promtool 2.42 writes {{ $value }}; what we federate looks like what Prometheus federates."""
    assert general(value) == text


@given(st.text())
def test_quoted_text_means_itself(text: str) -> None:
    """Quoting and reading back changes nothing."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert unquote(quote(text)) == text


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("a.c", ["abc", "a\nc"], ["ac", "xabc", "abcx"]),
        ("(?i)abc", ["ABC"], ["ABCD"]),
        ("x((?i)y|z)w", ["xYw", "xZw", "xzw"], ["Xyw", "xyW"]),
        ("(?i:a)b", ["Ab"], ["AB"]),
        ("[[:alpha:]]+", ["abC"], ["a1"]),
        (r"\d+", ["12"], ["١"]),
        (r"\Qa.b\E+", ["a.b", "a.bb"], ["axb"]),
        ("(?P<n>a)|(?<m>b)", ["a", "b"], ["c"]),
        (r"[\w.]+", ["a_1."], ["a-"]),
        ("", [""], ["a"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("a{,3}", ["a{,3}"], ["aa"]),
        ("a{2,3}?b", ["aab"], ["ab"]),
        ("[a-z&&b]", ["&", "q"], ["A"]),
        (r"[^\W]+", ["a_1"], ["é"]),
        (r"[\D]", ["é"], ["1"]),
    ],
)
def test_patterns_mean_what_re2_means(pattern: str, hits: list[str], misses: list[str]) -> None:
    """Patterns are anchored, the dot takes newlines, flags hold to the end of their group."""
    for text in hits:
        assert compiled(pattern).fullmatch(text), text
    for text in misses:
        assert not compiled(pattern).fullmatch(text), text


@pytest.mark.parametrize(
    "pattern", ["a++", "(?=a)a", "(?#c)a", "(?<!a)b", r"\C", "a{1001}", r"(a)\1", "(a", "a)", "[a"]
)
def test_patterns_that_re2_refuses_are_refused(pattern: str) -> None:
    """What Python would take but RE2 does not is an error."""
    with pytest.raises(re.error):
        compiled(pattern)


def test_templates_take_groups() -> None:
    """$1, ${1}, ${name} and $$ are filled; a longer name than any group is empty."""
    match = compiled("(.)(?P<rest>.*)").fullmatch("abc")
    assert match is not None
    assert expanded(match, "$1-${rest}-$$-${1}x-$1x-$9") == "a-bc-$-ax--"


def test_calendar_functions() -> None:
    """Parts of dates are right in leap years, before 1970 and at the year's ends."""
    store, engine = MemoryStore(), Engine()
    for text, parts in {
        "2024-02-29T23:59:59": (29, 29, 4, 60, 2, 2024),
        "1969-12-31T00:00:00": (31, 31, 3, 365, 12, 1969),
        "2023-01-01T12:00:00": (1, 31, 0, 1, 1, 2023),
    }.items():
        seconds = int(np.datetime64(text).astype("datetime64[s]").astype(np.int64))
        names = ("day_of_month", "days_in_month", "day_of_week", "day_of_year", "month", "year")
        found = tuple(
            engine.instant(store, f"{name}(vector({seconds}))", 0).samples[0].value for name in names
        )
        assert found == parts


@given(st.floats(-1e6, 1e6), st.integers(1, 9))
@settings(deadline=None)
def test_equal_values_do_not_vary_at_all(value: float, count: int) -> None:
    """Not even by rounding: the variance of a constant is zero to the last bit."""
    for window, answer in _answers(
        {1000 * at: value for at in range(count)}, "stdvar_over_time(m_total[20s])"
    ):
        assert answer == (0.0 if window else None)


@given(st.integers(1, 10**11))
def test_a_range_keeps_every_millisecond(length: int) -> None:
    """A length written in milliseconds is that many milliseconds, whatever it is as a binary fraction."""
    duration = Duration("number", length / 1000)
    assert milliseconds_of(duration, step=0, span=0, negative=False) == length


_MAGNITUDES = st.sampled_from([2.258e220, 1.78264e219, 2.3757689e217, 458.90154, 0.76342771])


@given(st.lists(_MAGNITUDES, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_a_sum_does_not_depend_on_how_its_windows_are_walked(
    terms: list[float], order: random.Random
) -> None:
    """Few long windows are summed whole and many short ones term by term; cancelling terms give the same."""
    values = [*terms, *(-term for term in terms), 7.69805412]
    order.shuffle(values)
    total, lost = np.zeros(1), np.zeros(1)
    for value in values:
        total, lost = increment(np.array([value]), total, lost)
    assert compensated(np.array(values)) == pytest.approx(closed(total, lost)[0], rel=1e-15)
