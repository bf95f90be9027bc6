"""Laws of matchers that no table tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.alerts import MatcherInvalid
from watchkeeper.keeper.alerts.matchers import (
    Matcher,
    classic_matchers,
    read_matchers,
    utf8_matcher,
    utf8_matchers,
)

proper = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = proper.filter(bool)


@given(names, st.sampled_from(["=", "!="]), proper)
def test_what_is_written_is_read_back(name: str, op: str, value: str) -> None:
    """The UTF-8 syntax reads every name and value back that Alertmanager's writing can tell."""
    matcher = Matcher(name, op, value)  # type: ignore[arg-type]
    assert utf8_matcher(str(matcher)) == matcher


@given(proper)
def test_a_negated_matcher_accepts_what_the_other_refuses(value: str) -> None:
    for pattern in ("a.*", "", "x|y"):
        assert Matcher("a", "=~", pattern).accepts(value) is not Matcher("a", "!~", pattern).accepts(value)
        assert Matcher("a", "=", pattern).accepts(value) is not Matcher("a", "!=", pattern).accepts(value)


@given(st.text(st.sampled_from('{}=!~,"\\ab\n '), max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes a reader fail in another way, and the default reader takes what either takes."""
    taken = []
    for reader in (classic_matchers, utf8_matchers, read_matchers):
        try:
            reader(text)
            taken.append(True)
        except MatcherInvalid:
            taken.append(False)
    assert taken[2] is (taken[0] or taken[1])


@pytest.mark.parametrize("pattern", ["[", "a{2,1}", "(?P<n", "\\1", "*", "(?=a)"])
def test_an_expression_that_re2_lacks_is_refused(pattern: str) -> None:
    with pytest.raises(MatcherInvalid, match="error parsing regexp"):
        Matcher("a", "=~", pattern)


def test_an_absent_label_is_an_empty_one() -> None:
    from watchkeeper.keeper.alerts.matchers import agree

    assert agree(read_matchers('a="",b!="x",c=~".*"'), {})
    assert not agree(read_matchers('a=~".+"'), {})
