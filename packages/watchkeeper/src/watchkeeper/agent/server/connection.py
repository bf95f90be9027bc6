"""One client's connection: requests in, answers out, within limits of size, time and number."""

import asyncio
from collections.abc import Callable, Coroutine

from watchkeeper.agent.server.request import BadRequest, Request, split
from watchkeeper.agent.server.response import Response, plain, wire

Handler = Callable[[Request], Response | Coroutine[object, object, Response]]

MOST_CONNECTIONS = 32
HEAD_SECONDS = 5.0  # to send a whole head: a slow one is cut off
IDLE_SECONDS = 75.0  # between two requests: longer than the usual scrape interval
WRITE_SECONDS = 10.0  # to take an answer


class Connections:
    """The open connections; one tick a second looks after their deadlines, none while there are none."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self._open: dict[Connection, None] = {}
        self._loop = asyncio.get_running_loop()
        self._tick: asyncio.TimerHandle | None = None

    def connect(self) -> "Connection":
        """Return the protocol of a new connection."""
        return Connection(self)

    def admit(self, connection: "Connection") -> None:
        """Take in a connection; where there are too many, the one that waits longest has to go."""
        self._open[connection] = None
        if len(self._open) > MOST_CONNECTIONS:
            waiting = next((one for one in self._open if not one.busy()), connection)
            waiting.abort()
        if self._tick is None:
            self._tick = self._loop.call_later(1.0, self._sweep)

    def forget(self, connection: "Connection") -> None:
        """Let go of a connection that is closed."""
        self._open.pop(connection, None)

    async def close(self) -> None:
        """Close all, and let their sockets go before the loop does."""
        for connection in tuple(self._open):
            connection.abort()
        if self._tick is not None:
            self._tick.cancel()
        await asyncio.sleep(0)

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in tuple(self._open):
            if now > connection.deadline:
                connection.abort()
        self._tick = self._loop.call_later(1.0, self._sweep) if self._open else None


class Connection(asyncio.Protocol):
    """Reads requests one after the other and answers them in order; a probe at once, a scrape in a task."""

    def __init__(self, house: Connections) -> None:
        self._house = house
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._answering: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self.deadline = self._loop.time() + HEAD_SECONDS

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._house.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End; an answer on its way is dropped."""
        self._house.forget(self)
        if self._answering is not None:
            self._answering.cancel()

    def data_received(self, data: bytes) -> None:
        """Take bytes; while an answer is under way they wait, and the client with them."""
        if not self._buffer:
            self.deadline = self._loop.time() + HEAD_SECONDS
        self._buffer += data
        if self._answering is None:
            self._answer_all()
        elif self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has taken the answer."""
        self.deadline = self._loop.time() + IDLE_SECONDS

    def busy(self) -> bool:
        """Tell whether an answer is being made."""
        return self._answering is not None

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _answer_all(self) -> None:
        while self._answering is None and (request := self._next()) is not None:
            answer = self._house.handler(request)
            if isinstance(answer, Response):
                self._finish(request, answer)
            else:
                self.deadline = self._loop.time() + IDLE_SECONDS
                self._answering = self._loop.create_task(self._later(request, answer))

    def _next(self) -> Request | None:
        if self._transport is None or self._transport.is_closing():
            return None
        try:
            request, self._buffer = split(self._buffer)
        except BadRequest as bad:
            self._write(plain(bad.status, bad.reason), keep_alive=False, head_only=False)
            return None
        return request

    async def _later(self, request: Request, answer: Coroutine[object, object, Response]) -> None:
        response = await answer
        self._answering = None
        self._finish(request, response)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
            self._answer_all()

    def _finish(self, request: Request, response: Response) -> None:
        self._write(response, request.keep_alive, request.method == "HEAD")

    def _write(self, response: Response, keep_alive: bool, head_only: bool) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.writelines(wire(response, keep_alive, head_only))
        unsent = self._transport.get_write_buffer_size()
        self.deadline = self._loop.time() + (WRITE_SECONDS if unsent else IDLE_SECONDS)
        if not keep_alive:
            self._transport.close()
