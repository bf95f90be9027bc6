"""The verification of the store at work: one run at a time, in a thread of its own, its result kept."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from watchkeeper.keeper.store import FILE, FINE, Damage, Progress, Store, Verified, structures

LOG = logging.getLogger("watchkeeper.keeper")

# A batch takes some 1.5 ms: a quarter of one processor at most, and everybody else has a turn between two.
REST_SECONDS = 0.005
LOOK_SECONDS = 1.0
ENDING_SECONDS = 30.0


class DamageTold(msgspec.Struct, frozen=True, kw_only=True):
    """Something damaged: a chunk of a series, or a series' labels (chunk is null); times in ms."""

    chunk: int | None
    series: int | None
    labels: dict[str, str]
    start: int | None
    end: int | None
    samples: int | None
    reason: str


class VerificationTold(msgspec.Struct, frozen=True, kw_only=True):
    """The last run, or the one under way; Unix seconds.

    paused: the stress breaker is open, the run waits. clean is null until a run has read everything; done
    and total count chunks, samples those of good chunks. damaged names the first hundred. sqlite is what
    SQLite said of the structure of the samples' file, `ok` alone where it is whole; files is the same for
    the files beside it: alerts, outbox, users and the rest.
    """

    state: Literal["never", "running", "done", "failed"] = "never"
    paused: bool = False
    by: str = ""
    started: float = 0.0
    finished: float | None = None
    done: int = 0
    total: int = 0
    samples: int = 0
    clean: bool | None = None
    damaged_count: int = 0
    damaged: list[DamageTold] = []
    sqlite: list[str] = []
    files: dict[str, list[str]] = {}
    error: str = ""


class Verification:
    """Starts runs and tells of them; `stressed` says whether costly work has to wait.

    The result is kept in a file, so that a restart does not forget when the store was verified last.
    """

    def __init__(
        self, store: Store, path: Path, clock: Callable[[], float], stressed: Callable[[], bool]
    ) -> None:
        self._store = store
        self._path = path
        self._clock = clock
        self._stressed = stressed
        self._ending = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._told = self._kept()

    def start(self, who: str) -> bool:
        """Begin a run by somebody's word; False where one is under way."""
        with self._starting:
            if self._told.state == "running" or self._ending.is_set():
                return False
            self._told = VerificationTold(state="running", by=who, started=self._clock())
            self._thread = threading.Thread(target=self._run, name="store-verify", daemon=True)
            self._thread.start()
        return True

    def told(self) -> VerificationTold:
        """Return how it is."""
        return self._told

    def close(self) -> None:
        """End a run under way and wait for it; nothing is kept of it."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(ENDING_SECONDS)

    def _run(self) -> None:
        begun = time.monotonic()
        try:
            found = self._store.verify(self._go_on)
            files = {} if self._ending.is_set() else self._beside()
        except Exception as error:
            LOG.exception("the store could not be verified")
            self._end(state="failed", error=f"{type(error).__name__}: {error}")
            return
        if self._ending.is_set():
            return
        self._end(**result_of(found, files))
        LOG.log(
            logging.INFO if self._told.clean else logging.ERROR,
            "the store was verified in %.1f s by the word of %s: %d chunks, %d damaged, broken files: %s",
            time.monotonic() - begun,
            self._told.by or "somebody without a name",
            found.chunks,
            found.damaged_count,
            "; ".join(not_whole(found.sqlite, files)) or "none",
        )

    def _beside(self) -> dict[str, tuple[str, ...]]:
        """Return what SQLite says of the files beside the samples."""
        found = {}
        for name, words in structures(self._path.parent, FILE):
            found[name] = words
            if self._ending.is_set():
                break
        return found

    def _go_on(self, progress: Progress) -> bool:
        self._change(
            done=progress.done, total=progress.total, samples=progress.samples, damaged_count=progress.damaged
        )
        while self._stressed() and not self._ending.is_set():
            self._change(paused=True)
            self._ending.wait(LOOK_SECONDS)
        if self._told.paused:
            self._change(paused=False)
        return not self._ending.wait(REST_SECONDS)

    def _end(self, **what: object) -> None:
        self._change(finished=self._clock(), paused=False, **what)
        beside = self._path.with_name(f"{self._path.name}.new")
        try:
            beside.write_bytes(msgspec.json.encode(self._told))
            beside.replace(self._path)
        except OSError as error:
            LOG.error("the result of the verification cannot be kept: %s", error)

    def _change(self, **what: object) -> None:
        # Only the run's thread changes it while it runs; readers take one whole value.
        self._told = msgspec.structs.replace(self._told, **what)

    def _kept(self) -> VerificationTold:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=VerificationTold)
        except FileNotFoundError:
            return VerificationTold()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            LOG.warning(
                "%s cannot be read, so nobody knows when the store was verified: %s", self._path, error
            )
            return VerificationTold()


def not_whole(samples: tuple[str, ...], files: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the files that are not whole, each with SQLite's first words."""
    return [
        f"{name}: {words[0]}" for name, words in {FILE: samples, **files}.items() if words != FINE and words
    ]


def result_of(found: Verified, files: Mapping[str, tuple[str, ...]]) -> dict[str, object]:
    """Return what a run found, and what SQLite says of the files beside, as fields of what is told."""
    return {
        "state": "done" if found.whole else "failed",
        "error": "" if found.whole else "not everything could be read",
        "done": found.chunks,
        "samples": found.samples,
        "clean": found.clean and all(words == FINE for words in files.values()),
        "damaged_count": found.damaged_count,
        "damaged": [damage_told(one) for one in found.damaged],
        "sqlite": list(found.sqlite),
        "files": {name: list(words) for name, words in files.items()},
    }


def damage_told(one: Damage) -> DamageTold:
    """Return a damage with its labels by name."""
    return DamageTold(
        chunk=one.chunk,
        series=one.series,
        labels=dict(one.labels),
        start=one.start,
        end=one.end,
        samples=one.samples,
        reason=one.reason,
    )
