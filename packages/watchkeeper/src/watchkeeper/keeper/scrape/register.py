"""Targets that announce themselves, kept over a restart of the keeper.

Registration is a promise to be there: a bot that ends without withdrawing stays a target until its time is
over, so that its death is told and not forgotten.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from watchkeeper.keeper.scrape.errors import JobError
from watchkeeper.keeper.scrape.scraper import Scraper

_log = logging.getLogger(__name__)
LEAST_SECONDS, MOST_SECONDS, DEFAULT_SECONDS = 10.0, 30 * 86_400.0, 3_600.0
_MOST_LABELS = 32

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Announcement:
    """One target's word: the job that scrapes it, `host:port`, labels, and when it ends (Unix seconds)."""

    job: str
    address: str
    labels: dict[str, str]
    until: float


class Register:
    """Announcements in a file beside the samples; `clock` gives Unix seconds."""

    def __init__(self, scraper: Scraper, path: Path, clock: Callable[[], float]) -> None:
        self._scraper = scraper
        self._path = path
        self._clock = clock
        self._known: dict[_Key, Announcement] = {}
        self._on_disk: dict[_Key, float] = {}  # until when, as the file has it

    def restore(self) -> None:
        """Register again what was announced before; what cannot be read or used is left out and logged."""
        now = self._clock()
        for one in self._read():
            if one.until > now:
                try:
                    self._enter(one, now)
                except JobError as error:
                    _log.warning("the target %s announced itself before: %s", one.address, error)

    def announce(
        self, job: str, address: str, labels: dict[str, str], ttl: float = DEFAULT_SECONDS
    ) -> Announcement:
        """Take a target in for `ttl` seconds, or renew it; raises JobError. New words are on the disk."""
        if not LEAST_SECONDS <= ttl <= MOST_SECONDS:
            raise JobError(f"ttl must be from {LEAST_SECONDS:g} to {MOST_SECONDS:g} seconds")
        check_labels(labels)
        now = self._clock()
        before = self._known.get((job, address))
        fresh = Announcement(job, address, labels, now + ttl)
        self._enter(fresh, now)
        # A renewal need not be on the disk each time: half of its time is enough after a restart.
        changed = before is None or before.labels != labels
        if changed or self._on_disk.get((job, address), 0.0) < now + ttl / 2:
            self._write(now)
        return fresh

    def withdraw(self, job: str, address: str) -> bool:
        """Take a target out; tell whether it was there."""
        if self._known.pop((job, address), None) is None:
            return False
        self._scraper.unregister(job, address)
        self._write(self._clock())
        return True

    def _enter(self, one: Announcement, now: float) -> None:
        before = self._known.get((one.job, one.address))
        pairs, left = sorted(one.labels.items()), one.until - now
        self._scraper.register(one.job, one.address, pairs, left)
        if before is not None and before.labels != one.labels:
            self._scraper.unregister(one.job, one.address)  # under its labels of before, too
            self._scraper.register(one.job, one.address, pairs, left)
        self._known[one.job, one.address] = one

    def _read(self) -> list[Announcement]:
        try:
            found = [_announcement(row) for row in json.loads(self._path.read_text(encoding="utf-8"))]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            _log.error("%s cannot be read, so targets must announce themselves anew: %s", self._path, error)
            return []
        self._on_disk = {(one.job, one.address): one.until for one in found}
        return found

    def _write(self, now: float) -> None:
        """Write all that holds; a disk that refuses costs the memory of a restart, not the target."""
        self._known = {key: one for key, one in self._known.items() if one.until > now}
        rows = [asdict(one) for _, one in sorted(self._known.items())]
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_text(json.dumps(rows), encoding="utf-8")
            fresh.replace(self._path)
        except OSError as error:
            _log.error("%s cannot be written: %s", self._path, error)
            return
        self._on_disk = {key: one.until for key, one in self._known.items()}


def check_labels(labels: dict[str, str]) -> None:
    """Raise JobError for labels that no target may give itself."""
    if len(labels) > _MOST_LABELS:
        raise JobError(f"more than {_MOST_LABELS} labels")
    for name in labels:
        if name.startswith("__") or name == "job" or not name.isidentifier() or not name.isascii():
            raise JobError(f"{name!r} is no label that a target may give itself")


def _announcement(row: Any) -> Announcement:
    labels = {str(name): str(value) for name, value in row["labels"].items()}
    return Announcement(str(row["job"]), str(row["address"]), labels, float(row["until"]))
