"""What a demo run has shown, and whether all went as it should; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fleet.account import Account
from fleet.faults import FaultSeen

WEI = Decimal(10**18)
CHANNELS = ("telegram", "slack", "pagerduty", "smtp")


@dataclass(frozen=True, slots=True)
class BotSeen:
    """What one bot has done: its counts, those that may not be nothing, and its money."""

    bot: str
    counts: Mapping[str, int]
    must_count: tuple[str, ...]
    must_earn: bool
    account: Account

    def lines(self) -> list[str]:
        """Return the counts and the money for people."""
        counts = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in self.counts.items())
        return [row(self.bot, counts), row("  profit", self.account.told())]

    def problems(self) -> list[str]:
        """Return what did not go as it should."""
        found = [f"{self.bot}: no {name}" for name in self.must_count if not self.counts.get(name)]
        if self.must_earn and self.account.profit <= 0:
            found.append(f"{self.bot}: no profit at its venue")
        if not self.account.equal:
            differ = "; ".join(self.account.differences()[:5]) or "no answer"
            found.append(f"{self.bot}: the books differ from the venue's ledger ({differ})")
        return found


@dataclass(frozen=True, slots=True)
class Summary:
    """One run: what each bot did, and what the keeper told of it. Components are named bot/component."""

    seconds: float
    bots: tuple[BotSeen, ...]
    alerts: int
    state: str
    components: dict[str, str]
    faults: tuple[FaultSeen, ...] = ()
    pages: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    killed: tuple[str, ...] = ()

    def problems(self) -> list[str]:
        """Return what did not go as it should, in plain words; empty where all is well."""
        found = [problem for bot in self.bots for problem in bot.problems()]
        found += [f"{name} is {status}" for name, status in self.components.items() if status != "healthy"]
        if not self.components:
            found.append("the keeper knows no component")
        if not self.faults and self.alerts:
            found.append(f"{self.alerts} alerts although nothing was injected")
        found += [f"fault {one.name}: {one.told()}" for one in self.faults if not one.well]
        if self.alerts:
            found += [f"no page on {name}" for name in CHANNELS if not self.pages.get(name)]
        return found + [f"{name} did not stop by itself" for name in self.killed]

    def as_json(self) -> dict[str, Any]:
        """Return the summary for DEMO_SUMMARY; amounts of money as decimal strings.

        The arbitrage bot's counts and profit stand at the top, too, where it ran.
        """
        problems = self.problems()
        return {
            "seconds": self.seconds,
            **{name: value for bot in self.bots if bot.bot == "arbbot" for name, value in arbitrage(bot)},
            "bots": {bot.bot: {**bot.counts, "money": bot.account.as_json()} for bot in self.bots},
            "alerts": self.alerts,
            "state": self.state,
            "components": self.components,
            "faults": [fault.as_json() for fault in self.faults],
            "pages": self.pages,
            "acknowledged": self.acknowledged,
            "killed": list(self.killed),
            "problems": problems,
            "ok": not problems,
        }

    def lines(self) -> list[str]:
        """Return the summary for people."""
        pages = ", ".join(f"{name} {count}" for name, count in sorted(self.pages.items())) or "none"
        lines = [row("ran", f"{self.seconds:.0f} s")]
        lines += [line for bot in self.bots for line in bot.lines()]
        lines += [row("alerts", f"{self.alerts:,}"), row("pages", pages)]
        lines += [row("acknowledged", f"{self.acknowledged:,}"), row("state", self.state)]
        lines += [row(f"  {name}", status) for name, status in sorted(self.components.items())]
        lines += [row(f"fault {fault.name}", fault.told()) for fault in self.faults]
        return lines + [f"  problem: {problem}" for problem in self.problems()]


def row(name: str, value: str) -> str:
    """Return one line of the summary."""
    return f"  {name:<26} {value}"


def arbitrage(bot: BotSeen) -> list[tuple[str, Any]]:
    """Return the arbitrage bot's counts and its profit on chain."""
    profit = bot.account.profit
    money = [("profit_wei", str(profit)), ("profit_eth", str(Decimal(profit) / WEI))]
    return [*bot.counts.items(), *money]
