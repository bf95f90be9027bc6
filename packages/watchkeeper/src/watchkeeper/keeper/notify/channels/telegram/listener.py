"""Hears the buttons under a Telegram bot's messages, by long polling: the keeper needs no public address.

Source: Telegram's Bot API (getUpdates, answerCallbackQuery).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from watchkeeper.keeper.notify.channels.settings import Secret
from watchkeeper.keeper.notify.channels.telegram.bot import PREFIX
from watchkeeper.keeper.notify.channels.webhook import json_post
from watchkeeper.keeper.notify.errors import ChannelError
from watchkeeper.keeper.notify.http import Wire
from watchkeeper.keeper.notify.outbox.backoff import backoff
from watchkeeper.keeper.notify.redaction import Redactor
from watchkeeper.keeper.notify.verdict import body_of, refusal, retry_after_of

LOG = logging.getLogger("watchkeeper.notify")

POLL_SECONDS = 25


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody pressed the button: token is what the message carried, who is a name for people."""

    update: int
    query: str
    token: str
    who: str


OnPress = Callable[[Press], Awaitable[str]]
"""Acknowledge, and return what to tell the person who pressed."""


class Listener:
    """Asks for presses, hands each on, and answers the person."""

    def __init__(
        self, api_url: str, token: Secret, on_press: OnPress, wire: Wire, redactor: Redactor | None = None
    ) -> None:
        self._root = api_url.rstrip("/")
        self._token = token
        self._on_press = on_press
        self._wire = wire
        self._redactor = redactor or Redactor()
        self._next = 0

    async def run(self) -> None:
        """Listen until cancelled; a server that cannot be reached is asked again, ever more seldom."""
        failures = 0
        while True:
            try:
                await self.listen(POLL_SECONDS)
                failures = 0
            except ChannelError as error:
                failures += 1
                LOG.warning("Telegram's buttons cannot be heard: %s", self._redactor.text(str(error)))
                await asyncio.sleep(backoff(failures, 0.5, error.retry_after))

    async def listen(self, seconds: int) -> int:
        """Wait so long for presses and handle them; return how many came. Raises ChannelError."""
        asked = {"offset": self._next, "timeout": seconds, "allowed_updates": ["callback_query"]}
        answer = await self._call("getUpdates", asked, seconds + 10.0)
        updates = [one for one in answer.get("result", []) if isinstance(one, dict)]
        for update in updates:
            # Confirmed with the next question only: a crash in between hears the press again.
            self._next = max(self._next, int(update.get("update_id", 0)) + 1)
            press = press_of(update)
            if press is not None:
                await self._handle(press)
        return len(updates)

    async def _handle(self, press: Press) -> None:
        told = await self._on_press(press)
        try:
            await self._call(
                "answerCallbackQuery", {"callback_query_id": press.query, "text": told[:200]}, 10.0
            )
        except ChannelError as error:
            LOG.info("a press was heard and could not be answered: %s", self._redactor.text(str(error)))

    async def _call(self, method: str, document: dict[str, Any], seconds: float) -> dict[str, Any]:
        request = json_post(f"{self._root}/bot{self._token.read()}/{method}", document)
        try:
            async with asyncio.timeout(seconds):
                answer = await self._wire.exchange(request)
        except TimeoutError:
            raise ChannelError(f"{method}: no answer", reason="timeout") from None
        error = refusal(answer.status, answer.text, (429,), retry_after_of(answer))
        if error is not None:
            raise error
        return body_of(answer)


def press_of(update: dict[str, Any]) -> Press | None:
    """Return the press that an update tells of, None where it is of something else."""
    query = update.get("callback_query")
    data = query.get("data") if isinstance(query, dict) else None
    if not isinstance(query, dict) or not isinstance(data, str) or not data.startswith(PREFIX):
        return None
    number, name = int(update.get("update_id", 0)), name_of(query.get("from"))
    return Press(number, str(query.get("id", "")), data[len(PREFIX) :], f"{name} (Telegram)")


def name_of(person: object) -> str:
    """Return what people call the one who pressed."""
    told = person if isinstance(person, dict) else {}
    return str(told.get("username") or told.get("first_name") or told.get("id", "somebody"))
