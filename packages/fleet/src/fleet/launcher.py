"""Starting one process after another, and waiting until each is ready."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from fleet.processes import Child, Family

T = TypeVar("T")
READY_SECONDS = 60.0
BIN = Path(sys.executable).parent  # where the project's own commands are installed


class StartError(Exception):
    """A part does not come up; the text says what to do."""


class Launcher:
    """Starts commands of the project with their logs in one folder; the family owns the children."""

    def __init__(self, folder: Path, family: Family, say: Callable[[str], None]) -> None:
        self.folder, self._family, self._say = folder, family, say

    def step(self, name: str, action: Callable[[], T]) -> T:
        """Do one part of the start, and tell how long it took."""
        began = time.monotonic()
        self._say(f"starting {name} ...")
        outcome = action()
        self._say(f"         {name}: ready in {time.monotonic() - began:.1f} s")
        return outcome

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> Child:
        """Start a command that runs until the end."""
        return self._child(self._family, name, command, environment)

    def finish(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
        """Run a command to its end and return the last line that it printed; raise StartError."""
        family = Family()
        try:
            child = self._child(family, name, command, environment)
            self.wait(name, lambda: child.code is not None)
        finally:
            family.stop()
        if child.code != 0:
            raise StartError(f"{name} ended with {child.code}:\n{child.tail()}")
        return child.tail().splitlines()[-1]

    def _child(
        self, family: Family, name: str, command: Sequence[str], environment: Mapping[str, str] | None
    ) -> Child:
        log = self.folder / f"{name}.log"
        return family.start(name, [str(BIN / command[0]), *command[1:]], log, environment)

    def wait(self, name: str, ready: Callable[[], bool]) -> None:
        """Wait until something is ready; raise StartError, or ProcessDied where a child ends meanwhile."""
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            self._family.check()
            if ready():
                return
            time.sleep(0.1)
        raise StartError(f"{name} was not ready in {READY_SECONDS:.0f} s; see {self.folder}")

    def listing(self, name: str, path: Path) -> dict[str, Any]:
        """Wait for the JSON file that a venue writes when it is ready, and return it."""
        self.wait(name, path.exists)
        tree: dict[str, Any] = json.loads(path.read_text())
        return tree
