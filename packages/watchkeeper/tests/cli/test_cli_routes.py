"""The verbs `routes` and `check-config` on an alertmanager.yml."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchkeeper.cli import main

CONFIG = """
route:
  receiver: desk
  group_by: [alertname]
  routes:
  - matchers: [severity="critical"]
    receiver: pager
    continue: true
    group_wait: 5s
  - matchers: [team="night"]
    receiver: night
    mute_time_intervals: [day]
receivers:
- name: desk
  webhook_configs: [{url: 'http://desk'}]
- name: pager
  pagerduty_configs: [{routing_key: secret}]
- name: night
time_intervals:
- name: day
  time_intervals: [{times: [{start_time: '06:00', end_time: '18:00'}]}]
watchkeeper:
  people: {ann: {default: [pager]}}
  schedules: [{name: primary, layers: [{turns: [ann], start: '2026-01-01'}]}]
  policies: [{name: p, steps: [{notify: {schedule: primary}}]}]
  escalate: [{matchers: [severity="critical"], policy: p}]
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "am.yml"
    path.write_text(CONFIG)
    return str(path)


def test_the_tree_is_drawn(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "show", "--config", file]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "default-route",
        '├── {severity="critical"}',
        '└── {team="night"}',
    ]
    assert "receiver: pager  group_by: [alertname]  wait/interval/repeat: 5s/5m/4h" in lines[1]


def test_receivers_are_named_with_what_mutes_them_then(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """At noon the night's route is mute, at midnight it is not."""
    words = ["routes", "test", "--config", file, "severity=critical", "team=night", "alertname=A"]
    assert main([*words, "--at", "2026-11-21T12:00:00Z", "--verify", "pager,night"]) == 0
    noon = capsys.readouterr().out.splitlines()
    assert noon[0] == "pager,night"
    assert 'pager: pagerduty[0]  group {}/{severity="critical"}:{alertname="A"}' in noon[1]
    assert "escalation: p (on call primary: ann)" in noon[1]
    assert "muted by time: day" in noon[2]
    assert main([*words, "--at", "2026-11-21T00:00:00Z"]) == 0
    assert "muted" not in capsys.readouterr().out


def test_a_receiver_that_was_not_expected_is_a_failure(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", "test", "--config", file, "a=b", "--verify", "pager"]) == 1
    assert "expected receivers pager, got desk" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["a", "a!=b", "a=~b"])
def test_a_label_that_is_no_label_is_refused(
    word: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["routes", "test", "--config", file, word]) == 2
    assert word in capsys.readouterr().err


def test_an_alertmanager_file_is_known_by_its_keys(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", file]) == 0
    assert "good: 3 routes, 3 receivers" in capsys.readouterr().out


def test_a_wrong_field_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "am.yml"
    path.write_text(CONFIG.replace("group_wait: 5s", "group_wiat: 5s"))
    assert main(["check-config", str(path)]) == 2
    assert "route.routes[0].group_wiat: unknown field; did you mean group_wait?" in capsys.readouterr().err


BROKEN = """
templates: ['*.tmpl']
route: {receiver: desk}
receivers:
- name: desk
  webhook_configs: [{url: 'http://desk'}]
  slack_configs: [{api_url: 'http://x', title: '{{ .Status', fields: [{title: a, value: '{{ nosuch }}'}]}]
- name: chat
  telegram_configs:
  - {bot_token: t, chat_id: 1, message: '{{ template "ours" . }}'}
  - {bot_token: t, chat_id: 1, message: '{{ if .Alerts }}{{ template "nobodys" . }}{{ end }}'}
  - {bot_token: t, chat_id: 1, message: '{{ template "leads" . }}'}
watchkeeper:
  receivers: [{name: chat, jsonl_configs: [{path: chat.jsonl}]}]
"""


def test_each_broken_template_is_named_with_file_receiver_and_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them at once: what cannot be read, and what uses a template that nobody defines."""
    path = tmp_path / "am.yml"
    path.write_text(BROKEN)
    named = '{{ define "ours" }}{{ template "__subject" . }}{{ end }}'
    leads = '{{ define "leads" }}{{ template "nowhere" . }}{{ end }}'
    (tmp_path / "a.tmpl").write_text(named + leads)
    assert main(["check-config", str(path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    where = [line.removeprefix(f"watchkeeper: {path}: ").partition(": ")[0] for line in lines]
    chat = "receivers[1].telegram_configs"
    assert where == ["receivers[0].slack_configs[0].title", f"{chat}[1].message", f"{chat}[2].message"]
    assert lines[0].endswith('(receiver "desk")')
    assert 'template "nobodys" is not defined (receiver "chat")' in lines[1]
    assert 'template "nowhere" is not defined' in lines[2]


def test_the_same_broken_text_is_named_by_each_field_that_has_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "am.yml"
    entry = "{api_url: 'http://x', title: '{{ nosuch }}'}"
    path.write_text(f"route: {{receiver: a}}\nreceivers: [{{name: a, slack_configs: [{entry}, {entry}]}}]\n")
    assert main(["check-config", str(path)]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert "slack_configs[0].title: line 1" in first and "slack_configs[1].title: line 1" in second


def test_a_template_file_that_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "am.yml"
    path.write_text(BROKEN)
    (tmp_path / "b.tmpl").write_text('{{ define "ours" }}')
    assert main(["check-config", str(path)]) == 2
    assert f"{path}: templates[0]: {tmp_path / 'b.tmpl'}: " in capsys.readouterr().err


def test_a_channel_that_does_not_exist_here_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "am.yml"
    path.write_text(
        CONFIG.replace("pagerduty_configs: [{routing_key: secret}]", "webex_configs: [{room_id: a}]")
    )
    assert main(["check-config", str(path)]) == 2
    error = capsys.readouterr().err
    assert "receivers[1].webex_configs[0]: receiver 'pager' asks for webex_configs" in error
