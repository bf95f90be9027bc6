"""OpenSLO's alert policies: conditions on the burn rate, written by the objective's author."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from watchkeeper.keeper.slo.fields import Fields
from watchkeeper.keeper.slo.objective import BurnPolicy

OPERATORS: Final = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
SEVERITIES: Final = {"page": "critical", "ticket": "warning"}


def policies_of(
    name: str, policy: Fields, find: Callable[[str, Fields, str], Fields]
) -> Iterator[BurnPolicy]:
    """Yield one alert for each condition of a policy; `find` looks a condition up by its name."""
    for one in policy.mappings("conditions"):
        inner = (
            find(one.text("conditionRef"), one, "conditionRef")
            if "conditionRef" in one
            else one.mapping("spec")
        )
        yield condition(name, inner)


def condition(name: str, one: Fields) -> BurnPolicy:
    inner = one.mapping("condition")
    kind = inner.text("kind", default="burnrate").lower()
    if kind != "burnrate":
        raise inner.wrong("kind", f"expected burnrate, got {kind!r}")
    op = inner.text("op", default="gt")
    if op not in OPERATORS:
        raise inner.wrong("op", f"expected one of {', '.join(OPERATORS)}, got {op!r}")
    severity = one.text("severity", default="warning")
    return BurnPolicy(
        name=name,
        severity=SEVERITIES.get(severity.lower(), severity),
        factor=inner.share("threshold", 1e6),
        window=inner.length("lookbackWindow", 3600),
        hold=inner.length("alertAfter", 0),
        op=OPERATORS[op],
        description=one.text("description", default=""),
    )
