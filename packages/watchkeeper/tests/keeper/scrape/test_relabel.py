"""Relabelling follows Prometheus' documented rules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.scrape import JobError, Rule, rule_from
from watchkeeper.keeper.scrape.relabel import relabelled

CASES: list[tuple[str, dict[str, str], list[dict[str, Any]], dict[str, str] | None]] = [
    ("copy", {"a": "foo"}, [{"source_labels": ["a"], "target_label": "d"}], {"a": "foo", "d": "foo"}),
    (
        "parts of joined values",
        {"a": "foo", "b": "bar"},
        [
            {
                "source_labels": ["a", "b"],
                "regex": "f(.*);(.*)r",
                "target_label": "d",
                "replacement": "ch${1}-$2",
            }
        ],
        {"a": "foo", "b": "bar", "d": "choo-ba"},
    ),
    (
        "no match leaves all",
        {"a": "x"},
        [{"source_labels": ["a"], "regex": "y", "target_label": "d"}],
        {"a": "x"},
    ),
    (
        "empty replacement removes",
        {"a": "x", "d": "y"},
        [{"source_labels": ["a"], "target_label": "d", "replacement": ""}],
        {"a": "x"},
    ),
    (
        "target from the match",
        {"a": "k=v"},
        [{"source_labels": ["a"], "regex": "(.*)=(.*)", "target_label": "$1", "replacement": "$2"}],
        {"a": "k=v", "k": "v"},
    ),
    (
        "impossible target leaves all",
        {"a": "1=v"},
        [{"source_labels": ["a"], "regex": "(.*)=(.*)", "target_label": "${1}", "replacement": "$2"}],
        {"a": "1=v"},
    ),
    ("keep", {"a": "x"}, [{"source_labels": ["a"], "regex": "x|y", "action": "keep"}], {"a": "x"}),
    ("keep is anchored", {"a": "xz"}, [{"source_labels": ["a"], "regex": "x|y", "action": "keep"}], None),
    ("drop", {"a": "x"}, [{"source_labels": ["a"], "regex": "x", "action": "DROP"}], None),
    ("labelmap", {"__m_a": "x"}, [{"regex": "__m_(.+)", "action": "labelmap"}], {"__m_a": "x", "a": "x"}),
    ("labeldrop", {"a": "x", "bb": "y"}, [{"regex": "b.*", "action": "labeldrop"}], {"a": "x"}),
    ("labelkeep", {"a": "x", "bb": "y"}, [{"regex": "b.*", "action": "labelkeep"}], {"bb": "y"}),
    (
        "hashmod as Prometheus computes it",
        {"c": "baz"},
        [{"source_labels": ["c"], "target_label": "d", "action": "hashmod", "modulus": 1000}],
        {"c": "baz", "d": "976"},
    ),
    (
        "lowercase",
        {"a": "FoO"},
        [{"source_labels": ["a"], "target_label": "a", "action": "lowercase"}],
        {"a": "foo"},
    ),
    (
        "uppercase",
        {"a": "FoO"},
        [{"source_labels": ["a"], "target_label": "b", "action": "uppercase"}],
        {"a": "FoO", "b": "FOO"},
    ),
    (
        "keepequal",
        {"a": "x", "b": "y"},
        [{"source_labels": ["a"], "target_label": "b", "action": "keepequal"}],
        None,
    ),
    (
        "dropequal",
        {"a": "x", "b": "x"},
        [{"source_labels": ["a"], "target_label": "b", "action": "dropequal"}],
        None,
    ),
    (
        "rules in order",
        {"a": "x"},
        [
            {"source_labels": ["a"], "target_label": "b"},
            {"source_labels": ["b"], "target_label": "c", "replacement": "$1$1"},
        ],
        {"a": "x", "b": "x", "c": "xx"},
    ),
    (
        "dollar",
        {"a": "x"},
        [{"target_label": "b", "replacement": "$$1 $2 ${none}."}],
        {"a": "x", "b": "$1  ."},
    ),
]


@pytest.mark.parametrize(
    ("labels", "rules", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_rule(labels: dict[str, str], rules: list[dict[str, Any]], expected: dict[str, str] | None) -> None:
    before = dict(labels)
    assert relabelled(labels, [rule_from(rule) for rule in rules]) == expected
    assert labels == before, "the given labels are not changed"


@pytest.mark.parametrize(
    "rule",
    [
        {"action": "explode"},
        {"regex": "("},
        {"action": "hashmod", "target_label": "a"},
        {"action": "replace"},
        {"sourcelabels": ["a"]},
    ],
)
def test_a_wrong_rule_is_refused_at_the_door(rule: dict[str, Any]) -> None:
    with pytest.raises(JobError):
        rule_from(rule)


@given(st.dictionaries(st.sampled_from("abc"), st.text(max_size=5)), st.text(max_size=10))
def test_any_replacement_is_a_text_and_never_an_error(labels: dict[str, str], replacement: str) -> None:
    rule = Rule(source_labels=("a",), target_label="t", replacement=replacement)
    assert all(relabelled(labels, [rule]).values())  # type: ignore[union-attr]
