"""A pretended copy bot beside `examples/fake_bot.py`: a real agent, invented numbers of the copy bot.

python tests/page/pretended_copybot.py --port 9091 --faults /tmp/faults

The file named by --faults holds words: `breaker` pauses the bot, `quit` ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from pathlib import Path

import watchkeeper
from watchkeeper import Watch

TICK = 0.1
LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class CopyBot:
    """Moves the families of the copy bot as a small market would."""

    def __init__(self, watch: Watch, faults: Path, dice: random.Random) -> None:
        self.watch = watch
        self.faults = faults
        self.dice = dice
        self.words: set[str] = set()
        self.profit = 0.0
        watch.gauge("copybot_wallets_followed", "Wallets.").set(5)
        self.seen = watch.counter("copybot_fills_detected_total", "Fills.", ("source",))
        self.refused = watch.counter("copybot_fills_refused_total", "Refusals.", ("reason",))
        self.lag = watch.histogram("copybot_fill_lag_seconds", "Lag.", ("source",), buckets=LATENCIES)
        self.realised = watch.gauge("copybot_realised_profit_dollars", "Profit.")
        self.fees = watch.gauge("copybot_fees_paid_dollars", "Fees.")
        self.cash = watch.gauge("copybot_cash_dollars", "Cash.")
        self.equity = watch.gauge("copybot_equity_dollars", "Equity.")
        self.calls = watch.counter("copybot_api_calls_total", "Calls.", ("api",))
        self.seconds = watch.histogram("copybot_api_latency_seconds", "Latency.", ("api",), buckets=LATENCIES)
        self.differences = watch.gauge("copybot_reconcile_differences", "Differences.")
        watch.check("api", watchkeeper.healthy, every=0.5, critical=True)
        watch.check("scanner", watchkeeper.healthy, every=0.5, depends=("api",))
        watch.check("breaker", self.breaker, every=0.5)
        watch.check("executor", watchkeeper.healthy, every=0.5, depends=("api", "scanner", "breaker"))

    def breaker(self) -> watchkeeper.Outcome:
        if "breaker" in self.words:
            return watchkeeper.degraded("paused: the loss of the day reached 4 % of 5 %")
        return watchkeeper.healthy()

    def step(self) -> None:
        """Let a tenth of a second pass."""
        self.words = set(self.faults.read_text().split()) if self.faults.exists() else set()
        for api in ("clob", "data"):
            self.calls.labels(api).inc()
            self.seconds.labels(api).observe(self.dice.lognormvariate(0, 0.5) * 0.02)
        if self.dice.random() < 0.4:
            self.fill()

    def fill(self) -> None:
        with self.watch.operation("copy a fill"):
            self.seen.labels("push").inc()
            self.lag.labels("push").observe(self.dice.lognormvariate(0, 0.4) * 0.05)
            if self.dice.random() < 0.3:
                self.refused.labels(self.dice.choice(("too_small", "price_moved", "limit"))).inc()
            self.profit += self.dice.gauss(0.05, 0.4)
            self.realised.set(self.profit)
            self.fees.inc(0.01)
            self.cash.set(800 + self.profit)
            self.equity.set(1000 + self.profit)


def main() -> None:
    parser = argparse.ArgumentParser(description="Pretend to be a copy bot.")
    parser.add_argument("--port", type=int, default=9091)
    parser.add_argument("--faults", type=Path, default=Path("faults"))
    given = parser.parse_args()
    watch = Watch("pretended-copybot", version="1.0", port=given.port, need_server=True)
    bot = CopyBot(watch, given.faults, random.Random(3))

    async def live() -> None:
        watch.heartbeat("loop", limit=2.0).follow(asyncio.get_running_loop())
        watch.started()
        while "quit" not in bot.words:
            bot.step()
            await asyncio.sleep(TICK)

    with watch:
        asyncio.run(live())


if __name__ == "__main__":
    main()
