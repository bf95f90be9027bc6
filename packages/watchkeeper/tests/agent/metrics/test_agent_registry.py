"""The registry: names, collisions, refreshers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper import BadAmount, DuplicateName, InvalidName, Registry


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "é", "a\n", "a.b"])
def test_a_metric_name_outside_the_grammar_is_an_error(name: str) -> None:
    with pytest.raises(InvalidName):
        Registry().gauge(name, "")


@given(st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]*", fullmatch=True))
def test_every_name_of_the_grammar_is_taken(name: str) -> None:
    assert Registry().gauge(name, "").value() == 0


@pytest.mark.parametrize("label", ["", "1a", "a-b", "__a", "a:b", "é", "a\n"])
def test_a_label_name_outside_the_grammar_is_an_error(label: str) -> None:
    with pytest.raises(InvalidName):
        Registry().gauge("a", "", (label,))


def test_reserved_repeated_and_single_text_labels_are_errors() -> None:
    with pytest.raises(InvalidName, match="reserved"):
        Registry().histogram("a", "", ("le",))
    with pytest.raises(InvalidName, match="repeat"):
        Registry().gauge("a", "", ("x", "x"))
    with pytest.raises(InvalidName, match="give a sequence"):
        Registry().gauge("a", "", "stage")


@pytest.mark.parametrize(("name", "head"), [("a", "a_total "), ("a_total", "a_total ")])
def test_a_counters_sample_ends_in_total_once(name: str, head: str) -> None:
    assert Registry().counter(name, "").head == head


def test_a_unit_is_the_end_of_the_name() -> None:
    registry = Registry()
    assert registry.gauge("size", "", unit="bytes").head == "size_bytes "
    assert registry.counter("wait_seconds_total", "", unit="seconds").head == "wait_seconds_total "


def test_names_that_would_collide_in_the_exposition_are_errors() -> None:
    registry = Registry()
    registry.histogram("latency", "")
    registry.counter("frames", "")
    for name in ("latency", "latency_bucket", "latency_sum", "latency_count", "frames_total", "frames"):
        with pytest.raises(DuplicateName, match=name):
            registry.gauge(name, "")
    registry.gauge("latency_max", "")


@pytest.mark.parametrize("buckets", [(), (1, 1), (2, 1), (math.nan,), (math.inf,), (1, math.inf, 2)])
def test_buckets_must_ascend(buckets: tuple[float, ...]) -> None:
    with pytest.raises(BadAmount):
        Registry().histogram("a", "", buckets=buckets)


def test_an_infinite_last_bucket_is_the_one_that_is_added_anyway() -> None:
    assert Registry().histogram("a", "", buckets=(1, math.inf)).bounds() == (1.0,)


def test_a_refresher_that_fails_stops_no_other() -> None:
    registry, calls = Registry(), []
    registry.refresh_with(lambda: 1 / 0)
    registry.refresh_with(lambda: calls.append("second"))
    errors = registry.refresh()
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert calls == ["second"]


def test_cap_and_idle_time_are_the_registrys_unless_a_family_has_its_own() -> None:
    registry = Registry(cap=5, idle=60)
    inherited = registry.counter("a", "", ("x",))
    own = registry.counter("b", "", ("x",), cap=2, idle=1)
    assert (inherited.cap, inherited.idle, own.cap, own.idle) == (5, 60, 2, 1)
