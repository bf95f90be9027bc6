"""Rule files: everything that is wrong is said, with its line and the nearest right key."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.rules import AlertingRule, RecordingRule, RuleFileError, load, read

GOOD = """\
groups:
  - name: one
    interval: 30s
    query_offset: 5s
    limit: 7
    labels: {team: money, severity: low}
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
        labels: {origin: here}
      - alert: Down
        expr: up == 0
        for: 1m30s
        keep_firing_for: 2m
        labels: {severity: 5}
        annotations: {summary: "{{ $labels.job }} is down"}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(RuleFileError) as refusal:
        read(text, "f")
    return [str(problem) for problem in refusal.value.problems]


def test_a_rule_file_becomes_groups() -> None:
    """Every setting of the file is in the group; labels of the group are in its rules, which win."""
    (group,) = read(GOOD, "f").groups
    assert (group.name, group.interval, group.query_offset, group.limit) == ("one", 30_000, 5_000, 7)
    record, alert = group.rules
    assert isinstance(record, RecordingRule)
    assert record.labels == (("origin", "here"), ("severity", "low"), ("team", "money"))
    assert isinstance(alert, AlertingRule)
    assert (alert.hold, alert.keep_firing) == (90_000, 120_000)
    assert {text.name: text.text for text in alert.labels} == {"severity": "5", "team": "money"}


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("interval:", "intervall:", "f:3: group: unknown key 'intervall'; did you mean 'interval'?"),
        ("expr: up == 0", "expr: up ==", 'f:12: group "one", rule 2, "Down": could not parse expression'),
        (
            "for: 1m30s",
            "for: soon",
            'f:13: group "one", rule 2, "Down".for: not a valid duration string: \'soon\'',
        ),
        ("severity: 5", "sever-ity: 5", 'f:15: group "one", rule 2, "Down": invalid label name: sever-ity'),
        ("$labels.job", "$label.job", 'f:16: group "one", rule 2, "Down": annotation \'summary\''),
        ("limit: 7", "limit: many", "f:5: group \"one\".limit: expected a whole number, got 'many'"),
        ("job:up:sum", "job up", 'f:8: group "one", rule 1, "job up": invalid recording rule name: job up'),
        (
            "- alert: Down",
            "- alert: ''",
            "f:11: group \"one\", rule 2: one of 'record' or 'alert' must be set",
        ),
        ("groups:", "group:", "f:1: the file: unknown key 'group'; did you mean 'groups'?"),
        ("labels: {origin: here}", "for: 1m", "invalid field 'for' in recording rule"),
        ("labels: {origin: here}", "expr: up", "f:10: group \"one\", rule 1: key 'expr' is given twice"),
    ],
)
def test_a_mistake_is_named_with_its_line(old: str, new: str, wanted: str) -> None:
    """One wrong word gives one problem, at the place where it stands."""
    assert old in GOOD
    found = problems(GOOD.replace(old, new, 1))
    assert len(found) == 1
    assert wanted in found[0]


def test_all_mistakes_are_told_at_once() -> None:
    """A file is not refused for one mistake after another."""
    text = GOOD.replace("up == 0", "up ==").replace("limit: 7", "limit: x").replace("for:", "fro:", 1)
    assert len(problems(text)) == 3


def test_unknown_keys_may_be_let_pass() -> None:
    """Files with keys of other tools can be used when asked for."""
    text = GOOD.replace("limit: 7", "owner: me")
    assert problems(text)
    assert len(read(text, ignore_unknown=True).rules) == 2


def test_duplicates_are_lint() -> None:
    """Rules that share name and labels can be used and are told of; other labels make another rule."""
    rule = "{alert: A, expr: up == 0, labels: {severity: %s}}"
    twice = f"groups: [{{name: g, rules: [{rule % 'a'},\n{rule % 'a'}]}}]"
    apart = f"groups: [{{name: g, rules: [{rule % 'a'},\n{rule % 'b'}]}}]"
    assert [lint.line for lint in read(twice).lint] == [2]
    assert read(apart).lint == ()


def test_a_merged_mapping_gives_what_the_rule_does_not_say_itself() -> None:
    """As YAML has it: `<<` brings keys, the rule's own win, and one that stands there twice is a mistake."""
    text = """
groups:
- name: g
  rules:
  - &first
    alert: One
    expr: up == 0
    labels: &labels {severity: critical, team: desk}
  - &second
    <<: *first
    alert: Two
    labels:
      <<: *labels
      severity: warning
  - <<: *second
    for: 1m
  - *second
"""
    (group,) = read(text).groups
    said = [
        (rule.name, rule.hold, {text.name: text.text for text in rule.labels})
        for rule in group.rules
        if isinstance(rule, AlertingRule)
    ]
    labels = {"severity": "warning", "team": "desk"}
    assert said[0] == ("One", 0, {"severity": "critical", "team": "desk"})
    assert said[1:] == [("Two", 0, labels), ("Two", 60_000, labels), ("Two", 0, labels)]
    told = problems(text.replace("alert: Two", "alert: Two\n    alert: Three"))
    assert "key 'alert' is given twice" in told[0]


def test_groups_of_one_name_are_refused_over_all_documents_of_a_file() -> None:
    """A group is known by its name within its file."""
    assert "repeated in the same file" in problems("groups: [{name: g}]\n---\ngroups: [{name: g}]")[0]


def test_a_file_that_nests_without_end_is_a_problem() -> None:
    """It must not end the keeper that loads it again."""
    assert "nests too deep" in problems("groups: " + "[" * 3000)[0]


def test_a_file_that_is_not_there_is_a_problem_of_its_own(tmp_path: Path) -> None:
    """The file's name and the system's reason are told."""
    with pytest.raises(RuleFileError, match=r"nowhere\.yaml: cannot be read"):
        load(tmp_path / "nowhere.yaml")


@given(st.text(max_size=80))
def test_any_text_is_a_rule_file_or_a_rule_file_error(text: str) -> None:
    """Nothing else comes out, whatever goes in."""
    try:
        read(text)
    except RuleFileError as error:
        assert error.problems


LEAF = st.one_of(st.none(), st.integers(), st.text(max_size=5), st.sampled_from(["up", "1m", "a"]))
KEYS = ["groups", "name", "rules", "alert", "record", "expr", "for", "labels", "annotations", "interval"]


@given(
    st.recursive(
        LEAF,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_any_tree_is_a_rule_file_or_a_rule_file_error(tree: object) -> None:
    """Wrong shapes are problems, never crashes."""
    import json

    try:
        read(json.dumps({"groups": tree}))
    except RuleFileError as error:
        assert error.problems
