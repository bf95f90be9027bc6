"""Telling a Telegram chat: one message a second, in order, from a queue that is bounded.

Source: Bot API, sendMessage; 429 carries parameters.retry_after.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import aiohttp

from copybot.alerts.messages import Kind, Repeats, Templates
from copybot.ports import BotObserver, Clock

QUEUE = 200
PACE = 1.0  # seconds between messages to one chat
TRIES = 5


class Telegram:
    """Send the bot's alerts to one chat. Without token or chat everything is counted as not sent."""

    def __init__(
        self,
        url: str,
        token: str,
        chat: str,
        templates: Templates,
        repeats: Repeats,
        clock: Clock,
        observer: BotObserver,
    ) -> None:
        self._url, self._token, self._chat = url.rstrip("/"), token, chat
        self._templates, self._repeats, self._clock, self._observer = templates, repeats, clock, observer
        self._queue: deque[str] = deque(maxlen=QUEUE)
        self._filled = asyncio.Event()

    @property
    def on(self) -> bool:
        """Tell whether there is anybody to tell."""
        return bool(self._token and self._chat)

    def tell(self, kind: Kind, **fields: str) -> None:
        """Queue one alert; never waits and never raises."""
        text = self._templates.write(kind, fields)
        if not self.on:
            self._observer.alert("off")
            return
        if kind != "trade" and (behind := self._repeats.admit(text, self._clock())) is None:
            self._observer.alert("held")
            return
        if kind != "trade" and behind and behind > 1:
            text = f"{text}\n({behind} times)"
        if len(self._queue) == QUEUE:
            self._observer.alert("dropped")  # the oldest gives way
        self._queue.append(text)
        self._observer.alerts_waiting(len(self._queue))
        self._filled.set()

    async def run(self) -> None:
        """Send for ever."""
        if not self.on:
            await asyncio.Event().wait()
        timeout = aiohttp.ClientTimeout(total=10.0)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                await self._filled.wait()
                self._filled.clear()
                while self._queue:
                    await self._deliver(session, self._queue.popleft())
                    self._observer.alerts_waiting(len(self._queue))
                    await asyncio.sleep(PACE)

    async def _deliver(self, session: aiohttp.ClientSession, text: str) -> None:
        for attempt in range(TRIES):
            wait = await self._once(session, text)
            if wait is None:
                return
            await asyncio.sleep(max(wait, PACE * 2**attempt))
        self._observer.alert("failed")

    async def _once(self, session: aiohttp.ClientSession, text: str) -> float | None:
        """Send once; return None where it is over, else the least wait before the next try."""
        url = f"{self._url}/bot{self._token}/sendMessage"
        try:
            async with session.post(url, json={"chat_id": self._chat, "text": text}) as response:
                if response.status == 200:
                    self._observer.alert("sent")
                    return None
                if response.status == 429:
                    return retry_after(await response.json(content_type=None))
                if response.status < 500:
                    self._observer.alert("failed")  # a wrong token or chat: again would not help
                    return None
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            pass
        return PACE


def retry_after(answer: Any) -> float:
    """Return the wait that Telegram asks for."""
    try:
        return max(PACE, float(answer["parameters"]["retry_after"]))
    except (KeyError, TypeError, ValueError):
        return PACE
