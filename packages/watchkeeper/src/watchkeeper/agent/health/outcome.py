"""What a check says: a status with its reason."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """The state of a component."""

    HEALTHY = "healthy"
    UNKNOWN = "unknown"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"

    @property
    def rank(self) -> int:
        """Return how bad it is, 0 to 3; not knowing is worse than health and better than any defect."""
        return _RANKS[self]

    @property
    def value_in_metrics(self) -> int:
        """Return 1 for healthy, -1 for unhealthy, 0 between."""
        return {Status.HEALTHY: 1, Status.UNHEALTHY: -1}.get(self, 0)


_RANKS = {status: rank for rank, status in enumerate(Status)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One result of a check."""

    status: Status
    reason: str = ""


def healthy(reason: str = "") -> Outcome:
    """Say that all is well."""
    return Outcome(Status.HEALTHY, reason)


def degraded(reason: str) -> Outcome:
    """Say that it works, but not as it should, and why."""
    return Outcome(Status.DEGRADED, reason)


def unhealthy(reason: str) -> Outcome:
    """Say that it does not work, and why."""
    return Outcome(Status.UNHEALTHY, reason)


def outcome_of(answer: object) -> Outcome:
    """Read a check's answer: None or True is healthy, False or a text (the reason) is unhealthy."""
    if isinstance(answer, Outcome):
        return answer
    if answer is None or answer is True:
        return healthy()
    if answer is False:
        return unhealthy("the check said no")
    if isinstance(answer, str):
        return unhealthy(answer)
    return unhealthy(f"the check answered {type(answer).__name__}, not None, a bool, a text or an outcome")


def outcome_of_error(error: BaseException) -> Outcome:
    """Read an exception as an outcome."""
    text = str(error)
    return unhealthy(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def worst(outcomes: "list[Outcome]") -> Outcome:
    """Return the first of the worst outcomes; healthy when there is none."""
    return max(outcomes, key=lambda outcome: outcome.status.rank, default=healthy())
