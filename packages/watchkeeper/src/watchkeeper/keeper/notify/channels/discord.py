"""Discord: an incoming webhook with one embed.

Source: Discord's API description (execute webhook); settings as Alertmanager's discord_configs.
"""

from __future__ import annotations

from typing import Any

from watchkeeper.keeper.notify.channels.settings import ChannelSettings, Place, Secret, required, secret
from watchkeeper.keeper.notify.channels.webhook import json_post
from watchkeeper.keeper.notify.errors import ChannelError
from watchkeeper.keeper.notify.http import Answer, Request
from watchkeeper.keeper.notify.message import View, plain_text
from watchkeeper.keeper.notify.message.texts import Writing
from watchkeeper.keeper.notify.pace import Limit
from watchkeeper.keeper.notify.truncation import runes
from watchkeeper.keeper.notify.verdict import refusal, retry_after_of

# A webhook may be used 30 times a minute.
LIMIT = Limit(per_second=0.5, burst=5)
TITLE_RUNES, DESCRIPTION_RUNES, CONTENT_RUNES, USERNAME_RUNES = 256, 4096, 2000, 80
# All texts of all embeds of a message together.
EMBED_RUNES = 6000
RED, GREEN, GREY = 0xE01E5A, 0x2EB67D, 0x95A5A6


class DiscordSettings(ChannelSettings, frozen=True, kw_only=True):
    """An entry of `discord_configs`."""

    webhook_url: str = ""
    webhook_url_file: str = ""
    title: str = '{{ template "discord.default.title" . }}'
    message: str = '{{ template "discord.default.message" . }}'
    content: str = '{{ template "discord.default.content" . }}'
    username: str = ""
    avatar_url: str = ""


class Discord:
    """Posts one embed."""

    kind = "discord"
    acknowledges = True

    def __init__(self, settings: DiscordSettings, url: Secret) -> None:
        self._settings = settings
        self._url = url

    @classmethod
    def of(cls, settings: DiscordSettings, path: str, place: Place) -> Discord:
        """Return it from settings; raises SettingsInvalid."""
        told = "one of webhook_url or webhook_url_file must be configured"
        url = required(secret(settings, "webhook_url", path, place), field=f"{path}.webhook_url", told=told)
        return cls(settings, url)

    def rich(self, view: View, writing: Writing) -> Request:
        settings = self._settings
        title = runes(writing.text("title", settings.title), TITLE_RUNES)[0]
        room = min(DESCRIPTION_RUNES, EMBED_RUNES - len(title))
        message = runes(writing.text("message", settings.message), room)[0]
        document: dict[str, Any] = {
            "content": runes(writing.text("content", settings.content), CONTENT_RUNES)[0],
            "embeds": [{"title": title, "description": message, "color": colour(view)}],
        }
        username = runes(writing.text("username", settings.username), USERNAME_RUNES)[0]
        avatar = writing.text("avatar_url", settings.avatar_url)
        document |= {"username": username} if username else {}
        document |= {"avatar_url": avatar} if avatar else {}
        return json_post(self._url.read(), document)

    def plain(self, view: View, failure: str) -> Request:
        content = runes(plain_text(view, failure), CONTENT_RUNES)[0]
        # Nobody is called by a text that was not meant to be read by Discord.
        return json_post(self._url.read(), {"content": content, "allowed_mentions": {"parse": []}})

    def verdict(self, answer: Answer) -> ChannelError | None:
        return refusal(answer.status, answer.text, (429,), retry_after_of(answer))


def colour(view: View) -> int:
    """Return the colour of the embed's edge."""
    if view.acknowledged:
        return GREY
    return RED if view.firing else GREEN
