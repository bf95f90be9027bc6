"""The thread that flushes on time."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Flusher:
    """Call `flush` every so many seconds, and when woken, in a thread of its own, until stopped."""

    def __init__(self, seconds: float, flush: Callable[[], None]) -> None:
        self._seconds = seconds
        self._flush = flush
        self._stopped = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-flush", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Flush now, in the thread."""
        self._wake.set()

    def stop(self) -> None:
        """End, waiting for a flush under way."""
        self._stopped = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._wake.wait(self._seconds)
            if self._stopped:
                return
            self._wake.clear()
            self._flush()
