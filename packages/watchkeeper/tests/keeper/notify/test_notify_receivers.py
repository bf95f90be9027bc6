"""From a configuration to senders: what is read, what is refused by name, where secrets come from."""

import asyncio
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.keeper.alerts.config import parse
from watchkeeper.keeper.alerts.groups import Notification
from watchkeeper.keeper.notify.channels.sender import HttpSender, Voice
from watchkeeper.keeper.notify.channels.settings import Place, Secret
from watchkeeper.keeper.notify.errors import ChannelError, SettingsInvalid
from watchkeeper.keeper.notify.opening import listeners, speech_of
from watchkeeper.keeper.notify.outbox import Line
from watchkeeper.keeper.notify.pace import Limit
from watchkeeper.keeper.notify.receivers import sender_of, template_texts

CONFIG = """
global:
  slack_api_url: http://127.0.0.1:1/services/T/B/geheim
  smtp_smarthost: 127.0.0.1:25
  smtp_from: keeper@example.org
  telegram_bot_token: "1:abcdefgh"
  http_config: {basic_auth: {username: u, password: basicpass}}
templates: ['*.tmpl']
route: {receiver: all}
receivers:
  - name: all
    slack_configs: [{channel: '#a', title: '{{ template "ours" . }}'}, {channel: '#b'}]
    webhook_configs: [{url: 'http://127.0.0.1:1/hook', max_alerts: 3}]
    email_configs: [{to: ops@example.org}]
    telegram_configs: [{chat_id: 7}]
    pagerduty_configs: [{routing_key_file: key}]
    discord_configs: [{webhook_url: 'http://127.0.0.1:1/d'}]
  - name: chat
    telegram_configs: [{chat_id: 8}]
"""


def place(folder: Path, **environment: str) -> Place:
    return Place(folder, folder, environment)


def test_an_existing_configuration_gives_a_sender_for_each_entry(tmp_path: Path) -> None:
    """All kinds, places counted per kind, templates from files, one listener for one bot."""
    (tmp_path / "ours.tmpl").write_text('{{ define "ours" }}OURS{{ end }}')
    (tmp_path / "key").write_text("r0ut1ng-key\n")
    alerting = parse(CONFIG)
    speech = speech_of(alerting, place(tmp_path), "http://keeper", lambda: 0.0)
    kinds = ["webhook", "email", "telegram", "pagerduty", "discord"]
    expected = {Line("all", kind, 0) for kind in kinds}
    expected |= {Line("all", "slack", 0), Line("all", "slack", 1), Line("chat", "telegram", 0)}
    assert set(speech.senders) == expected
    hidden = speech.voice.redactor.text("geheim r0ut1ng-key basicpass http://127.0.0.1:1/services/T/B/geheim")
    assert "r0ut1ng" not in hidden and "basicpass" not in hidden and "services" not in hidden

    async def heard(_: object) -> str:
        return ""

    assert len(listeners(alerting, place(tmp_path), speech.voice, heard)) == 1
    own = {"telegram": {"acknowledge_button": "false"}, "slack": {"rate_limit": {"per_second": "9"}}}
    assert listeners(alerting, place(tmp_path), speech.voice, heard, own) == []
    spoken = speech_of(alerting, place(tmp_path), "", lambda: 0.0, own)
    assert spoken.senders[Line("all", "slack", 1)].limit.per_second == 9


@pytest.mark.parametrize("pattern", ["*/ours.tmpl", "team-[ab]/*.tmpl", "{folder}/*/*.tmpl"])
def test_patterns_of_templates_reach_into_folders(tmp_path: Path, pattern: str) -> None:
    """A star may stand for a folder, too, as in Alertmanager's."""
    (tmp_path / "team-a").mkdir()
    (tmp_path / "team-a/ours.tmpl").write_text('{{ define "ours" }}OURS{{ end }}')
    assert len(template_texts([pattern.replace("{folder}", str(tmp_path))], tmp_path)) == 1


@pytest.mark.parametrize(
    ("kind", "settings", "field"),
    [
        ("webhook", {"url": "x", "max_alert": 1}, "r.max_alert: unknown key; did you mean 'max_alerts'"),
        ("slack", {"api_url": "http://x", "actions": [{"type": "button"}]}, r"r.actions\[0\]: "),
        ("slack", {"api_url": "http://x", "actions": [{"type": "b", "text": "t", "u": 1}]}, "r.actions.*`u`"),
        (
            "webhook",
            {"url": "http://x", "http_config": {"tls_config": {"min_version": "TLS9"}}},
            "r.http_config.tls_config.min_version: unknown TLS version: TLS9",
        ),
        ("webhook", {"url": "http://x", "url_file": "y"}, "r.url: at most one of"),
        ("webhook", {"url_file": "$NOT_SET"}, "r.url_file: NOT_SET is not set"),
        ("webhook", {"url": "x", "http_config": {"oauth2": {}}}, "r.http_config.oauth2: not supported"),
        ("webhook", {"url": "http://x", "timeout": "soon"}, "r.timeout: expected a duration"),
        ("slack", {"api_url": "http://x", "title": "{{ nosuch }}"}, "r.title: line 1: function"),
        ("slack", {"api_url": "x", "fields": [{"title": "{{", "value": ""}]}, r"r.fields\[0\].title: "),
        ("slack", {"api_url": "http://x", "app_token": "y"}, "r.api_url: at most one of"),
        ("slack", {}, "r.api_url: no Slack API URL"),
        ("telegram", {"bot_token": "t"}, "r.chat_id: exactly one"),
        ("telegram", {"bot_token": "t", "chat_id": 1, "parse_mode": "BB"}, "r.parse_mode: invalid enum"),
        ("pagerduty", {"service_key": "k"}, "r.service_key: Events API v1"),
        ("email", {"to": "a@b", "from": "c@d", "smarthost": "nowhere"}, "r.smarthost: expected host:port"),
        ("email", {"to": "nobody", "from": "c@d", "smarthost": "h:25"}, "r.to: missing or no address"),
        ("email", {"to": "a@b", "from": "c@d", "smarthost": "h:25", "tls_config": {"ca_file": "n"}}, "r.tls"),
        ("discord", {}, "r.webhook_url: one of"),
        ("pigeon", {}, "r: no channel of the kind 'pigeon'"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_by_its_field(kind: str, settings: dict[str, Any], field: str) -> None:
    """The error names the path in the file, and what is right."""
    with pytest.raises(SettingsInvalid, match=rf"^{field}"):
        sender_of(kind, settings, "r", place(Path("/nonexistent")), Voice())


def test_a_channel_without_its_library_is_an_error_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """apprise is an extra; without it the configuration says what to install."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(SettingsInvalid, match="needs the library apprise"):
        sender_of("apprise", {"urls": ["json://x"]}, "r", place(Path()), Voice())


async def test_apprise_is_handed_title_text_and_urls(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, notify: Callable[..., Notification]
) -> None:
    """What the library cannot tell is an error to retry; a text that fails goes out plain."""
    library = FakeApprise(good=False)
    monkeypatch.setitem(sys.modules, "apprise", library)
    (tmp_path / "urls").write_text("json://b\njson://c\n")
    settings = {"urls": ["json://a"], "url_file": "urls", "title": "{{ index .Alerts 9 }}"}
    sender = sender_of("apprise", settings, "r", place(tmp_path), Voice())
    with pytest.raises(ChannelError):
        await sender.send(notify(kind="apprise"), "key")
    assert library.urls == ["json://a", "json://b", "json://c"]
    assert library.told["title"] == "[FIRING:1] Down" and "out of range" in library.told["body"]


class FakeApprise:
    """Stands in for the library, whose one answer is whether all went well."""

    def __init__(self, good: bool) -> None:
        self._good = good
        self.urls: list[str] = []
        self.told: dict[str, str] = {}

    def Apprise(self) -> "FakeApprise":
        return self

    def add(self, url: str) -> None:
        self.urls.append(url)

    def notify(self, **told: str) -> bool:
        self.told = told
        return self._good


def test_a_secret_may_stand_in_the_environment_or_a_file_that_changes(tmp_path: Path) -> None:
    """A file is read for every message; one that is gone for a while is an error to retry."""
    file = tmp_path / "token"
    file.write_text("first\n")
    secret = Secret(file=file)
    assert secret.read() == "first"
    file.write_text("second")
    assert secret.read() == "second"
    file.unlink()
    with pytest.raises(ChannelError) as caught:
        secret.read()
    assert caught.value.retryable
    sender = sender_of("webhook", {"url_file": "$HOOK"}, "r", place(tmp_path, HOOK="http://x/y"), Voice())
    assert isinstance(sender, HttpSender)


def test_a_pace_and_a_timeout_are_the_kinds_own_unless_told(tmp_path: Path) -> None:
    """Discord's thirty a minute holds by default; a configuration may set another pace."""
    usual = sender_of("discord", {"webhook_url": "http://x"}, "r", place(tmp_path), Voice())
    assert (usual.limit.per_second, usual.timeout, usual.width) == (0.5, 10.0, 1)
    more = {"rate_limit": {"per_second": 2, "burst": 9}, "timeout": 3.5}
    own = sender_of("discord", {"webhook_url": "http://x", **more}, "r", place(tmp_path), Voice())
    assert (own.limit, own.timeout) == (Limit(2.0, 9), 3.5)


async def test_the_file_and_the_log_get_a_line_for_each_alert(
    tmp_path: Path, notify: Callable[..., Notification], caplog: pytest.LogCaptureFixture
) -> None:
    """The two channels that need no network: whole alerts as JSON, a line for people, no secrets."""
    jsonl = sender_of("jsonl", {"path": "a.jsonl"}, "r", place(tmp_path), Voice())
    log = sender_of("log", {}, "r", place(tmp_path), Voice())
    one = notify(kind="jsonl")
    await jsonl.send(one, "key")
    await jsonl.send(one, "key")
    await log.send(one, "key")
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    assert len(lines) == 2 and '"endsAt":null' in lines[0] and '"key":"key"' in lines[0]
    assert caplog.messages == ["alert firing Down: Down is wrong (since 1970-01-01T00:16:40Z)"]


APPRISE = """
route: {receiver: people}
receivers: [{name: people}]
watchkeeper:
  receivers: [{name: people, apprise_configs: [{urls: ['json://127.0.0.1:PORT/'], title: '{{ .Status }}!'}]}]
"""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # apprise's own, at its import
async def test_the_real_apprise_tells_a_service_by_its_url(
    tmp_path: Path, notify: Callable[..., Notification]
) -> None:
    """With the extra installed, from the section's words to a service of apprise's own on this machine."""
    pytest.importorskip("apprise", reason="needs the extra watchkeeper[apprise]")
    bodies: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.findall(rb"(?i)content-length: *(\d+)", head)[0])
        bodies.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as door:
        text = APPRISE.replace("PORT", str(door.sockets[0].getsockname()[1]))
        speech = speech_of(parse(text), place(tmp_path), "", lambda: 0.0)
        await speech.senders[Line("people", "apprise")].send(notify(kind="apprise"), "key")
    (told,) = [json.loads(body) for body in bodies]
    assert told["title"] == "firing!" and "Down is wrong" in told["message"]
