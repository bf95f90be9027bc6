"""Slack: an incoming webhook, or chat.postMessage with an app's token.

Source: Slack's pages on incoming webhooks and chat.postMessage; settings as Alertmanager's slack_configs.
"""

from __future__ import annotations

from typing import Any

import msgspec

from watchkeeper.keeper.notify.channels.settings import ChannelSettings, Node, Place, Secret, required, secret
from watchkeeper.keeper.notify.channels.webhook import json_post
from watchkeeper.keeper.notify.errors import ChannelError, SettingsInvalid
from watchkeeper.keeper.notify.http import Answer, Headers, Request
from watchkeeper.keeper.notify.message import View, plain_text
from watchkeeper.keeper.notify.message.texts import Writing
from watchkeeper.keeper.notify.pace import Limit
from watchkeeper.keeper.notify.truncation import runes
from watchkeeper.keeper.notify.verdict import body_of, refusal, retry_after_of

LIMIT = Limit(per_second=1.0, burst=5)
TITLE_RUNES = 1024
TEXT_RUNES = 40_000
RETRYABLE = frozenset({"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"})
APP_URL = "https://slack.com/api/chat.postMessage"


class SlackField(Node, frozen=True, kw_only=True):
    """A field of an attachment."""

    title: str
    value: str
    short: bool | None = None


class SlackConfirm(Node, frozen=True, kw_only=True):
    """What is asked before an action."""

    text: str
    title: str = ""
    ok_text: str = ""
    dismiss_text: str = ""


class SlackAction(Node, frozen=True, kw_only=True):
    """A button below an attachment."""

    type: str
    text: str
    url: str = ""
    style: str = ""
    name: str = ""
    value: str = ""
    confirm: SlackConfirm | None = None


class SlackSettings(ChannelSettings, frozen=True, kw_only=True):
    """An entry of `slack_configs`."""

    api_url: str = ""
    api_url_file: str = ""
    app_token: str = ""
    app_token_file: str = ""
    app_url: str = APP_URL
    channel: str = ""
    username: str = '{{ template "slack.default.username" . }}'
    color: str = '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}'
    title: str = '{{ template "slack.default.title" . }}'
    title_link: str = '{{ template "slack.default.titlelink" . }}'
    pretext: str = '{{ template "slack.default.pretext" . }}'
    text: str = '{{ template "slack.default.text" . }}'
    fallback: str = '{{ template "slack.default.fallback" . }}'
    callback_id: str = '{{ template "slack.default.callbackid" . }}'
    footer: str = '{{ template "slack.default.footer" . }}'
    icon_emoji: str = '{{ template "slack.default.iconemoji" . }}'
    icon_url: str = '{{ template "slack.default.iconurl" . }}'
    image_url: str = ""
    thumb_url: str = ""
    message_text: str = ""
    fields: list[SlackField] = msgspec.field(default_factory=list)
    short_fields: bool = False
    link_names: bool = False
    mrkdwn_in: list[str] = msgspec.field(default_factory=lambda: ["fallback", "pretext", "text"])
    actions: list[SlackAction] = msgspec.field(default_factory=list)
    blocks: Any = None
    update_message: bool = False


class Slack:
    """Posts one attachment."""

    kind = "slack"
    acknowledges = True

    def __init__(self, settings: SlackSettings, url: Secret, token: Secret) -> None:
        self._settings = settings
        self._url = url
        self._token = token

    @classmethod
    def of(cls, settings: SlackSettings, path: str, place: Place) -> Slack:
        """Return it from settings; raises SettingsInvalid."""
        token = secret(settings, "app_token", path, place)
        url = secret(settings, "api_url", path, place)
        if url and token and url.value != settings.app_url:
            raise SettingsInvalid(f"{path}.api_url", "at most one of api_url & app_token must be configured")
        if settings.update_message:
            raise SettingsInvalid(f"{path}.update_message", "messages are not changed afterwards here")
        if settings.blocks is not None:
            raise SettingsInvalid(f"{path}.blocks", "not supported; use the fields of an attachment")
        told = "no Slack API URL nor app token set either inline or in a file"
        found = required(
            url, Secret(settings.app_url) if token else Secret(), field=f"{path}.api_url", told=told
        )
        return cls(settings, found, token)

    def rich(self, view: View, writing: Writing) -> Request:
        texts = {name: writing.text(name, getattr(self._settings, name)) for name in TEXTS}
        outside = {name: texts.pop(name) for name in OUTSIDE}
        attachment: dict[str, Any] = {name: text for name, text in texts.items() if text}
        attachment["title"] = runes(texts["title"], TITLE_RUNES)[0]
        attachment["text"] = runes(texts["text"], TEXT_RUNES)[0]
        attachment["mrkdwn_in"] = self._settings.mrkdwn_in
        attachment["fields"] = [self._field(one, writing) for one in self._settings.fields]
        attachment["actions"] = [written(told(action), writing) for action in self._settings.actions]
        document = {name: text for name, text in outside.items() if text and name != "message_text"}
        if outside["message_text"]:
            document["text"] = runes(outside["message_text"], TEXT_RUNES)[0]
        return self._post({**document, "link_names": self._settings.link_names, "attachments": [attachment]})

    def plain(self, view: View, failure: str) -> Request:
        channel = {} if "{{" in self._settings.channel else {"channel": self._settings.channel}
        text = runes(plain_text(view, failure), TEXT_RUNES)[0]
        return self._post({**{name: value for name, value in channel.items() if value}, "text": text})

    def verdict(self, answer: Answer) -> ChannelError | None:
        if answer.status != 200:
            return refusal(answer.status, answer.text, (429,), retry_after_of(answer))
        body = body_of(answer)
        if body.get("ok", True):
            return None
        error = str(body.get("error", "unknown error"))
        return ChannelError(
            f"Slack said {error}", retryable=error in RETRYABLE, retry_after=retry_after_of(answer)
        )

    def _field(self, one: SlackField, writing: Writing) -> dict[str, Any]:
        short = self._settings.short_fields if one.short is None else one.short
        title, value = writing.text("fields", one.title), writing.text("fields", one.value)
        return {"title": title, "value": value, "short": short}

    def _post(self, document: dict[str, Any]) -> Request:
        headers: Headers = (("Authorization", f"Bearer {self._token.read()}"),) if self._token else ()
        return json_post(self._url.read(), document, headers)


OUTSIDE = ("channel", "username", "icon_emoji", "icon_url", "message_text")
TEXTS = (
    *OUTSIDE, "color", "title", "title_link", "pretext", "text", "fallback", "callback_id", "footer",
    "image_url", "thumb_url",
)  # fmt: skip


def told(node: Node) -> dict[str, Any]:
    """Return what a node tells, without what it leaves open."""
    pairs = msgspec.structs.asdict(node).items()
    return {name: told(one) if isinstance(one, Node) else one for name, one in pairs if one}


def written(value: Any, writing: Writing) -> Any:
    """Return a value with every text in it expanded."""
    if isinstance(value, str):
        return writing.text("actions", value)
    if isinstance(value, dict):
        return {key: written(inner, writing) for key, inner in value.items()}
    return [written(inner, writing) for inner in value] if isinstance(value, list) else value
