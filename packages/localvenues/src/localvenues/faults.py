"""Faults by name and seed: a script says what breaks, when and for how long."""

from __future__ import annotations

import asyncio
import difflib
import random
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

FIRST_START = 15.0
SECONDS = 10.0
PAUSE = (5.0, 10.0)
_ENTRY = re.compile(r"(?P<name>[a-z0-9_]+)(?:@(?P<start>\d+(?:\.\d+)?))?(?:\+(?P<seconds>\d+(?:\.\d+)?))?")


class FaultError(ValueError):
    """A fault script cannot be read; the text names the part that is wrong."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its start after the venue is ready and its length, in seconds, and its own seed."""

    name: str
    start: float
    seconds: float
    seed: int


class Breakable(Protocol):
    """A part of a venue that can be broken; it must be whole again after end."""

    async def begin(self, fault: Fault) -> None:
        """Break."""

    async def end(self, fault: Fault) -> None:
        """Mend."""


def known(name: str, names: Collection[str]) -> str:
    """Return the name; raise FaultError with the nearest right one if there is no such fault."""
    if name in names:
        return name
    near = difflib.get_close_matches(name, list(names), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(sorted(names))}"
    raise FaultError(f"no fault {name!r}{hint}")


def parse_script(text: str, names: Collection[str], seed: int) -> tuple[Fault, ...]:
    """Read `name@start+seconds,...`; what an entry leaves out is chosen by the seed.

    Entries without a start follow each other: the first begins at 15 s, the next ones 5 to 10 s after
    the one before has ended; each lasts 10 s unless it says otherwise.
    """
    chance, following, faults = random.Random(seed), FIRST_START, []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        found = _ENTRY.fullmatch(entry)
        if found is None:
            raise FaultError(f"cannot read {entry!r}: write NAME, NAME@START or NAME@START+SECONDS")
        seconds = float(found["seconds"] or SECONDS)
        start = float(found["start"]) if found["start"] else following
        if not found["start"]:
            following = start + seconds + round(chance.uniform(*PAUSE), 1)
        faults.append(Fault(known(found["name"], names), start, seconds, chance.getrandbits(32)))
    return tuple(faults)


class Faults:
    """Runs faults against the parts that they break; several may overlap."""

    def __init__(self, parts: Mapping[str, Breakable]) -> None:
        self._parts = parts
        self._tasks: set[asyncio.Task[None]] = set()
        self.active: list[Fault] = []
        self.done: list[Fault] = []

    @property
    def names(self) -> list[str]:
        """Return the names of all faults there are."""
        return sorted(self._parts)

    def schedule(self, fault: Fault) -> None:
        """Start a fault when its time has come; its start counts from now."""
        known(fault.name, self._parts)
        task = asyncio.get_running_loop().create_task(self._run(fault))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, fault: Fault) -> None:
        await asyncio.sleep(fault.start)
        part = self._parts[fault.name]
        self.active.append(fault)
        await part.begin(fault)
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            await part.end(fault)
            self.active.remove(fault)
            self.done.append(fault)

    async def stop(self) -> None:
        """End all faults, running or waiting."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
