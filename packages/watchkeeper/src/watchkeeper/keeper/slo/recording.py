"""The recording rules of an objective, under the names that Sloth gave them.

Dashboards made for Sloth work on them. What Sloth lacks has names of its own: `slo:failures:rate5m` and
`slo:events:rate5m`, bad and all events per second.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from watchkeeper.keeper.slo.lengths import number, written
from watchkeeper.keeper.slo.objective import Objective
from watchkeeper.keeper.slo.rules import Recording
from watchkeeper.keeper.slo.windows import AlertWindows

RATIO: Final = "slo:sli_error:ratio_rate"
FAILURES: Final = "slo:failures:rate"
EVENTS: Final = "slo:events:rate"
CORRECTION: Final = "slo:numerator_correction:ratio"
REMAINING: Final = "slo:period_error_budget_remaining:ratio"
IDENTITY: Final = "on(sloth_id, sloth_slo, sloth_service) group_left"
HOUR: Final = 3600
DAYS: Final = 86_400


def identity(objective: Objective) -> dict[str, str]:
    """Return the labels that name an objective."""
    return {
        "sloth_id": objective.id,
        "sloth_service": objective.service,
        "sloth_slo": objective.name,
    }


def selector(objective: Objective) -> str:
    """Return the matchers that select an objective's series."""
    return "{" + ", ".join(f'{name}="{value}"' for name, value in identity(objective).items()) + "}"


def labelled(objective: Objective, window: str = "") -> Mapping[str, str]:
    found = {**objective.labels, **identity(objective)}
    return {**found, "sloth_window": window} if window else found


def indicator_rules(objective: Objective, windows: AlertWindows) -> list[Recording]:
    """Return the ratio of bad events over each window of the alerts, then over the period."""
    lengths = sorted({*windows.lengths, *(policy.window for policy in objective.policies)})
    base = written(lengths[0])
    rules: list[Recording] = []
    for length in lengths:
        window = written(length)
        rules += count_rules(objective, window, base if length > HOUR else window)
        rules.append(
            Recording(RATIO + window, ratio(objective, window, base, length), labelled(objective, window))
        )
    return [*rules, period_rule(objective, windows, base)]


def count_rules(objective: Objective, window: str, base: str) -> list[Recording]:
    """Return what a guard and a budget weighted by events need; nothing where neither is asked for."""
    bad, rate = objective.indicator.bad_rate(window), objective.indicator.rate(window)
    if bad is None or rate is None or not (objective.lean or needs_counts(objective)):
        return []
    if objective.lean and base != window:
        chosen = f"{base}{selector(objective)}[{window}]"
        bad, rate = f"avg_over_time({FAILURES}{chosen})", f"avg_over_time({EVENTS}{chosen})"
    labels = labelled(objective, window)
    return [Recording(FAILURES + window, bad, labels), Recording(EVENTS + window, rate, labels)]


def needs_counts(objective: Objective) -> bool:
    return bool(objective.guard.failures or objective.guard.events)


def ratio(objective: Objective, window: str, base: str, length: int) -> str:
    """Return the ratio over a window: from the raw series, or from the recorded counts or ratios."""
    if objective.correction:
        return corrected(objective, window)
    if not objective.lean or length <= HOUR:
        return objective.indicator.ratio(window)
    chosen = selector(objective)
    if objective.indicator.bad_rate(window) is not None:
        return f"{FAILURES}{window}{chosen}\n/\n({EVENTS}{window}{chosen} > 0)\n"
    return f"avg_over_time({RATIO}{base}{chosen}[{window}])"


def period_rule(objective: Objective, windows: AlertWindows, base: str) -> Recording:
    """Return the ratio over the whole period, from the recorded series of the shortest window."""
    period, chosen = written(windows.period), selector(objective)
    if objective.lean and objective.indicator.bad_rate(base) is not None:
        above, below = FAILURES, EVENTS
        expr = (
            f"sum_over_time({above}{base}{chosen}[{period}])\n/ ignoring (sloth_window)\n"
            f"(sum_over_time({below}{base}{chosen}[{period}]) > 0)\n"
        )
    else:
        expr = (
            f"sum_over_time({RATIO}{base}{chosen}[{period}])\n/ ignoring (sloth_window)\n"
            f"count_over_time({RATIO}{base}{chosen}[{period}])\n"
        )
    return Recording(RATIO + period, expr, labelled(objective, period))


def corrected(objective: Objective, window: str) -> str:
    """Return the ratio with its numerator weighted by how much traffic the window has."""
    bad, rate = objective.indicator.bad_rate(window), objective.indicator.rate(window)
    return f"(\n{CORRECTION}{window}{selector(objective)}\n* on()\n{bad}\n)\n/\n({rate})\n"


def correction_rules(objective: Objective, windows: AlertWindows) -> list[Recording]:
    """Return the traffic of each window as a share of the period's, as Sloth's plugin has it."""
    period = written(objective.period)
    whole = objective.indicator.rate(period)
    return [
        Recording(
            CORRECTION + window,
            f"({objective.indicator.rate(window)})\n/\n({whole})\n",
            labelled(objective),
        )
        for window in map(written, windows.lengths)
    ]


def meta_rules(objective: Objective, windows: AlertWindows) -> list[Recording]:
    """Return the recordings that tell an objective's target, budget and burn."""
    chosen, base = selector(objective), written(windows.lengths[0])
    period = written(windows.period)
    burn = f"{chosen}\n/ {IDENTITY}\nslo:error_budget:ratio{chosen}\n"
    good = number(1 - objective.budget)
    told = {
        "slo:objective:ratio": f"vector({good})",
        "slo:error_budget:ratio": f"vector(1-{good})",
        "slo:time_period:days": f"vector({number(windows.period / DAYS)})",
        "slo:current_burn_rate:ratio": f"{RATIO}{base}{burn}",
        "slo:period_burn_rate:ratio": f"{RATIO}{period}{burn}",
        REMAINING: f"1 - slo:period_burn_rate:ratio{chosen}",
    }
    labels = labelled(objective)
    calendar = {} if objective.rolling else {"slo_calendar": objective.calendar, "slo_zone": objective.zone}
    info = {
        **labels,
        **objective.info,
        **calendar,
        "sloth_mode": "watchkeeper",
        "sloth_objective": number(objective.target),
        "sloth_spec": objective.spec,
        "sloth_version": "watchkeeper",
    }
    rules = [Recording(name, expr, labels) for name, expr in told.items()]
    rules.append(Recording("sloth_slo_info", "vector(1)", info))
    return rules + (correction_rules(objective, windows) if objective.correction else [])
