"""A desk behind a real server in a thread of its own, for tests that speak to it over HTTP."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import Any

import pytest
from starlette.applications import Starlette

from watchkeeper.keeper.alertdesk import AlertDesk
from watchkeeper.keeper.alerts import Notification
from watchkeeper.keeper.alerts.config import parse
from watchkeeper.keeper.alertstore import AlertStore
from watchkeeper.keeper.answering import Answering
from watchkeeper.keeper.deadman import Expectations, Expected, PingBook
from watchkeeper.keeper.guard import Limits, Pressure, StressGuard
from watchkeeper.keeper.notify.errors import ChannelError
from watchkeeper.keeper.notify.outbox import Line, Outbox
from watchkeeper.keeper.notify.pace import Limit
from watchkeeper.keeper.notify.tokens import Tokens
from watchkeeper.keeper.serving import bind, server
from watchkeeper.keeper.web import alertmanager

PLAIN = """
route: {receiver: people, group_by: [alertname], group_wait: 200ms, group_interval: 1s, repeat_interval: 1h}
receivers:
- name: people
- name: others
"""


Ask = Callable[..., tuple[int, Any]]


class Standing:
    """The desk's address, what it has told, and what stands around it."""

    def __init__(self) -> None:
        self.told: list[Notification] = []
        self.tried: list[Notification] = []
        self.refusal = ""
        self.pressure = Pressure(10, 10)
        self.url = ""
        self.desk: AlertDesk
        self.guard: StressGuard
        self.tokens: Tokens
        self.outbox: Outbox

    async def carry(self, notifications: Sequence[Notification]) -> None:
        self.told += notifications
        await self.outbox.put(notifications)

    def ask(self, path: str, method: str = "GET", body: object = None, **headers: str) -> tuple[int, Any]:
        """Return status and JSON of an answer; a body of bytes is sent as it is."""
        return ask(self.url + path, method, body, **headers)


@dataclass(frozen=True)
class Voiceless:
    """A channel that keeps what it is given, or refuses it."""

    kind: str
    standing: Standing
    timeout: float = 5.0
    limit: Limit = field(default_factory=Limit)
    width: int = 1

    async def send(self, notification: Notification, key: str) -> None:
        if self.standing.refusal:
            raise ChannelError(self.standing.refusal)
        self.standing.tried.append(notification)


def ask(url: str, method: str = "GET", body: object = None, **headers: str) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    kind = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
    request = urllib.request.Request(url, data, kind, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            status, text = error.code, error.read()
    return status, json.loads(text) if text.strip() else None


@contextmanager
def standing(folder: Path, config: str = PLAIN, most: int = 50_000) -> Iterator[Standing]:
    """Run a desk and its server until the block ends."""
    found, ready, over = Standing(), threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def life() -> None:
        loops.append(asyncio.get_running_loop())
        store = AlertStore.open(folder)
        found.desk = AlertDesk(parse(config), store, store.memory(), found.carry, time, most)
        app = Starlette(routes=alertmanager.routes())
        app.state.alerting, app.state.version = found.desk, "test"
        app.state.guard = found.guard = StressGuard(Limits(hold=0), lambda: found.pressure, time)
        expected = [Expected("nightly", 3600)]
        app.state.pings = PingBook(Expectations.of(expected, time()), folder / "pings.json")
        senders = {Line("people", kind): Voiceless(kind, found) for kind in ("slack", "pagerduty")}
        app.state.senders = senders
        app.state.outbox = found.outbox = Outbox(folder / "outbox.db", senders, time)
        found.tokens = Tokens(b"k" * 32)
        app.state.answering = Answering(found.desk, found.tokens)
        door = bind("127.0.0.1", 0)
        found.url = f"http://127.0.0.1:{door.getsockname()[1]}"
        serving = server(app)
        tasks = [asyncio.create_task(one) for one in (found.desk.run(), found.outbox.run())]
        answering = asyncio.create_task(serving.serve(sockets=[door]))
        ready.set()
        await over.wait()
        serving.finish()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await answering
        found.outbox.close()
        store.close()

    thread = threading.Thread(target=lambda: asyncio.run(life()), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield found
    finally:
        loops[0].call_soon_threadsafe(over.set)
        thread.join(20)


Stand = Callable[..., Standing]


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """Return what makes a desk stand until the test ends: (config, most) or nothing."""
    with ExitStack() as stack:

        def standing_here(config: str = PLAIN, most: int = 50_000) -> Standing:
            return stack.enter_context(standing(tmp_path / "desk", config, most))

        yield standing_here


@pytest.fixture
def stand_in() -> Callable[..., AbstractContextManager[Standing]]:
    """Return the desk as a context, for tests that end it and begin it anew."""
    return standing


@pytest.fixture(name="ask")
def asking() -> Ask:
    """Return (url, method, body) -> status and JSON."""
    return ask
