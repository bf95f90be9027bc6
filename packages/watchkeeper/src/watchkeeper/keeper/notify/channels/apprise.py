"""Everything else, through the library `apprise` (an optional extra): over a hundred services by URL."""

from __future__ import annotations

import asyncio
import importlib
from typing import Any

import msgspec

from watchkeeper.keeper.alerts.groups import Notification
from watchkeeper.keeper.notify.channels.sender import Voice
from watchkeeper.keeper.notify.channels.settings import ChannelSettings, Place, Secret, secret
from watchkeeper.keeper.notify.errors import ChannelError, SettingsInvalid, TextFailed
from watchkeeper.keeper.notify.message import plain_text, subject
from watchkeeper.keeper.notify.pace import Limit

LIMIT = Limit(per_second=1.0, burst=5)


class AppriseSettings(ChannelSettings, frozen=True, kw_only=True):
    """An entry of `apprise_configs`, our own key: URLs in apprise's notation."""

    urls: list[str] = msgspec.field(default_factory=list)
    url_file: str = ""
    url: str = ""
    title: str = '{{ template "apprise.default.title" . }}'
    message: str = '{{ template "apprise.default.message" . }}'


class AppriseSender:
    """Hands a title and a text to apprise, which says only whether all went well."""

    kind = "apprise"
    width = 1

    def __init__(
        self, settings: AppriseSettings, url: Secret, voice: Voice, timeout: float, limit: Limit
    ) -> None:
        self._settings = settings
        self._url = url
        self._voice = voice
        self.timeout = timeout
        self.limit = limit

    @classmethod
    def of(
        cls, settings: AppriseSettings, path: str, place: Place, voice: Voice, timeout: float, limit: Limit
    ) -> AppriseSender:
        """Return it from settings; raises SettingsInvalid, also where the library is not installed."""
        url = secret(settings, "url", path, place)
        if not url and not settings.urls:
            raise SettingsInvalid(f"{path}.urls", "at least one URL must be configured")
        try:
            importlib.import_module("apprise")
        except ImportError:
            raise SettingsInvalid(path, "needs the library apprise: install watchkeeper[apprise]") from None
        return cls(settings, url, voice, timeout, limit)

    async def send(self, notification: Notification, key: str) -> None:
        view = self._voice.view(notification, key)
        if view.acknowledged:
            return
        try:
            writing = self._voice.texts.of(view)
            title = writing.text("title", self._settings.title)
            text = writing.text("message", self._settings.message)
        except TextFailed as failure:
            title, text = subject(view), plain_text(view, str(failure))
        library: Any = importlib.import_module("apprise")
        post = library.Apprise()
        for url in [*self._settings.urls, *self._url.read().splitlines()]:
            post.add(url)
        if not await asyncio.to_thread(post.notify, body=text, title=title):
            raise ChannelError("apprise could not tell all of its services")
