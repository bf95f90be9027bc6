"""The agent's own thread with its own loop, where the server, the checks and the sweeps live."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from threading import Event, Thread, current_thread

from watchkeeper.agent.settings import Listen
from watchkeeper.agent.turn import Turn

LOG = logging.getLogger("watchkeeper.agent")
JOIN_SECONDS = 2.0


class Household:
    """A thread that runs one coroutine function until told to stop; a failure is logged, never raised."""

    def __init__(self, live: Callable[[asyncio.Event], Coroutine[object, object, None]], turn: Turn) -> None:
        self._live = live
        self._turn = turn
        self._loop: asyncio.AbstractEventLoop | None = None
        self._enough: asyncio.Event | None = None
        self._up = Event()
        self._thread = Thread(target=self._run, name="watchkeeper-agent", daemon=True)

    def start(self) -> None:
        """Start the thread and wait until its loop runs."""
        self._thread.start()
        self._up.wait(JOIN_SECONDS)

    def stop(self) -> None:
        """Tell the coroutine that it is enough and wait for a moment; safe from any thread."""
        if self._loop is None or self._enough is None:
            return
        try:
            self._loop.call_soon_threadsafe(self._enough.set)
        except RuntimeError:  # the loop is closed already
            return
        if current_thread() is not self._thread:
            self._thread.join(JOIN_SECONDS)

    def call(self, function: Callable[..., object], *args: object) -> None:
        """Call a function on the agent's loop."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(function, *args)

    def _run(self) -> None:
        self._loop = self._turn.loop()
        self._enough = asyncio.Event()
        self._loop.call_soon(self._up.set)
        try:
            self._loop.run_until_complete(self._live(self._enough))
        except Exception:
            LOG.exception("the agent stopped; the bot goes on without it")
        finally:
            _wind_up(self._loop)
            self._turn.working = False


def _wind_up(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left, timeout=1.0))
    loop.close()


def bound(listen: Listen) -> socket.socket:
    """Return a listening socket; raise `OSError` when the port is taken."""
    family, _, _, _, address = socket.getaddrinfo(listen.host, listen.port, type=socket.SOCK_STREAM)[0]
    door = socket.socket(family, socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
        door.listen(64)
        door.setblocking(False)
    except OSError:
        door.close()
        raise
    return door


def abandon(door: socket.socket) -> None:
    """Close a forked child's copy of the listening socket, without touching the parent's poll set."""
    if (descriptor := door.detach()) >= 0:
        os.close(descriptor)
