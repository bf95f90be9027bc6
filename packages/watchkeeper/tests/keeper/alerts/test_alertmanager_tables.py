"""Alertmanager's own tables of cases: each case is one test, so pytest's count is the count of cases."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchkeeper.keeper.alerts import Alert, AlertingInvalid, Dispatcher, MatcherInvalid, Posted, Silence
from watchkeeper.keeper.alerts.config import parse
from watchkeeper.keeper.alerts.config.document import document
from watchkeeper.keeper.alerts.config.routing import read_route
from watchkeeper.keeper.alerts.errors import IntervalInvalid
from watchkeeper.keeper.alerts.groups import Entry, need
from watchkeeper.keeper.alerts.inhibition import Inhibitor, InhibitRule
from watchkeeper.keeper.alerts.intervals import Interval, holds, read_interval
from watchkeeper.keeper.alerts.labels import labelset
from watchkeeper.keeper.alerts.matchers import (
    Matcher,
    Matchers,
    classic_matchers,
    read_matchers,
    utf8_matcher,
    utf8_matchers,
)
from watchkeeper.keeper.alerts.routes import build
from watchkeeper.keeper.alerts.silences import can_update

DATA = Path(__file__).resolve().parents[5].parent / "shared/data/alertmanager"
RECONSTRUCTED = Path(__file__).parent
NOW = 1_700_000_000.0

Case = dict[str, Any]

# Tables of rooms that are not this one: the API, the channels.
ELSEWHERE = {"api_v2_openapi.yaml", "retry_policy.json", "truncate.json"}


def cases(name: str) -> list[Any]:
    """Return the cases of a table; where the recorded data is absent, one that says so."""
    if not (DATA / name).exists():
        return [pytest.param({}, marks=pytest.mark.skip(reason=f"no recorded data: {DATA / name}"))]
    rows = json.loads((DATA / name).read_text())["cases"]
    return [pytest.param(row, id=str(place)) for place, row in enumerate(rows)]


def routing_config(name: str) -> str:
    """Return a configuration that a case names; one that is not recorded is told by what its cases ask."""
    path = DATA / name
    return (path if path.exists() else RECONSTRUCTED / path.name).read_text()


def table(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases(name))


def read(text: str, reader: Any) -> object:
    """Return what a reader makes of a text, in the tables' form."""
    try:
        return [{"op": one.op, "name": one.name, "value": one.value} for one in reader(text)]
    except MatcherInvalid as error:
        return str(error)


def all_of(lines: list[str]) -> Matchers:
    return tuple(one for line in lines for one in read_matchers(line))


def at(text: str) -> float:
    return datetime.strptime(text, "%d %b %y %H:%M %z").timestamp()


@table("matchers_classic.json")
def test_the_classic_syntax_reads_what_alertmanager_reads(case: Case) -> None:
    assert read(case["input"], classic_matchers) == case.get("expect", case.get("error"))


@table("matchers_compliance.json")
def test_the_default_syntax_reads_what_alertmanager_reads(case: Case) -> None:
    assert read(case["input"], read_matchers) == case.get("expect", case.get("error"))


@table("matchers_utf8_list.json")
def test_the_utf8_syntax_reads_what_alertmanager_reads(case: Case) -> None:
    assert read(case["input"], utf8_matchers) == case.get("expect", case.get("error"))


@table("matchers_utf8_single.json")
def test_one_utf8_matcher_is_read_as_alertmanager_does(case: Case) -> None:
    assert read(case["input"], lambda text: [utf8_matcher(text)]) == case.get("expect", case.get("error"))


@table("matcher_eval.json")
def test_a_matcher_accepts_what_alertmanagers_accepts(case: Case) -> None:
    assert Matcher("a", case["op"], case["pattern"]).accepts(case["value"]) is case["match"]


@table("matcher_string.json")
def test_a_matcher_is_written_as_alertmanager_writes_it(case: Case) -> None:
    assert str(Matcher(case["name"], case["op"], case["value"])) == case["string"]


@table("time_intervals.json")
def test_a_time_interval_is_read_and_holds_as_in_alertmanager(case: Case) -> None:
    raw = yaml.safe_load(case["yaml"])
    rows = raw if isinstance(raw, list) else [raw]
    if case["error"]:
        with pytest.raises(IntervalInvalid) as error:
            [read_interval(row) for row in rows]
        assert str(error.value) == case["error"]
        return
    intervals = [read_interval(row) for row in rows]
    assert [holds(intervals, at(text)) for text in case["contains"]] == [True] * len(case["contains"])
    assert [holds(intervals, at(text)) for text in case["excludes"]] == [False] * len(case["excludes"])


@table("time_interval_contains.json")
def test_an_interval_contains_what_alertmanagers_contains(case: Case) -> None:
    fields: dict[str, Any] = {
        key: value if isinstance(value, str) else tuple(map(tuple, value))
        for key, value in case["interval"].items()
    }
    interval = Interval(**fields)
    assert all(interval.contains(at(text)) for text in case["contains"])
    assert not any(interval.contains(at(text)) for text in case["excludes"])


@table("route_match.json")
def test_labels_take_the_routes_that_alertmanager_takes(case: Case) -> None:
    """Same receivers, terms and route keys, in the same order."""
    defaults = {"group_wait": 30.0, "group_interval": 300.0, "repeat_interval": 14400.0}
    root = build(read_route("route", document(case["route_yaml"])))
    for match in case["matches"]:
        found = root.match(match["labels"])
        assert [route.key for route in found] == match["keys"]
        for route, want in zip(found, match["routes"], strict=True):
            by = "..." if route.terms.group_by is None else sorted(route.terms.group_by)
            assert (route.terms.receiver, by) == (
                want["receiver"],
                want["group_by"] if want["group_by"] == "..." else sorted(want["group_by"]),
            )
            for name, default in defaults.items():
                told = want[f"{name}_s"]
                assert getattr(route.terms, name) == (default if told == "default" else told)


@table("routing_receivers.json")
def test_labels_reach_the_receivers_that_amtool_names(case: Case) -> None:
    routes = parse(routing_config(case["config"])).routes(case["labels"])
    assert [route.terms.receiver for route in routes] == case["receivers"]


@table("groups.json")
def test_alerts_fall_into_the_groups_of_alertmanager(case: Case) -> None:
    """Same group keys, route ids, receivers and members."""
    dispatcher = Dispatcher(parse(case["config_yaml"]), NOW)
    assert dispatcher.receive([Posted(labels) for labels in case["alerts"]], NOW) == []
    mine = {
        (one.key, one.route.id, one.route.terms.receiver, one.labels, frozenset(one.alerts))
        for one in dispatcher.groups
    }
    theirs = {
        (
            one["group_key"],
            one["route_id"],
            one["receiver"],
            labelset(one["labels"]),
            frozenset(labelset(case["alerts"][place]) for place in one["alerts"]),
        )
        for one in case["groups"]
    }
    assert mine == theirs


@table("inhibition.json")
def test_alerts_are_inhibited_as_in_alertmanager(case: Case) -> None:
    rules = [
        InhibitRule(all_of(one["source_matchers"]), all_of(one["target_matchers"]), tuple(one["equal"]))
        for one in case["rules"]
    ]
    inhibitor = Inhibitor(rules)
    for source in case["sources"]:
        alert = Alert(labelset(source["labels"]), (), 0.0, None if source["active"] else 1.0)
        inhibitor.note(alert)
    muted = [inhibitor.inhibiting(target["labels"], NOW) is not None for target in case["targets"]]
    assert muted == [target["muted"] for target in case["targets"]]


@table("inhibit_has_equal.json")
def test_a_source_counts_where_its_equal_labels_are_the_same(case: Case) -> None:
    inhibitor = Inhibitor([InhibitRule(equal=tuple(case["equal"]), target=all_of(['only="target"']))])
    for source in case["sources"]:
        alert = Alert(labelset(source["labels"]), (), 0.0, None if source["active"] else 1.0)
        inhibitor.note(alert)
    target = {**case["input"], "only": "target"}
    assert (inhibitor.inhibiting(target, NOW) is not None) is case["result"]


@table("silence_match.json")
def test_a_silence_mutes_what_alertmanagers_mutes(case: Case) -> None:
    sets = tuple(all_of(lines) for lines in case["matcher_sets"])
    assert Silence(sets, 0.0, 1.0, "a", "b").mutes(case["labels"]) is case["silenced"]


@table("silence_can_update.json")
def test_a_silence_is_changed_in_place_where_alertmanager_does_so(case: Case) -> None:
    old, new = (
        Silence((all_of(['a="b"']),), NOW + case[key]["starts"], NOW + case[key]["ends"], "a", "b")
        for key in ("old", "new")
    )
    assert can_update(old, new, NOW) is case["ok"]


@table("dedup_needs_update.json")
def test_a_group_is_told_again_where_alertmanager_tells_it(case: Case) -> None:
    entry = case["entry"]
    if entry is not None:
        age = entry["age_s"]
        told_at = 0.0 if age == "epoch" else NOW - (age or 0)
        entry = Entry(names(entry["firing"]), names(entry.get("resolved", [])), told_at)
    reason = need(
        entry,
        names(case["firing"]),
        names(case["resolved"]),
        repeat=case.get("repeat_s", 0),
        send_resolved=case.get("send_resolved", False),
        now=NOW,
    )
    assert (reason is not None) is case["notify"]


def names(numbers: list[int]) -> frozenset[str]:
    return frozenset(map(str, numbers))


@table("config_errors.json")
def test_a_configuration_is_refused_in_alertmanagers_words(case: Case) -> None:
    """The error names the field and holds Alertmanager's text; where the table has none, it loads.

    Of two cases the table's text is missing although their files must be refused (see config_check.json).
    """
    unrecorded = {"TestOpsGenieDeprecatedTeamSpecified", "TestInvalidSNSConfig"}
    texts = [(DATA / "config_testdata" / name).read_text() for name in case.get("files", [])]
    for text in texts or [case["yaml"]]:
        if case["error"] is None and case["test"] not in unrecorded:
            parse(text)
            continue
        with pytest.raises(AlertingInvalid) as error:
            parse(text)
        assert error.value.field
        assert all(part in str(error.value) for part in case["error"] or [])


# What only a newer Alertmanager than amtool 0.25 knows, and must be taken.
NEWER = {
    *("conf.mattermost-default-webhook-url-file.yml", "conf.mattermost-default-webhook-url.yml"),
    *("conf.rocketchat-default-token-file.yml", "conf.rocketchat-default-token.yml"),
    *("conf.slack-default-app-token.yml", "conf.smtp-password-global-and-local.yml"),
    *("conf.telegram-default-bot-token-file.yml", "conf.telegram-default-bot-token.yml"),
    "conf.wechat-default-api-secret-file.yml",
}


@table("config_check.json")
def test_a_configuration_is_taken_where_amtool_takes_it(case: Case) -> None:
    text = (DATA / "config_testdata" / case["file"]).read_text()
    if case["amtool_0_25_ok"] or case["file"] in NEWER:
        parse(text)
        return
    with pytest.raises(AlertingInvalid) as error:
        parse(text)
    assert error.value.field


def test_no_table_is_left_out() -> None:
    """Every recorded file is used here or belongs to another room by name."""
    if not DATA.exists():
        pytest.skip(f"no recorded data: {DATA}")
    source = Path(__file__).read_text()
    found = {path.name for path in DATA.iterdir() if path.is_file()} - ELSEWHERE
    assert {name for name in found if f'("{name}")' not in source} == set()
