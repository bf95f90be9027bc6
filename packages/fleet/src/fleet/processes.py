"""Child processes that never outlive the fleet: started, watched, stopped in reverse order."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
STOPS = (signal.SIGINT, signal.SIGTERM)


class ProcessDied(Exception):
    """A child ended although nobody told it to; the text holds the end of its log."""


def die_with_parent() -> None:
    """Ask the kernel to stop this process when its parent dies (Linux), and leave the terminal's group.

    A Ctrl-C then reaches the fleet alone, which stops the children in order.
    """
    os.setsid()
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    except (OSError, AttributeError):
        return  # another system: the fleet still stops its children whenever it can


class Child:
    """One process with its log file."""

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name, self.log = name, log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **environment},
                preexec_fn=die_with_parent,  # noqa: PLW1509 - the fleet has one thread
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._process.poll()

    def check(self) -> None:
        """Raise ProcessDied where the process has ended."""
        if self.code is not None:
            raise ProcessDied(f"{self.name} ended with {self.code}; the end of {self.log}:\n{self.tail()}")

    def tail(self, size: int = 2000) -> str:
        """Return the end of the log."""
        return self.log.read_bytes()[-size:].decode("utf-8", "replace")

    def stop(self, seconds: float = 8.0) -> bool:
        """Ask the process to end, insist after `seconds`; tell whether it went by itself and cleanly."""
        if self.code is None:
            self._process.terminate()
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._kill_group()
                self._process.wait()
                return False
        return self.code in (0, -signal.SIGTERM)

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def output_of(command: Sequence[str], seconds: float = 20.0) -> str | None:
    """Run a short command to its end and return what it printed; None where it failed or took too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None


class Family:
    """The children, in the order of their start."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def start(
        self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> Child:
        """Start a child; a Ctrl-C in the middle waits until the family knows it."""
        held = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        try:
            child = Child(name, command, log, environment or {})
            self._children.append(child)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        return child

    def pid(self, name: str) -> int:
        """Return the process number of a child; raise KeyError for a name that is not in the family."""
        return {child.name: child.pid for child in self._children}[name]

    def check(self) -> None:
        """Raise ProcessDied where any child has ended."""
        for child in self._children:
            child.check()

    def stop(self) -> list[str]:
        """Stop all in reverse order; return the names of those that had to be killed or failed."""
        late = [child.name for child in reversed(self._children) if not child.stop()]
        self._children.clear()
        return late
