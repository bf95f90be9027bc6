"""Reading and writing expressions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.promql import ParseError, parse
from watchkeeper.keeper.promql.printer import render
from watchkeeper.keeper.promql.syntax import Binary, Call, Number, Selector, Span, Unary

READABLE = [
    "foo",
    'foo{a="b", c!="d", e=~"f.*", g!~"h|i"}',
    '{__name__=~"a.+"}',
    '{"a metric", "a label"="x"}',
    "sum by (a, b) (foo)",
    "sum without () (foo)",
    "topk(5, foo)",
    'count_values("v", foo)',
    "rate(foo[5m])",
    "rate(foo[5m] offset 1h)",
    "rate(foo[5m] @ 10 offset -1h)",
    "foo @ start()",
    "max_over_time(rate(foo[5m])[1h:1m] @ end())",
    "foo[1h:]",
    "foo[5m] anchored",
    "foo smoothed",
    "foo[step() + 2 * (5m - 3)]",
    "foo[max(5m, range())]",
    "foo offset (1m ^ 2)",
    "a + on (x) group_left (y) b",
    "a > bool ignoring (x) b",
    "a - fill_left (1) fill_right (2) b",
    "a and on () b or c unless d",
    "-a ^ 2",
    "2 ^ 3 ^ 2",
    "(1 + 2) * 3",
    "1h30m * 2",
    "-1",
    "1e20",
    '"text\\n"',
    "histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))",
    'label_replace(a, "b", "$1", "c", "(.*)")',
    'info(a, {b="c"})',
    "clamp(vector(time()), -Inf, +Inf)",
    "min + max + step",
]


@pytest.mark.parametrize("query", READABLE)
def test_what_is_written_reads_the_same(query: str) -> None:
    """A rendered expression parses to an expression that renders the same."""
    once = render(parse(query))
    assert render(parse(once)) == once


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("", "1:1: parse error: no expression found in input"),
        ("foo{", "1:5: parse error: unexpected end of input"),
        ("foo[5m", "1:7: parse error: unexpected end of input"),
        ("sum(", "1:5: parse error: unexpected end of input"),
        ("(foo", "1:5: parse error: unclosed left parenthesis"),
        ("foo)", "1:4: parse error: unexpected"),
        ("foo[0s]", "1:5: parse error: duration must be greater than 0"),
        ("foo offset 1m offset 2m", "1:1: parse error: offset may not be set multiple times"),
        ("foo @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"),
        ("(foo) offset 1m", "1:1: parse error: offset modifier must be preceded by"),
        ("foo offset 1m [5m]", "1:15: parse error: no offset modifiers allowed before range"),
        ("(foo)[5m]", "1:6: parse error: ranges only allowed for vector selectors"),
        ("foo[5m][5m]", "1:8: parse error: ranges only allowed for vector selectors"),
        ("foo[5m:1m] smoothed", "1:1: parse error: smoothed modifier is not supported for subqueries"),
        ("foo[5m] smoothed anchored", "anchored and smoothed modifiers cannot be used together"),
        (
            "rate(foo)",
            '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
        ),
        ("rate(foo[5m], 1)", '1:1: parse error: expected 1 argument(s) in call to "rate", got 2'),
        ("round()", 'expected at least 1 argument(s) in call to "round", got 0'),
        ("round(a, 1, 2)", 'expected at most 2 argument(s) in call to "round", got 3'),
        ("nothing(a)", '1:1: parse error: unknown function with name "nothing"'),
        ("sum(a,)", "trailing commas not allowed in function call args"),
        ("sum()", "no arguments for aggregate expression provided"),
        ("topk(a)", "wrong number of arguments for aggregate expression provided, expected 2, got 1"),
        ("sum(1)", "expected type instant vector in aggregation expression, got scalar"),
        ("1 == 1", "comparisons between scalars must use BOOL modifier"),
        ("on", "1:1: parse error: unexpected <on>"),
        ("a b", '1:3: parse error: unexpected identifier "b"'),
        ("a sum", "1:3: parse error: unexpected <aggr:sum>"),
        ("a + / b", "1:5: parse error: unexpected <op:/>"),
        ("a 'longer than ten'", '1:3: parse error: unexpected string "\'longer th"...'),
        ("a + bool b", "bool modifier can only be used on comparison operators"),
        ("a and 1", 'set operator "and" not allowed in binary scalar expression'),
        ("a and on (x) group_left b", 'no grouping allowed for "and" operation'),
        ("a + on (x) group_left (x) b", 'label "x" must not occur in ON and GROUP clause at once'),
        ("1 + on (x) a", "vector matching only allowed between instant vectors"),
        ("a + fill(1) 2", "filling in missing series only allowed between instant vectors"),
        ("a or fill(1) b", "filling in missing series not allowed for set operators"),
        ('a{b="c}', "unterminated quoted string"),
        ('a{b=~"("}', "error parsing regexp"),
        ('{a=""}', "vector selector must contain at least one non-empty matcher"),
        ('a{__name__="b"}', "metric name must not be set twice"),
        ("5mm", "bad number or duration syntax"),
        ("a\n  + $", "2:5: parse error: unexpected character: '$'"),
        ("info(a, b)", "expected label selectors only, got vector selector instead"),
        ("a[1m:1m:1m]", "1:8: parse error: unexpected"),
        ("foo[1m / 0]", "division by zero"),
    ],
)
def test_errors_name_place_and_reason(query: str, error: str) -> None:
    """What cannot be read is refused with line, column and the reason users know."""
    with pytest.raises(ParseError) as refusal:
        parse(query)
    assert error in str(refusal.value)


def test_operators_bind_as_documented() -> None:
    """Power binds tightest and to the right; a sign binds less than power, more than plus."""
    power = parse("2 ^ 3 ^ 2")
    assert isinstance(power, Binary) and isinstance(power.right, Binary)
    sign = parse("-a ^ 2")
    assert isinstance(sign, Unary)
    mixed = parse("a or b and c == d + e * f")
    assert isinstance(mixed, Binary) and mixed.op == "or"
    left = parse("1 - 2 - 3")
    assert isinstance(left, Binary) and isinstance(left.left, Binary)


def test_keywords_may_name_metrics() -> None:
    """A word of the language names a metric where no other meaning fits."""
    for word in ("sum", "by", "offset", "start", "or", "step", "fill"):
        expr = parse(f"{word} + 1" if word != "offset" else "offset")
        inner = expr.left if isinstance(expr, Binary) else expr
        assert isinstance(inner, Selector) and inner.name == word


def test_numbers() -> None:
    """Hexadecimal, exponents, underscores and durations are numbers."""
    values = {
        "0x1F": 31,
        "1e3": 1000,
        "1_000": 1000,
        ".5": 0.5,
        "2.": 2,
        "1h": 3600,
        "1m30s": 90,
        "100ms": 0.1,
    }
    for text, value in values.items():
        number = parse(text)
        assert isinstance(number, Number) and number.value == value


def test_arguments_lose_their_parentheses() -> None:
    """Annotations point at an argument itself, so parentheses around it are taken off."""
    call = parse("rate(((foo[5m])))")
    assert isinstance(call, Call) and call.args[0].span.start == 7


def test_deep_nesting_is_an_error() -> None:
    """A query nested beyond reason is refused, not a crash."""
    with pytest.raises(ParseError, match="nested too deeply"):
        parse("(" * 5000 + "1" + ")" * 5000)


@given(st.text(max_size=40))
def test_any_text_parses_or_is_refused(text: str) -> None:
    """No input breaks the parser in another way."""
    try:
        parse(text)
    except ParseError as refusal:
        assert "parse error" in str(refusal)


_WORDS = [
    "foo",
    "bar{a='b'}",
    "sum",
    "by",
    "bool",
    "on",
    "and",
    "or",
    "offset",
    "rate",
    "start()",
    "5m",
    "1",
    "'x'",
]
_TOKENS = st.sampled_from([*_WORDS, *"()[]{}:,+-*/^@", "==", "=~"])


@given(st.lists(_TOKENS, max_size=12))
def test_any_tokens_parse_or_are_refused(tokens: list[str]) -> None:
    """No sequence of tokens breaks the parser, and what it reads can be written and read again."""
    try:
        expr = parse(" ".join(tokens))
    except ParseError:
        return
    assert render(parse(render(expr))) == render(expr)


@pytest.mark.parametrize(
    "text", ["1e400", "0x_", "0x" + "f" * 300, "1_", "1__0", "0x1__f", "9" * 5000, "9" * 400 + "y", "0x"]
)
@pytest.mark.parametrize(
    "place", ["{}", "foo[{}]", "foo offset {}", "foo @ {}", "foo + fill({}) foo", "foo[1:{}]"]
)
def test_a_number_that_is_none_is_refused_wherever_it_stands(text: str, place: str) -> None:
    """Beyond what floats hold, without digits, or with underscores that part nothing."""
    with pytest.raises(ParseError):
        parse(place.format(text))


@pytest.mark.parametrize(
    ("text", "value"), [("017", 15), ("08", 8), ("00", 0), ("0x_1F", 31), ("1_0.5", 10.5), ("0.5", 0.5)]
)
def test_a_number_is_read_as_go_reads_it(text: str, value: float) -> None:
    """A whole number that begins with zero is octal, when its digits are."""
    assert parse(text) == Number(Span(0, len(text)), value)
