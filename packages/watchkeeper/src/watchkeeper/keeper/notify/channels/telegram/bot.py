"""Messages of a Telegram bot.

Source: Telegram's Bot API (sendMessage, InlineKeyboardMarkup); settings as Alertmanager's telegram_configs.
"""

from __future__ import annotations

from typing import Any, Literal

from watchkeeper.keeper.notify.channels.settings import ChannelSettings, Place, Secret, required, secret
from watchkeeper.keeper.notify.channels.webhook import json_post
from watchkeeper.keeper.notify.errors import ChannelError, SettingsInvalid
from watchkeeper.keeper.notify.http import Answer, Request
from watchkeeper.keeper.notify.message import View, plain_text
from watchkeeper.keeper.notify.message.texts import Writing
from watchkeeper.keeper.notify.pace import Limit
from watchkeeper.keeper.notify.truncation import utf16
from watchkeeper.keeper.notify.verdict import body_of, refusal, retry_after_of

# A chat takes about one message a second.
LIMIT = Limit(per_second=1.0, burst=5)
TEXT_UNITS = 4096
API_URL = "https://api.telegram.org"
BUTTON = "Acknowledge"
PREFIX = "ack:"


class TelegramSettings(ChannelSettings, frozen=True, kw_only=True):
    """An entry of `telegram_configs`; acknowledge_button is ours."""

    api_url: str = API_URL
    bot_token: str = ""
    bot_token_file: str = ""
    chat_id: int = 0
    chat_id_file: str = ""
    message_thread_id: int = 0
    message: str = '{{ template "telegram.default.message" . }}'
    disable_notifications: bool = False
    parse_mode: Literal["HTML", "Markdown", "MarkdownV2", ""] = "HTML"
    acknowledge_button: bool = True


class Telegram:
    """Sends to one chat."""

    kind = "telegram"
    acknowledges = True

    def __init__(self, settings: TelegramSettings, token: Secret, chat: Secret) -> None:
        self._settings = settings
        self._token = token
        self._chat = chat

    @classmethod
    def of(cls, settings: TelegramSettings, path: str, place: Place) -> Telegram:
        """Return it from settings; raises SettingsInvalid."""
        told = "missing bot_token or bot_token_file"
        token = required(secret(settings, "bot_token", path, place), field=f"{path}.bot_token", told=told)
        if bool(settings.chat_id) == bool(settings.chat_id_file):
            raise SettingsInvalid(
                f"{path}.chat_id", "exactly one of chat_id & chat_id_file must be configured"
            )
        chat = Secret(file=place.path(settings.chat_id_file)) if settings.chat_id_file else Secret()
        return cls(settings, token, chat or Secret(str(settings.chat_id)))

    def rich(self, view: View, writing: Writing) -> Request:
        html = self._settings.parse_mode == "HTML"
        text = writing.text("message", self._settings.message, html=html)
        short, cut = utf16(text, TEXT_UNITS)
        # A text cut in the middle may end inside a tag, and Telegram would refuse it.
        if cut and self._settings.parse_mode:
            return self.plain(view, "")
        mode = {"parse_mode": self._settings.parse_mode} if self._settings.parse_mode else {}
        return self._post(view, {"text": short, **mode})

    def plain(self, view: View, failure: str) -> Request:
        return self._post(view, {"text": utf16(plain_text(view, failure), TEXT_UNITS)[0]})

    def verdict(self, answer: Answer) -> ChannelError | None:
        if answer.status == 200 and body_of(answer).get("ok") is not True:
            return ChannelError("Telegram's answer is not one of its own", reason="serverError")
        return refusal(answer.status, answer.text, (429,), retry_after_of(answer))

    def _post(self, view: View, document: dict[str, Any]) -> Request:
        chat = self._chat.read()
        document |= {"chat_id": int(chat) if chat.lstrip("-").isdecimal() else chat}
        document |= {"disable_notification": self._settings.disable_notifications}
        document |= {"disable_web_page_preview": True}
        if self._settings.message_thread_id:
            document["message_thread_id"] = self._settings.message_thread_id
        if view.ack_token and self._settings.acknowledge_button:
            button = {"text": BUTTON, "callback_data": PREFIX + view.ack_token}
            document["reply_markup"] = {"inline_keyboard": [[button]]}
        root = self._settings.api_url.rstrip("/")
        return json_post(f"{root}/bot{self._token.read()}/sendMessage", document)
