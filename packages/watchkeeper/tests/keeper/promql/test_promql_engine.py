"""Limits, times and forms of results."""

import json
import math

import numpy as np
import pytest

from watchkeeper.keeper.promql import (
    BadRange,
    Engine,
    EvaluationError,
    Limits,
    Options,
    QueryTimeout,
    Result,
    Sample,
    TooManyQueries,
    TooManySamples,
    parse,
    to_json,
)
from watchkeeper.keeper.promql.labels import of
from watchkeeper.keeper.promql.testing import MemoryStore

MINUTE = 60_000


@pytest.fixture
def store() -> MemoryStore:
    memory = MemoryStore()
    for n in range(10):
        labels = of({"__name__": "m", "n": str(n)})
        memory.add(labels, [(t * 1000, float(n + t)) for t in range(0, 600, 10)])
    return memory


def test_samples_are_limited(store: MemoryStore) -> None:
    """A query that reads or makes more samples than allowed ends with the known text."""
    engine = Engine(Limits(samples=100))
    assert len(engine.instant(store, "m", 0).samples) == 10
    for query in ("sum_over_time(m[10m])", "m[10m]", "vector(1)[10m:1s]"):
        with pytest.raises(
            TooManySamples, match="would load too many samples into memory in query execution"
        ):
            engine.instant(store, query, 10 * MINUTE)
    with pytest.raises(TooManySamples):
        engine.range(store, "m", 0, 10 * MINUTE, 10_000)


def test_a_subquery_of_countless_steps_is_refused_before_it_is_made(store: MemoryStore) -> None:
    """A year of milliseconds costs no memory."""
    with pytest.raises(TooManySamples):
        Engine().instant(store, "max_over_time(vector(1)[1y:1ms])", 0)


def test_values_become_no_more_series_than_the_limit_holds() -> None:
    """count_values over ever new values ends at the limit of points."""
    memory = MemoryStore()
    memory.add(of({"__name__": "m"}), [(t * 1000, float(t)) for t in range(600)])
    assert len(Engine().range(memory, "count_values('v', m)", 0, 99_000, 1000).series) == 100
    with pytest.raises(TooManySamples):
        Engine(Limits(samples=5000)).range(memory, "count_values('v', m)", 0, 99_000, 1000)


def test_time_is_limited(store: MemoryStore) -> None:
    """A query whose time is over ends with the known text."""
    with pytest.raises(QueryTimeout, match="query timed out in expression evaluation"):
        Engine().instant(store, "sum(m)", 0, expired=lambda: True)
    asked: list[None] = []

    def expired() -> bool:
        asked.append(None)
        return len(asked) > 4

    with pytest.raises(QueryTimeout):
        Engine().range(store, "m + m + m + m + m", 0, MINUTE, MINUTE, expired=expired)


def test_concurrent_queries_are_limited() -> None:
    """A query that starts while the permitted number runs is refused; the next one is not."""
    engine = Engine(Limits(queries=1))

    class Nested(MemoryStore):
        def select(self, *arguments: object) -> list[object]:  # type: ignore[override]
            with pytest.raises(TooManyQueries):
                engine.instant(MemoryStore(), "m", 0)
            return []

    for _ in range(2):
        assert engine.instant(Nested(), "m", 0).samples == []


def test_steps_are_limited(store: MemoryStore) -> None:
    """Too many points, no step and a reversed range are refused in Prometheus' words."""
    with pytest.raises(BadRange, match="exceeded maximum resolution of 11,000 points per timeseries"):
        Engine().range(store, "m", 0, 11_000 * 1000, 1000)
    with pytest.raises(BadRange, match="zero or negative query resolution step"):
        Engine().range(store, "m", 0, 10, 0)
    with pytest.raises(BadRange, match="end timestamp must not be before start time"):
        Engine().range(store, "m", 10, 0, 1)
    with pytest.raises(BadRange, match="invalid expression type"):
        Engine().range(store, "m[5m]", 0, 10, 1)


def test_long_sums_are_evaluated_or_refused(store: MemoryStore) -> None:
    """A chain of operators is an answer, or an error that names the depth."""
    assert Engine().instant(store, " + ".join(["1"] * 100), 0).samples[0].value == 100
    with pytest.raises(Exception, match="nested too deeply"):
        Engine().instant(store, " + ".join(["1"] * 5000), 0)


def test_the_lookback_is_open_on_the_left(store: MemoryStore) -> None:
    """A sample exactly as old as the lookback is gone; windows leave out their start, not their end."""
    last = 590_000
    engine = Engine(options=Options(lookback_ms=5 * MINUTE))
    assert len(engine.instant(store, "m", last + 5 * MINUTE - 1).samples) == 10
    assert engine.instant(store, "m", last + 5 * MINUTE).samples == []
    assert len(engine.instant(store, "m", last + 5 * MINUTE, lookback_ms=10 * MINUTE).samples) == 10
    counted = engine.instant(store, "count_over_time(m{n='0'}[20s])", 20_000)
    assert counted.samples[0].value == 2


def test_names_are_dropped_at_once_by_default(store: MemoryStore) -> None:
    """Without delayed removal, a name is gone for the next operation."""
    result = Engine().instant(store, "sum by (__name__) (abs(m{n='0'}))", 0)
    assert result.samples[0].labels == ()


def test_infos_stand_beside_the_result(store: MemoryStore) -> None:
    """A rate of something that looks like no counter is answered with an info and its place."""
    result = Engine().instant(store, "sum(\n  rate(m[1m]))", 2 * MINUTE)
    assert result.infos == [
        "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "
        '"m" (2:8)'
    ]
    typed = Engine(options=Options(typed_labels=True)).instant(store, "rate(m[1m])", 2 * MINUTE)
    assert typed.infos == [
        'PromQL info: metric might not be a counter, __type__ label is not set to "counter" or "histogram", '
        'got "": "m" (1:6)'
    ]


def test_json_is_the_api_s() -> None:
    """Numbers and times are rendered as Prometheus renders them."""
    values = [1.0, 0.1, 1e20, 1e21, 1e-6, 1e-7, math.inf, -math.inf, math.nan, -0.0, 1 / 3, 123456789012.5]
    texts = ["1", "0.1", "100000000000000000000", "1e+21", "0.000001", "1e-07", "+Inf", "-Inf", "NaN", "-0"]
    texts += ["0.3333333333333333", "123456789012.5"]
    for value, text in zip(values, texts, strict=True):
        result = Result("vector", 1500, [Sample(of({"a": 'é"'}), 1500, value)])
        assert json.loads(to_json(result)) == {
            "resultType": "vector",
            "result": [{"metric": {"a": 'é"'}, "value": [1.5, text]}],
        }


def test_json_of_a_matrix_holds_every_point(store: MemoryStore) -> None:
    """Rows with and without gaps keep their times, whatever form their numbers need."""
    store.add(
        of({"__name__": "w"}), [(0, 1.0), (MINUTE, math.nan), (9 * MINUTE, 1e-9), (9 * MINUTE + 1, 2.5)]
    )
    result = Engine(options=Options(lookback_ms=MINUTE)).range(store, "w or m{n='3'}", 0, 9 * MINUTE, MINUTE)
    data = json.loads(to_json(result))
    assert data["resultType"] == "matrix"
    rows = {row["metric"]["__name__"]: row["values"] for row in data["result"]}
    assert rows["w"] == [[0, "1"], [60, "NaN"], [540, "1e-09"]]
    assert rows["m"] == [[60 * t, str(3 + 60 * t)] for t in range(10)]


def test_other_results() -> None:
    """Scalars, strings and empty results have their forms."""
    engine, memory = Engine(), MemoryStore()
    assert to_json(engine.instant(memory, "1 + 1", 1000)) == b'{"resultType":"scalar","result":[1,"2"]}'
    assert to_json(engine.instant(memory, '"x"', 1)) == b'{"resultType":"string","result":[0.001,"x"]}'
    assert to_json(engine.instant(memory, "m", 0)) == b'{"resultType":"vector","result":[]}'
    assert to_json(engine.range(memory, "m", 0, 9, 1)) == b'{"resultType":"matrix","result":[]}'


def test_errors_of_matching_name_both_series(store: MemoryStore) -> None:
    """Duplicate series are an error that shows the match group and two examples."""
    with pytest.raises(EvaluationError) as refusal:
        Engine().instant(store, "vector(1) + on () m", 0)
    assert str(refusal.value) == (
        "found duplicate series for the match group {} on the right hand-side of the operation: "
        '[{__name__="m", n="0"}, {__name__="m", n="1"}];many-to-many matching not allowed: matching labels '
        "must be unique on one side"
    )
    with pytest.raises(EvaluationError, match="many-to-one matching must be explicit"):
        Engine().instant(store, "m + on () vector(1)", 0)
    with pytest.raises(EvaluationError, match="grouping labels must ensure unique matches"):
        Engine().instant(store, "m + on () group_left (n) label_replace(vector(1), 'n', 'x', '', '')", 0)


def test_the_engine_takes_a_tree(store: MemoryStore) -> None:
    """A parsed expression can be evaluated as well as its text."""
    from watchkeeper.keeper.promql import parse

    result = Engine().range(store, parse("sum(m)"), 0, 20_000, 10_000)
    assert result.series[0].values.tolist() == [45.0, 145.0, 245.0]
    assert result.series[0].times.dtype == np.int64


def test_a_parsed_query_is_annotated_with_its_text(store: MemoryStore) -> None:
    """The place of a warning is found in the text that the expression was read from."""
    text = "-quantile(7, m)"
    engine, told = Engine(), ["PromQL warning: quantile value should be between 0 and 1, got 7 (1:11)"]
    assert engine.instant(store, parse(text), 0, text=text).warnings == told
    assert engine.range(store, parse(text), 0, MINUTE, MINUTE, text=text).warnings == told


def test_the_end_of_a_query_may_lie_beyond_its_last_step(store: MemoryStore) -> None:
    """`@ end()`, `end()` and `range()` mean the end that was asked for, not the last step before it."""
    told = Engine().range(store, "m{n='0'} @ end() + 1000 * end() + 1e6 * range()", 0, 110_000, 100_000)
    assert told.series[0].values.tolist() == [110_110_110.0, 110_110_110.0]
