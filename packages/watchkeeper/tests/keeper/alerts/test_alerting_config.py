"""Configuration beyond Alertmanager's own tables: what is filled in, our own section, bad input."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.alerts import AlertingInvalid
from watchkeeper.keeper.alerts.config import length_text, parse, seconds
from watchkeeper.keeper.alerts.groups import Integration

BASE = "route: {receiver: a}\nreceivers: [{name: a}]\n"


def settings_of(text: str) -> dict[str, object]:
    [one] = parse(text).receivers["a"].integrations
    return dict(one.settings)


def test_global_settings_stand_in_where_a_receiver_tells_none() -> None:
    text = """
global: {smtp_from: me@x, smtp_smarthost: 'mail:25', smtp_auth_password_file: /p, smtp_require_tls: false}
route: {receiver: a}
receivers: [{name: a, email_configs: [{to: you@x, from: other@x}]}]
"""
    told = settings_of(text)
    assert (told["from"], told["smarthost"], told["auth_password_file"]) == ("other@x", "mail:25", "/p")
    assert (told["require_tls"], told["hello"]) == (False, "localhost")


def test_a_receivers_own_secret_goes_before_a_global_file() -> None:
    """Never both: the one that is nearer counts."""
    text = """
global: {slack_api_url_file: /global}
route: {receiver: a}
receivers: [{name: a, slack_configs: [{api_url: 'https://own'}]}]
"""
    told = settings_of(text)
    assert (told["api_url"], "api_url_file" in told) == ("https://own", False)


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("{}", {"app_token": "global"}),
        ("{app_token: own}", {"app_token": "own"}),
        ("{app_url: 'http://chat/post'}", {"app_token": "global"}),
        ("{api_url: 'https://hook'}", {"api_url": "https://hook"}),
        ("{http_config: {authorization: {credentials: own}}}", {"api_url": "https://slack.com/post"}),
    ],
)
def test_slack_gets_a_global_token_or_a_global_address_and_never_both(
    entry: str, found: dict[str, str]
) -> None:
    """A file that has both, as those of the time before tokens do, is loaded as Alertmanager loads it."""
    text = f"""
global: {{slack_app_token: global, slack_api_url: 'https://slack.com/post', slack_app_url: 'https://slack.com/post'}}
route: {{receiver: a}}
receivers: [{{name: a, slack_configs: [{entry}]}}]
"""
    told = settings_of(text)
    assert {name: told[name] for name in ("app_token", "api_url") if name in told} == found


@pytest.mark.parametrize("name", ["service.name", "http.request.header.user-agent", "größe", "k8s.io/app"])
def test_labels_of_the_utf8_alphabet_can_be_grouped_by_and_compared(name: str) -> None:
    """OpenTelemetry's names have dots; Alertmanager takes them since 0.27."""
    found = parse(
        f"{BASE}inhibit_rules: [{{equal: ['{name}']}}]".replace(
            "{receiver: a}", f"{{receiver: a, group_by: ['{name}']}}"
        )
    )
    assert found.route.terms.group_by == frozenset({name})
    assert found.inhibit_rules[0].equal == (name,)


@pytest.mark.parametrize("name", ["-a", "a-b", "a=b", "1.5", "a b", ".a", ""])
def test_a_slip_of_the_pen_is_no_label_to_group_by(name: str) -> None:
    with pytest.raises(AlertingInvalid, match="invalid label name"):
        parse(BASE.replace("{receiver: a}", f"{{receiver: a, group_by: ['{name}']}}"))


def test_our_section_gives_a_receiver_more_channels() -> None:
    """Kinds that Alertmanager lacks, counted by kind, after its own; settings of ours by kind."""
    text = """
route: {receiver: a}
receivers: [{name: a, webhook_configs: [{url: 'http://x'}]}, {name: b}]
watchkeeper:
  channels:
    telegram: {acknowledge_button: no, rate_limit: {per_second: 0.5, burst: 3}}
    slack: {timeout: 2s}
  receivers:
  - {name: a, jsonl_configs: [{path: a.jsonl, send_resolved: false}, {path: b.jsonl}], log_configs: [{}]}
  - {name: a, jsonl_configs: [{path: c.jsonl, max_bytes: 1000}]}
  - {name: b, apprise_configs: [{urls: ['json://h'], timeout: 5s}]}
"""
    found = parse(text)
    assert found.integrations("a") == (
        Integration("webhook", 0, True),
        Integration("jsonl", 0, False),
        Integration("jsonl", 1, True),
        Integration("log", 0, True),
        Integration("jsonl", 2, True),
    )
    [apprise] = found.receivers["b"].integrations
    assert apprise.settings == {"urls": ("json://h",), "timeout": 5.0}
    assert found.additions.channels == {
        "telegram": {"acknowledge_button": False, "rate_limit": {"per_second": 0.5, "burst": 3}},
        "slack": {"timeout": 2.0},
    }


@pytest.mark.parametrize(
    ("section", "field"),
    [
        ("receivers: [{name: c, log_configs: [{}]}]", "watchkeeper.receivers[0].name"),
        ("receivers: [{log_configs: [{}]}]", "watchkeeper.receivers[0].name"),
        ("receivers: [{name: a, slack_configs: [{}]}]", "watchkeeper.receivers[0].slack_configs"),
        (
            "receivers: [{name: a, jsonl_configs: [{paht: x}]}]",
            "watchkeeper.receivers[0].jsonl_configs[0].paht",
        ),
        ("receivers: {name: a}", "watchkeeper.receivers"),
        ("channels: {webex: {timeout: 1s}}", "watchkeeper.channels.webex"),
        ("channels: {slack: {acknowledge_button: no}}", "watchkeeper.channels.slack.acknowledge_button"),
        (
            "channels: {slack: {rate_limit: {per_second: fast}}}",
            "watchkeeper.channels.slack.rate_limit.per_second",
        ),
        (
            "channels: {slack: {rate_limit: {per_second: -1}}}",
            "watchkeeper.channels.slack.rate_limit.per_second",
        ),
        ("channels: {slack: {timeout: soon}}", "watchkeeper.channels.slack.timeout"),
        ("channels: [slack]", "watchkeeper.channels"),
    ],
)
def test_what_is_wrong_with_our_channels_is_named_by_its_field(section: str, field: str) -> None:
    with pytest.raises(AlertingInvalid) as error:
        parse(f"{BASE}watchkeeper:\n  {section}\n")
    assert error.value.field == field


def test_integrations_keep_kind_place_and_whether_ends_are_sent() -> None:
    text = """
route: {receiver: a}
receivers:
- name: a
  webhook_configs: [{url: 'http://x'}, {url: 'http://y', send_resolved: false}]
  slack_configs: [{api_url: 'http://z'}]
"""
    assert parse(text).integrations("a") == (
        Integration("webhook", 0, True),
        Integration("webhook", 1, False),
        Integration("slack", 0, False),
    )


def test_scalars_are_the_texts_that_were_written() -> None:
    """YAML's own ideas of numbers and truth do not change a label's value."""
    text = BASE + "inhibit_rules: [{source_match: {a: 010, b: yes, c: 1.50, d: 2024-01-01}}]\n"
    [rule] = parse(text).inhibit_rules
    assert [one.value for one in rule.source] == ["010", "yes", "1.50", "2024-01-01"]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", ""),
        ("[]", ""),
        ("route: {receiver: a}\nroute: {receiver: b}", "route"),
        (BASE + "watchkeeper: {dedup: 5m}", "watchkeeper.dedup"),
        (BASE + "watchkeeper: {cooldown: 5}", "watchkeeper.cooldown"),
        (BASE + "watchkeeper: {environments: {elsewhere: nope}}", "watchkeeper.environments.elsewhere"),
        (BASE + "watchkeeper: {people: {ann: {default: [nope]}}}", "watchkeeper.people.ann"),
        (BASE + "watchkeeper: {teams: {t: [ann]}}", "watchkeeper.teams.t"),
        (BASE + "watchkeeper: {escalate: [{policy: nope}]}", "watchkeeper.escalate[0].policy"),
        (BASE + "watchkeeper: {incidents: {dependencies: [{}]}}", "watchkeeper.incidents.dependencies[0]"),
        (BASE + "time_intervals: [{name: t, time_intervals: [{location: Nowhere/City}]}]",
         "time_intervals[0].time_intervals[0]"),
        ("route: {receiver: a, continue: maybe}", "route.continue"),
        ("route: {receiver: a, routes: {}}", "route.routes"),
        ("route: &r {receiver: a, routes: [*r]}", "route" + ".routes[0]" * 65),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(text: str, field: str) -> None:
    with pytest.raises(AlertingInvalid) as error:
        parse(text)
    assert error.value.field == field


@given(st.integers(0, 10**12))
def test_a_length_is_read_as_it_is_written(milliseconds: int) -> None:
    assert round(seconds(length_text(milliseconds / 1000)) * 1000) == milliseconds


@pytest.mark.parametrize("text", ["", "5", "s", "1s1m", "-1s", "1.5h", " 1s", "1S", "9" * 30 + "y", "١s"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.compile("duration|out of range")):
        seconds(text)


words = st.sampled_from(
    ["a", "5m", "route", "receiver", "true", "[", 'a="b"', "http://x", "..."]  # what fields may hold
) | st.text(max_size=6)
keys = st.sampled_from(
    [
        *("route", "routes", "receiver", "receivers", "name", "group_by", "match", "match_re", "matchers"),
        *("continue", "webhook_configs", "url", "global", "email_configs", "slack_configs", "inhibit_rules"),
        *("equal", "source_match", "time_intervals", "times", "weekdays", "watchkeeper", "people"),
        *("policies", "steps", "notify", "schedules", "layers", "turns", "start", "escalate", "templates"),
        *("labels", "http_config"),
    ]
)
trees = st.recursive(
    words | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=25,
)


@given(st.dictionaries(keys, trees, max_size=6))
def test_any_document_is_taken_or_refused_with_a_reason(tree: dict[str, object]) -> None:
    """No document, however odd, makes the reader fail in another way."""
    root = {"route": {"receiver": "a"}, "receivers": [{"name": "a"}], **tree}
    for one in (tree, root):
        try:
            parse(yaml.safe_dump(one, allow_unicode=True))
        except AlertingInvalid as error:
            assert error.reason


@given(st.text(max_size=60))
def test_any_text_is_taken_or_refused_with_a_reason(text: str) -> None:
    for one in (text, BASE + text):
        try:
            parse(one)
        except AlertingInvalid as error:
            assert error.reason
