"""What targets say is read exactly, or refused with the line; the official parsers are the judges."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as judge_openmetrics
from prometheus_client.parser import text_string_to_metric_families as judge_text

from watchkeeper.keeper.scrape import ExpositionError
from watchkeeper.keeper.scrape.exposition import (
    Exemplar,
    OpenMetricsParser,
    Page,
    Parser,
    TextParser,
    parse_key,
)

Told = list[tuple[str, frozenset[tuple[str, str]], int, int | None]]

names = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,6}", fullmatch=True)
label_names = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,4}", fullmatch=True)
label_values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=8)
labels = st.dictionaries(label_names, label_values, max_size=3)
floats = st.one_of(st.floats(), st.integers(-(10**20), 10**20).map(float))
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10).map(str.strip)


def bits(value: float) -> int:
    return 0 if math.isnan(value) else struct.unpack("<q", struct.pack("<d", value))[0]


def told(page: Page) -> Told:
    keys = [parse_key(key) for key in page.keys]
    return [
        (key.name, frozenset(key.labels), bits(value), page.times.get(place))
        for place, (key, value) in enumerate(zip(keys, page.values, strict=True))
    ]


def judged(families: object, per_second: int) -> Told:
    return [
        (
            sample.name,
            frozenset(sample.labels.items()),
            bits(sample.value),
            None if sample.timestamp is None else round(float(sample.timestamp) * per_second),
        )
        for family in families  # type: ignore[attr-defined]
        for sample in family.samples
    ]


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def number(value: float) -> str:
    return "+Inf" if value == math.inf else "-Inf" if value == -math.inf else repr(value)


def series(name: str, pairs: dict[str, str]) -> str:
    inside = ",".join(f'{label}="{escaped(value)}"' for label, value in pairs.items())
    return f"{name}{{{inside}}}" if pairs else name


@st.composite
def text_pages(draw: st.DrawFn) -> str:
    lines = []
    for name in draw(st.lists(names, unique=True, max_size=4)):
        if draw(st.booleans()):
            lines.append(f"# HELP {name} {escaped(draw(texts))}")
        if draw(st.booleans()):
            lines.append(f"# TYPE {name} {draw(st.sampled_from(['gauge', 'untyped']))}")
        for pairs in draw(st.lists(labels, max_size=4, unique_by=lambda pairs: frozenset(pairs.items()))):
            time = draw(st.one_of(st.just(""), st.integers(0, 2**41).map(lambda ms: f" {ms}")))
            lines.append(f"{series(name, pairs)} {number(draw(floats))}{time}")
    return "".join(line + "\n" for line in lines)


@st.composite
def openmetrics_pages(draw: st.DrawFn) -> str:
    lines = []
    for place in range(draw(st.integers(0, 4))):
        name, kind = f"m{place}{draw(names)}", draw(st.sampled_from(["gauge", "counter", "unknown"]))
        lines.append(f"# TYPE {name} {kind}")
        if draw(st.booleans()):
            lines.append(f"# HELP {name} {escaped(draw(texts))}")
        suffix = "_total" if kind == "counter" else ""
        for pairs in draw(st.lists(labels, max_size=4, unique_by=lambda pairs: frozenset(pairs.items()))):
            value = abs(draw(st.floats(allow_nan=False))) if kind == "counter" else draw(floats)
            lines.append(f"{series(name + suffix, pairs)} {number(value)}")
    return "".join(line + "\n" for line in [*lines, "# EOF"])


@given(text_pages())
def test_text_is_read_as_the_official_parser_reads_it(text: str) -> None:
    """Once the strict way, once the fast way; samples without order, as the judge regroups them."""
    parser = TextParser()
    expected = sorted(judged(judge_text(text), 1000), key=repr)
    assert sorted(told(parser.parse(text)), key=repr) == expected
    assert sorted(told(parser.parse(text)), key=repr) == expected


@given(openmetrics_pages())
def test_openmetrics_is_read_as_the_official_parser_reads_it(text: str) -> None:
    parser = OpenMetricsParser()
    expected = judged(judge_openmetrics(text), 1000)
    assert told(parser.parse(text)) == expected
    assert told(parser.parse(text)) == expected


@pytest.mark.parametrize("make", [TextParser, OpenMetricsParser])
@given(garbage=st.text(st.sampled_from(list('ab_1.{}="\\,# \n\t+eEINFinfTYPEHLOUx_0')), max_size=60))
@settings(max_examples=200)
def test_garbage_is_refused_or_read_and_never_breaks_the_parser(
    make: Callable[[], Parser], garbage: str
) -> None:
    parser = make()
    for text in (garbage, garbage + "\n", garbage + "\n# EOF\n"):
        try:
            page = parser.parse(text)
        except ExpositionError:
            continue
        assert len(page.keys) == len(page.values)
        told(page)


@given(text_pages(), st.data())
def test_a_page_of_other_values_is_read_the_fast_way_as_a_new_parser_reads_it(
    text: str, data: st.DataObject
) -> None:
    """The memory of a parser never shows in what it returns."""
    remembering = TextParser()
    remembering.parse(text)
    lines = text.splitlines(keepends=True)
    for place, line in enumerate(lines):
        if not line.startswith("#") and data.draw(st.booleans()):
            lines[place] = f"{line.rpartition(' ')[0]} {data.draw(st.integers(0, 10**6))}\n"
    changed = "".join(lines)
    try:
        expected = told(TextParser().parse(changed))
    except ExpositionError:
        with pytest.raises(ExpositionError):
            remembering.parse(changed)
        return
    assert told(remembering.parse(changed)) == expected


def test_the_same_series_again_come_as_the_same_list() -> None:
    """This is how the next stages know that nothing but values changed."""
    parser = TextParser()
    first, second = parser.parse('a{b="c d"} 1\nb 2\n'), parser.parse('a{b="c d"} 3\nb 4\n')
    assert second.keys is first.keys
    assert second.values == [3.0, 4.0]


BROKEN_TEXT = {
    "cut off": "a 1\nb 2",
    "no value": "a\n",
    "word for a value": "a one\n",
    "underscore in a number": "a 1_000\n",
    "digits of another script": "a ١\n",
    "two values and more": "a 1 2 3\n",
    "time with a point": "a 1 2.5\n",
    "label without quotes": "a{b=c} 1\n",
    "open quotes": 'a{b="c} 1\n',
    "open brace": 'a{b="c" 1\n',
    "no comma": 'a{b="c"d="e"} 1\n',
    "label twice": 'a{b="c",b="d"} 1\n',
    "the name as a label": 'a{__name__="c"} 1\n',
    "no name": '{b="c"} 1\n',
    "name begins with a digit": "1a 1\n",
    "unknown type": "# TYPE a speed\n",
    "html": "<html><body>busy</body></html>\n",
    "value glued to the brace": 'a{b="c"}1x\n',
    "hex": "a 0x10\n",
}


@pytest.mark.parametrize("text", BROKEN_TEXT.values(), ids=BROKEN_TEXT)
def test_a_broken_text_page_is_refused_also_after_a_good_one(text: str) -> None:
    parser = TextParser()
    with pytest.raises(ExpositionError):
        parser.parse(text)
    parser.parse("a 1\nb 2\n")
    with pytest.raises(ExpositionError):
        parser.parse(text)


def test_the_error_names_the_line() -> None:
    with pytest.raises(ExpositionError, match=r"line 3: not a number: 'x'"):
        TextParser().parse("# a comment\na 1\nb x\n")


BROKEN_OPENMETRICS = {
    "no end": "a 1\n",
    "something behind the end": "a 1\n# EOF\nb 1\n",
    "empty line": "a 1\n\n# EOF\n",
    "two spaces": "a  1\n# EOF\n",
    "space at the end": "a 1 \n# EOF\n",
    "tab": "a\t1\n# EOF\n",
    "a comment": "# hello\n# EOF\n",
    "counter without _total": "# TYPE a counter\na 1\n# EOF\n",
    "interleaved": "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na 2\n# EOF\n",
    "type twice": "# TYPE a gauge\n# TYPE a gauge\na 1\n# EOF\n",
    "type after its samples": "a 1\n# TYPE a gauge\n# EOF\n",
    "untyped": "# TYPE a untyped\n# EOF\n",
    "unit that is no suffix": "# TYPE a gauge\n# UNIT a seconds\n# EOF\n",
    "exemplar on a gauge": '# TYPE a gauge\na 1 # {b="c"} 1\n# EOF\n',
    "exemplar without a value": '# TYPE a counter\na_total 1 # {b="c"}\n# EOF\n',
    "exemplar too long": '# TYPE a counter\na_total 1 # {b="' + "c" * 128 + '"} 1\n# EOF\n',
    "time that is none": "a 1 now\n# EOF\n",
}


@pytest.mark.parametrize("text", BROKEN_OPENMETRICS.values(), ids=BROKEN_OPENMETRICS)
def test_a_broken_openmetrics_page_is_refused(text: str) -> None:
    parser = OpenMetricsParser()
    for _ in range(2):
        with pytest.raises(ExpositionError):
            parser.parse(text)
        parser.parse("a 1\nb 2\n# EOF\n")


def test_exemplars_times_and_families_are_kept() -> None:
    text = (
        "# TYPE lat_seconds histogram\n# UNIT lat_seconds seconds\n"
        '# HELP lat_seconds How \\"long\\"\\nit took.\n'
        'lat_seconds_bucket{le="0.1"} 8 # {trace_id="KO # {x"} 0.067 1520879607.5\n'
        'lat_seconds_bucket{le="+Inf"} 9 1520879609.25\n'
        "lat_seconds_count 9\nlat_seconds_sum 1.5\n# EOF"
    )
    page = OpenMetricsParser().parse(text)
    assert page.exemplars == {0: Exemplar((("trace_id", "KO # {x"),), 0.067, 1520879607500)}
    assert page.times == {1: 1520879609250}
    assert page.families["lat_seconds"] == ("histogram", 'How "long"\nit took.', "seconds")


def test_names_beyond_ascii_are_read_quoted() -> None:
    page = TextParser().parse('{"größe.m",job="a","la bel"="b"} 1\n')
    assert parse_key(page.keys[0]) == ("größe.m", (("job", "a"), ("la bel", "b")))


def test_odd_blanks_of_the_text_format_are_read() -> None:
    page = TextParser().parse(' a { b = "c" , d="}" , }\t 1  1000 \n\n# any comment\n#HELP a x\nb +Inf\n')
    assert [parse_key(key) for key in page.keys] == [("a", (("b", "c"), ("d", "}"))), ("b", ())]
    assert (page.values, page.times) == ([1.0, math.inf], {0: 1000})


def test_a_bomb_of_quotes_costs_no_more_than_its_length() -> None:
    """Nested repetition in a pattern would take years on this line."""
    with pytest.raises(ExpositionError):
        TextParser().parse("a{" + '"' * 50_001 + " 1\n")
    with pytest.raises(ExpositionError):
        TextParser().parse('a{b="' + "\\" * 50_000 + " 1\n")
