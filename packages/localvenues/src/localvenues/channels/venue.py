"""The composition: channels opened in order and closed in reverse, `channels.json` when all are ready."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from localvenues.channels.certificate import tls_context
from localvenues.channels.errors import ChannelsError
from localvenues.channels.received import Received
from localvenues.channels.script import Scripts, steps_of
from localvenues.channels.smtp import Mailbox
from localvenues.channels.vendors import NAMES, Vendors

Say = Callable[[str], None]
ALL = (*NAMES, "smtp")


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the files go, which ports (0: free ones), what is answered first.

    login is the user and password that the mail server asks for; empty lets everybody in.
    """

    folder: Path
    http_port: int = 0
    smtp_port: int = 0
    scripts: tuple[tuple[str, str], ...] = ()
    login: tuple[str, str] = ("", "")


class Channels:
    """All channels of one run, on loopback."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self.scripts = Scripts(ALL)
        for channel, text in settings.scripts:
            self.scripts.add(channel, steps_of(text))
        settings.folder.mkdir(parents=True, exist_ok=True)
        self.received = Received(settings.folder / "received.jsonl", clock)
        self.vendors = Vendors(self.scripts, self.received)
        self._stack = AsyncExitStack()
        self._stack.callback(self.received.close)
        self.told: dict[str, Any] = {}

    async def open(self) -> None:
        """Listen on all ports, then write channels.json."""
        tls = tls_context(self._settings.folder)
        mailbox = Mailbox(self.scripts, self.received, tls, self._settings.login)
        await mailbox.open(self._settings.smtp_port)
        self._stack.push_async_callback(mailbox.close)
        port = await self._open_http()
        self.told = document(port, mailbox.port, tls is not None, self._settings.folder)
        self._write()

    async def close(self) -> None:
        await self._stack.aclose()

    async def _open_http(self) -> int:
        app = web.Application(client_max_size=8 << 20)
        app.add_routes(self.vendors.routes())
        app.router.add_get("/received", self._get_received)
        app.router.add_get("/incidents", self._get_incidents)
        app.router.add_post("/script", self._post_script)
        app.router.add_post("/press", self._post_press)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.2)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", self._settings.http_port, reuse_address=True).start()
        return int(runner.addresses[0][1])

    def _write(self) -> None:
        """Write the file in one step: whoever waits for it reads the whole of it."""
        fresh = self._settings.folder / "channels.json.new"
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(self.told), indent=1))
        fresh.replace(self._settings.folder / "channels.json")

    async def _get_received(self, request: web.Request) -> web.Response:
        query = request.query
        found = self.received.of(
            query.get("channel", ""), int(query.get("after") or 0), bool(query.get("taken"))
        )
        return web.Response(body=msgspec.json.encode(found), content_type="application/json")

    async def _get_incidents(self, _: web.Request) -> web.Response:
        return web.json_response(self.vendors.incidents)

    async def _post_script(self, request: web.Request) -> web.Response:
        """Take {"channel": NAME, "steps": "429:2,500,hang"}."""
        try:
            asked = msgspec.json.decode(await request.read(), type=dict[str, str])
            self.scripts.add(asked.get("channel", ""), steps_of(asked.get("steps", "")))
        except (ChannelsError, msgspec.DecodeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(self.scripts.left())

    async def _post_press(self, request: web.Request) -> web.Response:
        """Take {"who": NAME, "message": NUMBER}: somebody presses the button in Telegram."""
        try:
            asked = msgspec.json.decode(await request.read() or b"{}", type=dict[str, Any])
        except msgspec.DecodeError as error:
            return web.json_response({"error": str(error)}, status=400)
        pressed = self.vendors.press(str(asked.get("who", "ana")), int(asked.get("message", 0)))
        return web.json_response({"pressed": pressed}, status=200 if pressed else 404)


def document(port: int, smtp_port: int, starttls: bool, folder: Path) -> dict[str, Any]:
    """Return what channels.json says: where each channel is, in the words of a receiver's settings."""
    root = f"http://127.0.0.1:{port}"
    return {
        "control": root,
        "webhook": {"url": f"{root}/webhook/demo"},
        "slack": {
            "api_url": f"{root}/slack/services/T000/B000/demo",
            "app_url": f"{root}/slack/api/chat.postMessage",
        },
        "discord": {"webhook_url": f"{root}/discord/api/webhooks/1/demo"},
        "telegram": {"api_url": f"{root}/telegram", "bot_token": "100000:demo", "chat_id": 1},
        "pagerduty": {"url": f"{root}/pagerduty/v2/enqueue", "routing_key": "demo"},
        "smtp": {
            "smarthost": f"127.0.0.1:{smtp_port}",
            "starttls": starttls,
            "ca_file": str(folder / "smtp-cert.pem") if starttls else "",
        },
    }


@asynccontextmanager
async def opened(settings: Settings, say: Say) -> AsyncIterator[Channels]:
    """Open all channels, and close them in the end."""
    channels = Channels(settings)
    try:
        await channels.open()
        say(f"channels are ready: {settings.folder / 'channels.json'}")
        yield channels
    finally:
        await channels.close()


async def run(settings: Settings, say: Say) -> None:
    """Serve until cancelled."""
    async with opened(settings, say):
        await asyncio.Event().wait()
