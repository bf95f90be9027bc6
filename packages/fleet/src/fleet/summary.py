"""What a demo run has shown, and whether all went as it should; pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

WEI = Decimal(10**18)
CHANNELS = ("telegram", "slack", "pagerduty", "smtp")


@dataclass(frozen=True, slots=True)
class FaultSeen:
    """One injected fault and how the keeper told of it; seconds, None where it never did."""

    name: str
    component: str
    noticed_after: float | None
    recovered_after: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """One run. profit_wei is the executor's gain on chain less all gas, measured at the node."""

    seconds: float
    frames: int
    swaps: int
    opportunities: int
    executions: int
    executions_succeeded: int
    profit_wei: int
    alerts: int
    state: str
    components: dict[str, str]
    faults: tuple[FaultSeen, ...] = ()
    pages: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    killed: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Return the summary for DEMO_SUMMARY; integers beyond 2^53 as decimal strings."""
        row = asdict(self)
        row["profit_wei"] = str(self.profit_wei)
        row["profit_eth"] = str(self.profit_wei / WEI)
        row["ok"] = not self.problems
        return row

    def lines(self) -> list[str]:
        """Return the summary for people."""
        rows = [
            ("ran", f"{self.seconds:.0f} s"),
            ("frames", f"{self.frames:,}"),
            ("swaps", f"{self.swaps:,}"),
            ("opportunities", f"{self.opportunities:,}"),
            ("executions", f"{self.executions:,} sent, {self.executions_succeeded:,} succeeded"),
            ("profit on chain", f"{Decimal(self.profit_wei) / WEI:+.6f} ETH after gas"),
            ("alerts", f"{self.alerts:,}"),
            ("pages", ", ".join(f"{name} {count}" for name, count in sorted(self.pages.items())) or "none"),
            ("acknowledged", f"{self.acknowledged:,}"),
            ("state", self.state),
        ]
        rows += [(f"  {name}", status) for name, status in sorted(self.components.items())]
        rows += [(f"fault {fault.name}", told(fault)) for fault in self.faults]
        lines = [f"  {name:<18} {value}" for name, value in rows]
        return lines + [f"  problem: {problem}" for problem in self.problems]


def told(fault: FaultSeen) -> str:
    """Say how one fault was noticed."""
    if fault.noticed_after is None:
        return f"{fault.component}: never noticed"
    back = "never" if fault.recovered_after is None else f"{fault.recovered_after:.1f} s after its end"
    return f"{fault.component}: noticed after {fault.noticed_after:.1f} s ({fault.reason}), recovered {back}"


def problems(summary: Summary) -> tuple[str, ...]:
    """Return what did not go as it should, in plain words; empty where all is well."""
    found = [f"no {name}" for name in ("frames", "swaps", "opportunities") if not getattr(summary, name)]
    if not summary.executions_succeeded:
        found.append("no execution succeeded")
    if summary.profit_wei <= 0:
        found.append("no profit on chain")
    found += [f"{name} is {status}" for name, status in summary.components.items() if status != "healthy"]
    if not summary.components:
        found.append("the keeper knows no component")
    if not summary.faults and summary.alerts:
        found.append(f"{summary.alerts} alerts although nothing was injected")
    for fault in summary.faults:
        if fault.noticed_after is None or fault.recovered_after is None:
            found.append(f"fault {fault.name}: {told(fault)}")
    if summary.alerts:
        found += [f"no page on {name}" for name in CHANNELS if not summary.pages.get(name)]
    found += [f"{name} did not stop by itself" for name in summary.killed]
    return tuple(found)
