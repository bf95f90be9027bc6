"""A loopback HTTP server that can be shut and opened again on the same port."""

from __future__ import annotations

from aiohttp import web


class Listener:
    """Serves an application on loopback; the port stays the same over shut and open."""

    def __init__(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.3)
        self._site: web.TCPSite | None = None
        self.port = 0

    async def open(self, port: int = 0) -> int:
        """Listen and return the port; 0 takes a free one the first time."""
        if self._runner.server is None:
            await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", port or self.port, reuse_address=True)
        await self._site.start()
        self.port = self._runner.addresses[0][1]
        return self.port

    async def shut(self) -> None:
        """Refuse new connections and reset the open ones."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        server = self._runner.server
        for connection in list(server.connections) if server is not None else []:
            if connection.transport is not None:
                connection.transport.abort()

    async def close(self) -> None:
        """Stop for good."""
        await self.shut()
        await self._runner.cleanup()
