"""Templates: what they may say, how they fail, and that they always end."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.rules.template import (
    FUNCTIONS,
    VARIABLES,
    Record,
    TemplateError,
    TemplateFailure,
    TemplateLimit,
    TemplateSyntaxError,
    expand,
    parse,
    prometheus,
)

LABELS = {"instance": "a.example:9090", "job": "arbbot"}
UP = [({"__name__": "up", "zone": "b"}, 1.0), ({"__name__": "up", "zone": "a"}, 2.5)]


def query(expr: str) -> list[tuple[Mapping[str, str], float]]:
    return [] if expr == "none" else list(UP)


def expanded(text: str, value: float = 1234.5) -> str:
    data = Record("data", {"Labels": LABELS, "ExternalLabels": {}, "ExternalURL": "", "Value": value})
    variables = {"$labels": LABELS, "$externalLabels": {}, "$externalURL": "", "$value": value}
    functions = prometheus(query, "http://host/pre", 0)
    return expand(parse(text, FUNCTIONS, VARIABLES), data, variables, functions)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{{ $labels.job }} is {{ $value }}", "arbbot is 1234.5"),
        ("{{ .Labels.job | toUpper }} {{ .Value | humanize }}", "ARBBOT 1.234k"),
        (
            "{{ range query `up` | sortByLabel `zone` }}{{ .Labels.zone }}={{ .Value }} {{ end }}",
            "a=2.5 b=1 ",
        ),
        ("{{ with query `none` }}x{{ else }}no result{{ end }}", "no result"),
        ("{{ if and (gt $value 1.0) (eq $labels.job `arbbot`) }}yes{{ else }}no{{ end }}", "yes"),
        ("a  {{- /* said to nobody */ -}}  b", "ab"),
        ("{{ $n := 1 }}{{ if true }}{{ $n = 2 }}{{ $m := 3 }}{{ $m }}{{ end }}{{ $n }}", "32"),
        ("{{ define `t` }}<{{ . }}>{{ end }}{{ template `t` $labels.job }}", "<arbbot>"),
        ("{{ range $i, $s := query `up` }}{{ if $i }}{{ break }}{{ end }}{{ $s.Value }}{{ end }}", "1"),
        ("{{ externalURL }}{{ pathPrefix }}", "http://host/pre/pre"),
        ("{{ .Labels.nothing }}{{ print nil }}", "<nil>"),
        ("{{ 1e6 }} {{ 999999.0 }} {{ 0.0001 }} {{ 0.00001 }}", "1e+06 999999 0.0001 1e-05"),
    ],
)
def test_templates_say_what_they_are_written_to_say(text: str, wanted: str) -> None:
    """Each construct of the language has its meaning."""
    assert expanded(text) == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ $nope }}", "undefined variable"),
        ("{{ nope }}", "function 'nope' not defined"),
        ("{{ if }}x{{ end }}", "missing value for if"),
        ("{{ if 1 }}x", "unexpected EOF"),
        ("{{ end }}", "unexpected {{end}}"),
        ("{{ else }}", "unexpected {{else}}"),
        ('{{ "open }}', "unterminated quoted string"),
        ("{{ $value | 1 }}", "non executable command in pipeline stage 2"),
        ("{{ (1 }}", "unclosed left paren"),
        ("{{ 1 ) }}", "unexpected right paren"),
        ("{{ break }}", "outside {{range}}"),
        ("{{", "unclosed action"),
        ("{{ /* open }}", "unexpected character in action"),
        ("{{/* open }}", "unclosed comment"),
        ("one\ntwo {{ nope }}", "line 2: function"),
        ("{{ 0b12 }}", "bad number syntax"),
        ("{{ '' }}", "unterminated character constant"),
        ("{{ define `a` }}x{{ end }}{{ define `a` }}y{{ end }}", "multiple definition"),
    ],
)
def test_a_wrong_template_is_refused_when_it_is_read(text: str, why: str) -> None:
    """What Go's parser refuses is refused before any alert needs it."""
    with pytest.raises(TemplateSyntaxError) as refusal:
        parse(text, FUNCTIONS, VARIABLES)
    assert why in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ first (query `none`) }}", "no elements"),
        ("{{ $labels.job.deep }}", "can't evaluate field deep in type string"),
        ("{{ .Nope }}", "can't evaluate field Nope"),
        ("{{ eq 1 1.0 }}", "incompatible types"),
        ("{{ toUpper $value }}", "expected string; got float64"),
        ("{{ humanize `x` }}", "invalid syntax"),
        ("{{ toUpper }}", "wrong number of args for toUpper: want 1 got 0"),
        ("{{ nil | print }}", "nil is not a command"),
        ("{{ 5 6 }}", "can't give argument to non-function"),
        ("{{ template `nowhere` }}", "not defined"),
        ("{{ index (query `up`) 9 }}", "out of range"),
        ("{{ match `(` `x` }}", "error parsing regexp"),
        ("{{ slice `abc` 2 1 }}", "out of range"),
        ("{{ range 1.5 }}{{ end }}", "can't iterate"),
        ("{{ len 3 }}", "len of type int"),
        ("{{ parseDuration `soon` }}", "not a valid duration"),
    ],
)
def test_a_template_that_does_not_fit_its_data_fails_with_a_reason(text: str, why: str) -> None:
    """A failure at the time of the alert says what did not fit."""
    with pytest.raises(TemplateFailure) as failure:
        expanded(text)
    assert why in str(failure.value)


@pytest.mark.parametrize(
    "text",
    [
        "{{ define `r` }}{{ template `r` }}{{ end }}{{ template `r` }}",
        "{{ range 99999 }}{{ range 99999 }}{{ end }}{{ end }}",
        "{{ printf `%99999999d` 1 }}",
        "{{ range 60000 }}xxxxxxxxxxxxxxxx{{ end }}",
        "{{ define `r` }}{{ template `r` . }}{{ template `r` . }}{{ end }}{{ template `r` 1 }}",
    ],
)
def test_no_template_runs_or_grows_without_end(text: str) -> None:
    """Recursion, nested loops and wide formats end at the bounds."""
    with pytest.raises(TemplateLimit):
        expanded(text)


def test_nesting_is_bounded_when_it_is_read() -> None:
    """A template nested a thousand deep is refused, not a stack overflow."""
    for text in ("{{ if 1 }}" * 1000 + "{{ end }}" * 1000, "{{ " + "(" * 1000 + "1" + ")" * 1000 + " }}"):
        with pytest.raises(TemplateSyntaxError, match="nested too deep"):
            parse(text, FUNCTIONS, VARIABLES)


@given(st.text().filter(lambda text: "{{" not in text))
def test_text_without_actions_stays_as_it_is(text: str) -> None:
    """A plain text is its own expansion."""
    assert expanded(text) == text


PIECES = [
    "{{",
    "}}",
    "if ",
    "range ",
    "end",
    "else",
    "$value",
    "$labels.job",
    ".",
    "|",
    "(",
    ")",
    '"a"',
    "1.5",
]


@given(
    st.lists(
        st.sampled_from([*PIECES, " ", "query ", "printf ", ":=", "$x", "define ", "- ", " -"]), max_size=25
    )
)
def test_whatever_is_written_ends_as_a_text_or_a_template_error(pieces: list[str]) -> None:
    """No input reaches the caller as another exception."""
    try:
        assert isinstance(expanded("".join(pieces)), str)
    except TemplateError:
        pass


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_float_is_read_back_as_itself(value: float) -> None:
    """As few digits as are exact: nothing is lost."""
    assert float(expanded("{{ $value }}", value)) == value
