"""What is written is what the official parsers read."""

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from watchkeeper import Registry
from watchkeeper.agent.metrics import exposition, readings

Read = Callable[[str], Iterable[Any]]


def text(registry: Registry) -> str:
    return "".join(exposition.text(registry.families()))


def openmetrics(registry: Registry) -> str:
    return "".join(exposition.openmetrics(registry.families())) + "# EOF\n"


def samples(families: Iterable[Any]) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples
    }


FORMATS = [
    pytest.param(text, read_text, id="text"),
    pytest.param(openmetrics, read_openmetrics, id="openmetrics"),
]
label_values = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r"))


@pytest.mark.parametrize(("write", "read"), FORMATS)
@given(value=st.floats(), label=label_values, help_text=label_values)
def test_any_value_label_and_help_comes_back(
    write: Callable[[Registry], str], read: Read, value: float, label: str, help_text: str
) -> None:
    registry = Registry()
    registry.gauge("size", help_text, ("path",)).labels(label).set(value)
    (family,) = read(write(registry))
    (sample,) = family.samples
    assert sample.labels == {"path": label}
    assert sample.value == value or (math.isnan(sample.value) and math.isnan(value))
    assert family.documentation.strip() == help_text.strip()


@pytest.mark.parametrize(("write", "read"), FORMATS)
@given(values=st.sets(st.text(st.characters(categories=("Cs", "Lu")), max_size=3), min_size=1, max_size=4))
def test_lone_surrogates_are_written_out_and_stay_apart(
    write: Callable[[Registry], str], read: Read, values: set[str]
) -> None:
    """File names and arguments that are no UTF-8 hold them; one must not cost the whole scrape."""
    registry = Registry()
    sizes = registry.gauge("size", "of \udc80", ("path",))
    for value in values:
        sizes.labels(value).set(1)
    (family,) = read(write(registry).encode().decode())
    assert len({sample.labels["path"] for sample in family.samples}) == len(values)


@pytest.mark.parametrize(("write", "read"), FORMATS)
@given(observed=st.lists(st.floats(0, 20), max_size=20))
def test_histograms_come_back_bucket_by_bucket(
    write: Callable[[Registry], str], read: Read, observed: list[float]
) -> None:
    registry = Registry()
    latency = registry.histogram(
        "latency_seconds", "Latency.", ("stage",), buckets=(0.1, 1, 10), unit="seconds"
    )
    latency.labels("idle")
    parse = latency.labels("parse")
    for value in observed:
        parse.observe(value)
    (family,) = read(write(registry))
    found = samples([family])
    for bound, edge in ((0.1, "0.1"), (1, "1.0"), (10, "10.0"), (math.inf, "+Inf")):
        key = ("latency_seconds_bucket", frozenset({("stage", "parse"), ("le", edge)}))
        assert found[key] == sum(value <= bound for value in observed)
    assert found["latency_seconds_count", frozenset({("stage", "parse")})] == len(observed)
    assert found["latency_seconds_sum", frozenset({("stage", "parse")})] == pytest.approx(sum(observed))


@pytest.mark.parametrize(("write", "read"), FORMATS)
def test_types_and_totals_come_back(write: Callable[[Registry], str], read: Read) -> None:
    registry = Registry()
    registry.counter("frames_total", "Frames.").inc(2)
    registry.counter("calls", "Calls.", ("method",))
    registry.gauge("depth", "Depth.").set(-3)
    registry.histogram("wait", "Wait.").observe(0.2)
    families = list(read(write(registry)))
    assert [(family.name, family.type) for family in families] == [
        ("frames", "counter"),
        ("calls", "counter"),
        ("depth", "gauge"),
        ("wait", "histogram"),
    ]
    assert samples(families)["frames_total", frozenset()] == 2


def test_a_unit_is_told_in_openmetrics_alone() -> None:
    registry = Registry()
    registry.gauge("size", "Size.", unit="bytes")
    assert "# UNIT size_bytes bytes\n" in openmetrics(registry)
    assert "UNIT" not in text(registry)


def test_created_series_are_not_written() -> None:
    registry = Registry()
    registry.counter("frames", "").inc()
    registry.histogram("wait", "").observe(1)
    assert "_created" not in text(registry) + openmetrics(registry)


@pytest.mark.parametrize(("value", "written"), [(math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN")])
def test_numbers_beyond_the_reals_are_written_as_the_formats_want_them(value: float, written: str) -> None:
    """Also beside a number whose sum with them would hide them."""
    registry = Registry()
    family = registry.gauge("g", "", ("x",))
    family.labels("a").set(value)
    family.labels("b").set(1.5)
    assert text(registry).endswith(f'g{{x="a"}} {written}\ng{{x="b"}} 1.5\n')


def test_opposite_infinities_and_an_overflowing_sum_are_written_one_by_one() -> None:
    registry = Registry()
    family = registry.gauge("g", "", ("x",))
    for label, value in (("a", math.inf), ("b", -math.inf), ("c", 1.7e308), ("d", 1.7e308)):
        family.labels(label).set(value)
    assert set(samples(read_text(text(registry))).values()) == {math.inf, -math.inf, 1.7e308}


def test_slices_join_to_the_whole() -> None:
    """A family larger than several slices is complete, in order of creation."""
    registry = Registry(cap=10_000)
    family = registry.counter("c", "", ("n",))
    for number in range(2 * exposition.SLICE + 7):
        family.labels(str(number)).inc(number)
    pieces = list(exposition.text(registry.families()))
    assert len(pieces) == 4
    assert [value for _, value in samples(read_text("".join(pieces))).items()] == list(
        range(2 * exposition.SLICE + 7)
    )


def test_a_family_kept_out_of_the_text_is_in_openmetrics() -> None:
    registry = Registry()
    registry.gauge("memory_mb", "")
    registry.keep_out_of_text("memory_mb")
    assert "".join(exposition.text(registry.text_families())) == ""
    assert "memory_mb 0.0" in openmetrics(registry)


def test_json_tells_the_same_samples_as_the_text() -> None:
    registry = Registry()
    registry.counter("frames", "Frames.", ("kind",)).labels("a").inc(2)
    registry.gauge("g", "").set(math.nan)
    registry.histogram("wait", "", buckets=(1,)).observe(0.5)
    documents = json.loads(json.dumps(list(readings.documents(registry.families())), allow_nan=False))
    told = {
        (one["name"], frozenset(one["labels"].items())): float(one["value"])
        for family in documents
        for one in family["samples"]
    }
    written = samples(read_text(text(registry)))
    assert told.keys() == written.keys()
    assert math.isnan(told.pop(("g", frozenset())))
    written.pop(("g", frozenset()))
    assert told == written
