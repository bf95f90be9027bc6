"""Expressions that Python's engine would go back over for ever."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.alerts.matchers import Matcher
from watchkeeper.keeper.promql.regexes import compiled
from watchkeeper.keeper.promql.syntax import Matcher as Asked
from watchkeeper.keeper.steady import Steady, steady
from watchkeeper.keeper.store import Matcher as StoreMatcher
from watchkeeper.keeper.store import Store, labels_of

signs = st.sampled_from(["a", "b", "A", ".", "[ab]", "[^a]", r"\d", r"\b", "^", "$", "(?i:b)", "-", ""])
expressions = st.recursive(
    signs,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "{2}", "{1,3}", "{2,}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


@given(expressions, st.text("abA1-\n", max_size=8))
def test_it_answers_as_pythons_engine_does(expression: str, text: str) -> None:
    """Whatever the expression: the same texts match."""
    pattern = compiled(f"(?-s:{expression})")
    assert (Steady(pattern).fullmatch(text) is None) is (pattern.fullmatch(text) is None)


@pytest.mark.parametrize(
    "expression", ["(a+)+b", "(a|a)*b", "(a*)*b", "(?:(a|aa)+)+c", "((a?){9})*b", "(.*)*x"]
)
def test_a_choice_within_a_repeat_holds_nobody_up(expression: str) -> None:
    """Three thousand signs, on which the number of ways has hundreds of digits."""
    assert not Matcher("x", "=~", expression).accepts("a" * 3000 + "!")
    assert Matcher("x", "!~", expression).accepts("a" * 3000 + "!")


@pytest.mark.parametrize(
    "expression", ["a|b", "prod-.*", "(a|b)c+", ".*x.*", "(?i)crit.*|warn", "[a-z]+", "(ab){3}"]
)
def test_what_has_one_way_is_left_to_pythons_engine(expression: str) -> None:
    """It is faster."""
    assert isinstance(steady(compiled(expression)), re.Pattern)


def test_a_query_with_a_choice_within_a_repeat_holds_nobody_up(tmp_path: Path) -> None:
    """Neither where the store looks for series nor where a matcher of the language is asked."""
    with Store.open(tmp_path, retention_seconds=1e12) as store:
        store.append(labels_of({"job": "a" * 3000 + "!"}, "m"), 1, 1.0)
        assert store.select([StoreMatcher("job", "=~", "(a+)+b")], 0, 9) == []
        assert len(store.select([StoreMatcher("job", "!~", "(a|a)*\\n?")], 0, 9)) == 1
    assert not Asked("job", "=~", "(a+)+b").matches("a" * 3000 + "!")
    assert Asked("job", "=~", "(a.?)+").matches("a\n" * 3000)
