"""Send samples on: shards that read, post, wait and try again, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from watchkeeper.keeper.remote.backlog import Backlog, Batch, Relabel
from watchkeeper.keeper.remote.errors import Undelivered
from watchkeeper.keeper.remote.positions import Positions
from watchkeeper.keeper.remote.post import Destination, Poster
from watchkeeper.keeper.store import Store

LOG = logging.getLogger("watchkeeper.remote")

SAVE_SECONDS = 1.0
STEP_MARGIN_MS = 60_000
# After so many refused samples the rest of a batch is taken to be like them.
MOST_REFUSALS = 32


@dataclass(frozen=True, slots=True)
class Queue:
    """How samples are sent; times in seconds."""

    shards: int = 2
    samples: int = 2000
    deadline: float = 5.0
    min_backoff: float = 0.03
    max_backoff: float = 5.0


@dataclass(slots=True)
class SenderTally:
    """What is counted of one destination; `since` is the Unix time of the first failure in a row, else 0."""

    sent: int = 0
    refused: int = 0
    retries: int = 0
    requests: int = 0
    last_error: str = ""
    since: float = 0.0


class Sender:
    """Samples of a store to one destination, from durable positions; `start`, then `stop`."""

    def __init__(
        self,
        store: Store,
        destination: Destination,
        positions: Positions,
        *,
        queue: Queue,
        relabel: Relabel,
        clock: Callable[[], float],
    ) -> None:
        self.destination = destination
        self.tally = SenderTally()
        self._store = store
        self._queue = queue
        self._positions = positions
        self._clock = clock
        self._backlog = Backlog(store, positions, relabel, queue.shards)
        self._stop = threading.Event()
        names = [f"remote-write-{number}" for number in range(queue.shards)]
        self._threads = [
            threading.Thread(target=self._follow, args=(number,), name=name, daemon=True)
            for number, name in enumerate(names)
        ]
        self._threads.append(threading.Thread(target=self._keep, name="remote-write-keep", daemon=True))

    def start(self) -> None:
        """Begin to send."""
        self._positions.save()
        for thread in self._threads:
            thread.start()

    def stop(self, patience: float = 3.0) -> None:
        """End after the requests under way, or after `patience` seconds; what is left is sent next time."""
        self._stop.set()
        due = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, due - time.monotonic()))
        self._save()

    def behind(self) -> int:
        """Return how many series have samples to be sent."""
        return len(self._backlog.behind())

    def _follow(self, shard: int) -> None:
        poster = Poster(self.destination)
        try:
            while not self._stop.is_set():
                if not self._once(shard, poster):
                    self._stop.wait(self._queue.deadline)
        finally:
            poster.close()

    def _once(self, shard: int, poster: Poster) -> bool:
        """Send one batch; return whether more waits. Nothing that goes wrong ends the thread."""
        try:
            batch = self._backlog.batch(shard, self._queue.samples)
            if batch.pieces:
                self._deliver(batch, poster, _Patience())
            return batch.full
        except Exception as error:
            LOG.exception("remote write to %s failed inside the keeper", self.destination.name)
            self._failed(error)
            self._stop.wait(self._queue.max_backoff)
            return True

    def _deliver(self, batch: Batch, poster: Poster, patience: _Patience) -> None:
        """Send until it is taken, or refused for good; a refused batch is split to save what is good."""
        try:
            self._post(batch, poster)
        except _Stopped:
            return
        except Undelivered as error:
            if batch.samples > 1 and patience.refusals < MOST_REFUSALS:
                for half in batch.halves():
                    self._deliver(half, poster, patience)
                return
            patience.refusals += 1
            self.tally.refused += batch.samples
            LOG.warning("%s refuses %d samples: %s", self.destination.name, batch.samples, error)
        else:
            self.tally.sent += batch.samples
        self._backlog.done(batch)

    def _post(self, batch: Batch, poster: Poster) -> None:
        """Post until the receiver answers about the data; raises Undelivered then, and _Stopped."""
        body, pause = batch.encoded(), self._queue.min_backoff
        while not self._stop.is_set():
            self.tally.requests += 1
            try:
                poster.post(body, self._clock())
            except Undelivered as error:
                if error.about_data:
                    raise
                self._failed(error)
                self.tally.retries += 1
                self._stop.wait(max(pause, error.after or 0.0))
                pause = min(2 * pause, self._queue.max_backoff)
            else:
                self.tally.last_error, self.tally.since = "", 0.0
                return
        raise _Stopped

    def _failed(self, error: Exception) -> None:
        if str(error) != self.tally.last_error:
            LOG.warning("remote write to %s: %s; it is tried again", self.destination.name, error)
        self.tally.last_error = str(error)
        self.tally.since = self.tally.since or self._clock()

    def _keep(self) -> None:
        """Save the positions each second, and notice a clock that steps back."""
        while not self._stop.wait(SAVE_SECONDS):
            self._positions.step_back(self._store.last_times(), STEP_MARGIN_MS)
            self._save()

    def _save(self) -> None:
        try:
            self._positions.save()
        except OSError as error:
            self._failed(error)


@dataclass(slots=True)
class _Patience:
    """How often the receiver has refused parts of one batch."""

    refusals: int = 0


class _Stopped(Exception):
    """The sender was told to stop."""
