"""One budget of requests per host, shared by all callers; pure, time is an argument.

A caller's turn is reserved before it waits, so that callers at the same moment get different turns.
"""

from __future__ import annotations

from collections.abc import Sequence

WINDOW = 10.0  # the venue counts its limits per 10 s


class Budget:
    """Turns at an even pace after a short burst: `limit` requests per 10 s."""

    def __init__(self, limit: float, burst: float | None = None) -> None:
        self._pace = WINDOW / limit
        self._ahead = self._pace * (burst if burst is not None else max(1.0, limit / 4))
        self._next = float("-inf")

    def reserve(self, now: float) -> float:
        """Take a turn; return the seconds until it comes."""
        self._next = max(self._next, now - self._ahead) + self._pace
        return max(0.0, self._next - now)

    def hold(self, until: float) -> None:
        """Let no turn come before this time: the venue asked for it."""
        self._next = max(self._next, until)


class HostLimits:
    """A host's budget, and those of some of its paths; the longest matching prefix counts."""

    def __init__(self, limit: float, paths: Sequence[tuple[str, float]] = ()) -> None:
        self._host = Budget(limit)
        ordered = sorted(paths, key=lambda row: -len(row[0]))
        self._paths = [(prefix, Budget(most)) for prefix, most in ordered]

    def reserve(self, path: str, now: float) -> float:
        """Take a turn for a path; return the seconds until it comes."""
        wait = self._host.reserve(now)
        own = next((budget for prefix, budget in self._paths if path.startswith(prefix)), None)
        return wait if own is None else max(wait, own.reserve(now))

    def hold(self, until: float) -> None:
        """Let nothing go to this host before this time."""
        self._host.hold(until)
