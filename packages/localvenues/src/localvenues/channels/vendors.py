"""The HTTP channels: what each one answers, and what it keeps in mind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from localvenues.channels import shapes
from localvenues.channels.errors import MessageRefused
from localvenues.channels.received import Received
from localvenues.channels.script import Scripts, Step

HANG_SECONDS = 3600.0
STATES = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}
NAMES = ("webhook", "slack", "discord", "telegram", "pagerduty")

Take = Callable[[web.Request, dict[str, Any]], web.Response]


class Vendors:
    """Takes the messages of all HTTP channels."""

    def __init__(self, scripts: Scripts, received: Received) -> None:
        self._scripts = scripts
        self._received = received
        # PagerDuty's incidents: dedup_key to the state of the incident.
        self.incidents: dict[str, str] = {}
        self._updates: list[dict[str, Any]] = []
        self._fresh = asyncio.Event()
        self._sent: list[dict[str, Any]] = []

    def routes(self) -> list[web.RouteDef]:
        """Return where the vendors listen; the tail of a path names who is told."""
        chat = self._chat
        return [
            web.post("/webhook/{to:.*}", self._door("webhook", shapes.check_webhook, well)),
            web.post("/slack/services/{to:.*}", self._door("slack", shapes.check_slack, well)),
            web.post("/slack/api/chat.postMessage", self._door("slack", shapes.check_slack, self._slack_api)),
            web.post("/discord/api/webhooks/{to:.*}", self._door("discord", shapes.check_discord, empty)),
            web.post("/pagerduty/v2/enqueue", self._door("pagerduty", shapes.check_pagerduty, self._event)),
            web.post("/telegram/bot{to}/sendMessage", self._door("telegram", shapes.check_telegram, chat)),
            web.post("/telegram/bot{to}/getUpdates", self._get_updates),
            web.post("/telegram/bot{to}/answerCallbackQuery", self._answer_press),
        ]

    def press(self, who: str, message: int = 0) -> bool:
        """Press the button under a Telegram message (0: the last one that has one)."""
        with_buttons = [one for one in self._sent if one["data"] and message in (0, one["message_id"])]
        if not with_buttons:
            return False
        number = len(self._updates) + 1
        query = {
            "id": f"press-{number}",
            "from": {"id": 1000 + number, "first_name": who, "username": who},
            "message": {"message_id": with_buttons[-1]["message_id"]},
            "data": with_buttons[-1]["data"],
        }
        self._updates.append({"update_id": number, "callback_query": query})
        self._fresh.set()
        return True

    def _door(
        self, channel: str, check: Callable[[Any], None], take: Take
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Return a handler: read, follow the script, check the shape, take, answer."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                body = await read(request)
            except ConnectionError:
                return cut(request)  # the sender died in the middle
            step = self._scripts.next(channel)
            to, key = request.match_info.get("to", ""), request.headers.get("Idempotency-Key", "")
            if step.kind == "status" and step.status // 100 != 2:
                self._received.note(channel, body, answer=step.status, taken=False, to=to, key=key)
                return refusal(channel, step)
            try:
                check(body if isinstance(body, dict) else {})
            except (MessageRefused, TypeError, ValueError, AttributeError) as error:
                self._received.note(channel, body, answer=400, taken=False, to=to, key=key)
                return refused(channel, str(error))
            if step.kind == "reset":
                self._received.note(channel, body, answer=0, taken=False, to=to, key=key)
                return cut(request)
            answer = take(request, body)
            told = 0 if step.kind in ("hang", "half-close") else answer.status
            self._received.note(channel, body, answer=told, taken=True, to=to, key=key)
            return await delayed(request, step, answer)

        return handle

    def _slack_api(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return web.json_response({"ok": False, "error": "not_authed"})
        if not body.get("channel"):
            return web.json_response({"ok": False, "error": "channel_not_found"})
        return web.json_response({"ok": True, "channel": body["channel"], "ts": "1.0"})

    def _event(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        key = body.get("dedup_key") or f"made-{len(self.incidents) + 1}"
        state = STATES[body["event_action"]]
        # As at PagerDuty: words about an incident that nobody triggered change nothing.
        if state == "triggered":
            if self.incidents.get(key) != "acknowledged":
                self.incidents[key] = state
        elif self.incidents.get(key) not in (None, "resolved"):
            self.incidents[key] = state
        said = {"status": "success", "message": "Event processed", "dedup_key": key}
        return web.json_response(said, status=202)

    def _chat(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        rows = (body.get("reply_markup") or {}).get("inline_keyboard", [])
        data = next((button.get("callback_data", "") for row in rows for button in row), "")
        number = len(self._sent) + 1
        self._sent.append({"message_id": number, "data": data})
        result = {"message_id": number, "date": 0, "chat": {"id": body["chat_id"]}, "text": body["text"]}
        return web.json_response({"ok": True, "result": result})

    async def _get_updates(self, request: web.Request) -> web.StreamResponse:
        body = await read(request)
        asked = body if isinstance(body, dict) else {}
        offset, seconds = int(asked.get("offset") or 0), min(float(asked.get("timeout") or 0), 50.0)
        if not self._beyond(offset):
            self._fresh.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._fresh.wait()
            except TimeoutError:
                pass
        return web.json_response({"ok": True, "result": self._beyond(offset)})

    def _beyond(self, offset: int) -> list[dict[str, Any]]:
        return [one for one in self._updates if one["update_id"] >= offset]

    async def _answer_press(self, request: web.Request) -> web.StreamResponse:
        body = await read(request)
        self._received.note("telegram-answer", body, answer=200, taken=True)
        return web.json_response({"ok": True, "result": True})


def well(request: web.Request, body: dict[str, Any]) -> web.Response:
    """Say ok."""
    return web.Response(text="ok")


def empty(request: web.Request, body: dict[str, Any]) -> web.Response:
    """Say that there is nothing to say."""
    return web.Response(status=204)


async def read(request: web.Request) -> Any:
    """Return the JSON body, or its text where it is none."""
    raw = await request.read()
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return raw.decode("utf-8", "replace")


async def delayed(request: web.Request, step: Step, answer: web.Response) -> web.StreamResponse:
    """Answer as a step says: at once, late, by half, or never."""
    if step.kind == "hang":
        await asyncio.sleep(HANG_SECONDS)
    if step.kind == "slow":
        await asyncio.sleep(step.seconds)
    if step.kind == "half-close":
        transport = request.transport
        if transport is not None:
            transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            transport.close()
    return answer


def cut(request: web.Request) -> web.Response:
    """Close the connection before an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def refusal(channel: str, step: Step) -> web.Response:
    """Return a scripted status in the vendor's own form."""
    headers = {"Retry-After": f"{step.seconds:g}"} if step.status == 429 and step.seconds else {}
    if channel == "telegram":
        said: dict[str, Any] = {"ok": False, "error_code": step.status, "description": "scripted"}
        said |= {"parameters": {"retry_after": step.seconds}} if headers else {}
        # Telegram says it in the body alone.
        return web.json_response(said, status=step.status)
    if channel == "discord" and headers:
        said = {"message": "You are being rate limited.", "retry_after": step.seconds, "global": False}
        return web.json_response(said, status=429, headers=headers)
    return web.Response(status=step.status, text="scripted", headers=headers)


def refused(channel: str, why: str) -> web.Response:
    """Return what a vendor says of a message that has not its shape."""
    if channel == "telegram":
        return web.json_response({"ok": False, "error_code": 400, "description": why}, status=400)
    if channel == "pagerduty":
        said = {"status": "invalid event", "message": "Event object is invalid", "errors": [why]}
        return web.json_response(said, status=400)
    if channel == "discord":
        return web.json_response({"code": 50035, "message": "Invalid Form Body", "errors": why}, status=400)
    return web.Response(status=400, text=why)
