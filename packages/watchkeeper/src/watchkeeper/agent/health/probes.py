"""What the probes say, from what is known; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from watchkeeper.agent.health.board import Standing
from watchkeeper.agent.health.outcome import Status


@dataclass(frozen=True, slots=True)
class Verdict:
    """A probe's answer, with its reason when it is no."""

    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """Where the process is in its life; `age` and `limit` in seconds."""

    started: bool
    stopping: str
    age: float
    limit: float


def live(complaints: Iterable[str]) -> Verdict:
    """Judge life: no loop hangs. A component's defect is no reason to kill the process."""
    reasons = [complaint for complaint in complaints if complaint]
    return Verdict(not reasons, "; ".join(reasons))


def startup(phase: Phase) -> Verdict:
    """Judge the start: the program has said that it is initialised."""
    if phase.started:
        return Verdict(True)
    late = ", late" if phase.age > phase.limit else ""
    return Verdict(False, f"starting for {phase.age:.0f} s (limit {phase.limit:g} s){late}")


def ready(alive: Verdict, begun: Verdict, phase: Phase, standings: Sequence[Standing]) -> Verdict:
    """Judge readiness: started, alive, not stopping, and every critical component healthy."""
    if phase.stopping:
        return Verdict(False, f"stopping: {phase.stopping}")
    reasons = [verdict.reason for verdict in (begun, alive) if not verdict.ok]
    reasons += [said(standing) for standing in standings if standing.check.critical and not well(standing)]
    return Verdict(not reasons, "; ".join(reasons))


def overall(alive: Verdict, standings: Sequence[Standing]) -> Status:
    """Sum up: unhealthy when a loop hangs or a critical part is unhealthy; degraded for any lesser defect.

    A component that is not known yet lowers nothing.
    """
    if not alive.ok or any(
        one.check.critical and one.outcome.status is Status.UNHEALTHY for one in standings
    ):
        return Status.UNHEALTHY
    if any(one.outcome.status in (Status.DEGRADED, Status.UNHEALTHY) for one in standings):
        return Status.DEGRADED
    return Status.HEALTHY


def component(standing: Standing) -> Verdict:
    """Judge one component: only health will do."""
    return Verdict(well(standing), "" if well(standing) else standing.outcome.reason)


def well(standing: Standing) -> bool:
    """Tell whether a component is healthy."""
    return standing.outcome.status is Status.HEALTHY


def said(standing: Standing) -> str:
    """Name a component with its defect."""
    return f"{standing.check.name}: {standing.outcome.reason or standing.outcome.status}"


def document(standing: Standing) -> dict[str, object]:
    """Return one component as `/health` shows it; times in Unix seconds, duration in seconds."""
    shown: dict[str, object] = {
        "name": standing.check.name,
        "status": standing.outcome.status.value,
        "value": standing.outcome.status.value_in_metrics,
        "reason": standing.outcome.reason,
        "since": standing.since,
        "checked": standing.checked,
        "duration": standing.duration,
        "critical": standing.check.critical,
        "depends": list(standing.check.depends),
        "trend": standing.trend.value,
    }
    if standing.memory is not None:
        shown["memory_bytes"] = standing.memory
    return shown
