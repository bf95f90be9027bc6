"""The alerts of an objective: two pairs of windows for a page, two for a ticket."""

from __future__ import annotations

from typing import Final

from watchkeeper.keeper.slo.lengths import number, written
from watchkeeper.keeper.slo.objective import PAGE, TICKET, BurnPolicy, Objective
from watchkeeper.keeper.slo.recording import EVENTS, FAILURES, RATIO, selector
from watchkeeper.keeper.slo.rules import Alert
from watchkeeper.keeper.slo.windows import AlertWindows, BurnWindow

NAMED: Final = "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is"
# A rate over a window counts from its first to its last sample, so a count comes out a little off.
HALF: Final = 0.5


def alerts(objective: Objective, windows: AlertWindows) -> list[Alert]:
    """Return the alerts that are enabled, then those of policies."""
    enabled = [severity for severity in (PAGE, TICKET) if objective.alerting.of(severity).enabled]
    found = [alert(objective, severity, windows) for severity in enabled]
    return found + [policy_alert(objective, policy, windows.lengths[0]) for policy in objective.policies]


def alert(objective: Objective, severity: str, windows: AlertWindows) -> Alert:
    pair = windows.page if severity == PAGE else windows.ticket
    told, both = objective.alerting.of(severity), objective.alerting
    quick, slow = (block(objective, one, windows) for one in pair)
    annotations = {
        "summary": f"{NAMED} over expected.",
        "title": f"({severity}) {NAMED} too fast.",
        **both.annotations,
        **told.annotations,
    }
    labels = {**both.labels, **told.labels, "sloth_severity": severity}
    return Alert(both.name or "SLOBudgetBurns", f"{quick}or\n{slow}", labels, annotations)


def block(objective: Objective, window: BurnWindow, windows: AlertWindows) -> str:
    """Return the condition of one pair of windows: both burn too fast, and the guard is content."""
    limit = f"({number(window.factor(windows.period))} * {number(objective.budget)})"
    terms = [term(objective, RATIO, length, limit) for length in (window.short, window.long)]
    terms += guarded(objective, window.long, windows.lengths[0])
    return "(\n" + "    and\n".join(f"    {one}\n" for one in terms) + ")\n"


def guarded(objective: Objective, window: int, base: int) -> list[str]:
    """Return the conditions of the guard over a window; base is the shortest recorded one.

    Counts are summed from the rates of each minute: an average would be stretched over the whole window
    while the history is still short, and one failure would count as many.
    """
    guard = objective.guard
    minutes = f"{written(base)}{selector(objective)}[{written(window)}:1m]"
    asked = (
        (f"sum_over_time({FAILURES}{minutes}) * 60", guard.failures - HALF),
        (f"sum_over_time({EVENTS}{minutes}) * 60", guard.events - HALF),
        (f"sum_over_time({RATIO}{minutes})", guard.minutes),
    )
    return [f"max({sum_} > {number(least)}) without (sloth_window)" for sum_, least in asked if least > 0]


def term(objective: Objective, series: str, window: int, limit: str, op: str = ">") -> str:
    name = f"{series}{written(window)}{selector(objective)}"
    return f"max({name} {op} {limit}) without (sloth_window)"


def policy_alert(objective: Objective, policy: BurnPolicy, base: int) -> Alert:
    """Return the alert of a policy that the objective's author wrote."""
    limit = f"({number(policy.factor)} * {number(objective.budget)})"
    terms = [
        term(objective, RATIO, policy.window, limit, policy.op),
        *guarded(objective, policy.window, base),
    ]
    labels = {**objective.alerting.labels, "severity": policy.severity, "slo_policy": policy.name}
    summary = policy.description or f"{objective.service} {objective.name}: {policy.name}"
    hold = written(policy.hold) if policy.hold else ""
    name = objective.alerting.name or "SLOBudgetBurns"
    return Alert(name, "\nand\n".join(terms), labels, {"summary": summary}, hold)
