"""Times, durations, forms and selectors of the API."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.promql import Result, Sample
from watchkeeper.keeper.web.prometheus.envelope import BadData
from watchkeeper.keeper.web.prometheus.federation import exposition
from watchkeeper.keeper.web.prometheus.form import Form, selector_of
from watchkeeper.keeper.web.prometheus.moments import parse_duration, parse_time
from watchkeeper.keeper.web.prometheus.queries import spread, truncated


@given(st.integers(-(10**12), 10**13))
def test_a_time_in_seconds_is_read_to_the_millisecond(ms: int) -> None:
    """Every millisecond that is written as decimal seconds is read as itself."""
    sign = "-" if ms < 0 else ""
    assert parse_time(f"{sign}{abs(ms) // 1000}.{abs(ms) % 1000:03d}") == ms


@given(st.integers(10**5, 7 * 10**9), st.integers(0, 999), st.integers(-14 * 60, 14 * 60))
def test_a_date_is_the_same_moment_in_every_zone(seconds: int, ms: int, minutes: int) -> None:
    """RFC 3339 with any offset and a fraction of milliseconds."""
    local = datetime.fromtimestamp(seconds + minutes * 60, UTC)
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    assert parse_time(f"{local:%Y-%m-%dT%H:%M:%S}.{ms:03d}{zone}") == seconds * 1000 + ms


@pytest.mark.parametrize(
    "bad",
    ["", "x", "1 s", "NaN", "Inf", "1e30", "2023-02-30T00:00:00Z", "2023-01-01", "2023-01-01T00:00:00", "١"],
)
def test_other_times_are_refused(bad: str) -> None:
    """Not a number, out of bounds, no zone, no such day, digits of other scripts."""
    with pytest.raises(ValueError, match="valid timestamp"):
        parse_time(bad)


@pytest.mark.parametrize(
    ("text", "ms"),
    [("15", 15_000), ("0.5", 500), ("1m", 60_000), ("1h30m", 5_400_000), ("-5", -5_000), ("250ms", 250)],
)
def test_a_duration_is_seconds_or_units(text: str, ms: int) -> None:
    """Both forms of a step."""
    assert parse_duration(text) == ms


@pytest.mark.parametrize("bad", ["", "x", "1x", "NaN", "m1", "1m1h", "-5m"])
def test_other_durations_are_refused(bad: str) -> None:
    """Units out of order, signs before units, words."""
    with pytest.raises(ValueError, match="valid duration"):
        parse_duration(bad)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    """No text raises anything but ValueError."""
    for parse in (parse_time, parse_duration):
        try:
            parse(text)
        except ValueError:
            pass


def test_the_body_wins_over_the_query_string() -> None:
    """The first value counts; lists hold those of both."""
    form = Form([("query", "body"), ("match[]", "a"), ("query", "url"), ("match[]", "b")])
    assert form.text("query") == "body"
    assert form.texts("match[]") == ["a", "b"]
    assert form.text("absent") == ""


@pytest.mark.parametrize("bad", ["up offset 5m", "up[5m]", "up @ 5", "sum(up)", "1", "", "{}", "up{"])
def test_only_plain_selectors_select_series(bad: str) -> None:
    """Anything else in match[] is refused, naming the parameter."""
    with pytest.raises(BadData, match=r'invalid parameter "match\[\]"'):
        selector_of(bad)


def test_a_selector_is_ready_for_the_store() -> None:
    """Names become matchers, patterns those of the store."""
    found = selector_of('up{job=~"a.b",x!="1"}')
    assert {(one.name, one.op) for one in found} == {("__name__", "="), ("job", "=~"), ("x", "!=")}


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"end": "1", "step": "1"}, "start"),
        ({"start": "1", "step": "1"}, "end"),
        ({"start": "2", "end": "1", "step": "1"}, "end"),
        ({"start": "1", "end": "2"}, "step"),
        ({"start": "1", "end": "2", "step": "0"}, "step"),
    ],
)
def test_a_wrong_range_names_its_parameter(fields: dict[str, str], name: str) -> None:
    """Missing, reversed, without a step."""
    with pytest.raises(BadData, match=f'invalid parameter "{name}"'):
        spread(Form(list(fields.items())))


def test_a_limit_cuts_and_says_so() -> None:
    """Fewer series stay as they are; more are cut with a warning."""
    result = Result("vector", 0, [Sample((("n", str(n)),), 0, 1.0) for n in range(3)])
    assert truncated(result, 0) is result and truncated(result, 3) is result
    cut = truncated(result, 2)
    assert (len(cut.samples), cut.warnings) == (2, ["results truncated due to limit"])


def test_an_exposition_groups_by_name_and_escapes() -> None:
    """One TYPE line per metric, its series together, external labels where a series has none."""
    samples = {
        (("B", "1"), ("__name__", "b")): (5, 2.0),
        (("__name__", "a"), ("x", 'q"\\\n')): (7, float("inf")),
        (("__name__", "b"), ("site", "own")): (6, 0.5),
    }
    assert exposition(samples, {"site": "here"}) == (
        '# TYPE a untyped\na{instance="",site="here",x="q\\"\\\\\\n"} +Inf 7\n'
        '# TYPE b untyped\nb{B="1",instance="",site="here"} 2 5\nb{instance="",site="own"} 0.5 6\n'
    )


def test_names_that_the_text_format_cannot_hold_are_written_with_underscores() -> None:
    """One such name must not break the page for its reader; metrics of one written name stand together."""
    samples = {
        (("1é", "v"), ("__name__", "a.b"), ("l:x", "é")): (5, 1.0),
        (("__name__", "a_a"),): (5, 2.0),
        (("__name__", "a_b"),): (5, 3.0),
        (("__name__", "2:ok"), ("a.b", "lost"), ("a_b", "kept")): (5, 4.0),
    }
    assert exposition(samples, {}) == (
        '# TYPE _:ok untyped\n_:ok{a_b="kept",instance=""} 4 5\n'
        '# TYPE a_a untyped\na_a{instance=""} 2 5\n'
        '# TYPE a_b untyped\na_b{__="v",instance="",l_x="é"} 1 5\na_b{instance=""} 3 5\n'
    )
