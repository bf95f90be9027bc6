"""A pretended arbitrage bot, to try the keeper without a venue: real agent, invented numbers.

    python examples/fake_bot.py --port 9090 --faults /tmp/faults

The file named by --faults holds words: `feed` stops the frames, `rpc` slows the RPC, `hang` stops the
loop, `quit` ends the bot. An empty or absent file is a well bot.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from pathlib import Path

import watchkeeper
from watchkeeper import Watch

BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
STAGES = {"parse": 0.0002, "detect": 0.0009, "validate": 0.0003, "execute": 0.004, "end_to_end": 0.0022}
REASONS = ("unprofitable", "price_impact", "stale_pool")
PROVIDERS = ("node-a.example:8545", "node-b.example:8545", "node-c.example:8545")
TICK = 0.05


class FakeBot:
    """Moves the families of the arbitrage bot as a small market would."""

    def __init__(self, watch: Watch, faults: Path, dice: random.Random) -> None:
        self.faults = faults
        self.dice = dice
        self.words: set[str] = set()
        self.last_frame = time.time()
        self.frames = watch.counter("mev_sequencer_frames_received_total", "Frames received.")
        self.messages = watch.counter("mev_sequencer_messages_received_total", "Messages received.")
        self.at = watch.gauge("mev_sequencer_last_frame_timestamp_seconds", "When the last frame came.")
        self.decoded = watch.counter("mev_transactions_decoded_total", "Transactions decoded.", ("type",))
        self.swaps = watch.counter("mev_swaps_detected_total", "Swaps.", ("protocol", "version"))
        self.detected = watch.counter("mev_opportunities_detected_total", "Opportunities.")
        self.refused = watch.counter("mev_opportunities_refused_total", "Refusals.", ("reason",))
        self.succeeded = watch.counter("mev_executions_succeeded_total", "Executions that earned.")
        self.earned = watch.gauge("mev_profit_earned_wei", "Profit.")
        self.gas = watch.gauge("mev_gas_cost_total_wei", "Gas paid.")
        self.latency = watch.histogram(
            "mev_processing_latency_seconds", "Time per stage.", ("stage",), buckets=BUCKETS
        )
        self.calls = watch.counter("mev_rpc_calls_total", "RPC calls.", ("provider", "method"))
        self.errors = watch.counter("mev_rpc_errors_total", "RPC errors.", ("provider", "method", "reason"))
        watch.check("feed", self.feed_health, every=0.5, critical=True)
        watch.check("rpc", self.rpc_health, every=0.5)
        watch.check("pools", watchkeeper.healthy, every=0.5, critical=True)
        watch.check("executor", watchkeeper.healthy, every=0.5, depends=("rpc",))

    def feed_health(self) -> watchkeeper.Outcome:
        silent = time.time() - self.last_frame
        return watchkeeper.unhealthy(f"no frame for {silent:.0f} s") if silent > 2 else watchkeeper.healthy()

    def rpc_health(self) -> watchkeeper.Outcome:
        if "rpc" in self.words:
            return watchkeeper.degraded("1 of 3 providers answers slowly")
        return watchkeeper.healthy()

    async def run(self) -> None:
        while "quit" not in self.words:
            self.words = set(self.faults.read_text().split()) if self.faults.exists() else set()
            while "hang" in self.words and "hang" in self.faults.read_text():
                time.sleep(TICK)  # noqa: ASYNC251 (the fault is that the loop hangs)
            if "feed" not in self.words:
                self.frame()
            for provider in PROVIDERS:
                self.calls.labels(provider, "eth_call").inc(self.dice.randrange(2))
            if "rpc" in self.words:
                self.errors.labels(PROVIDERS[1], "eth_call", "timeout").inc(self.dice.randrange(2))
            await asyncio.sleep(TICK)

    def frame(self) -> None:
        self.last_frame = time.time()
        self.at.set(self.last_frame)
        self.frames.inc()
        messages = self.dice.randrange(2, 12)
        self.messages.inc(messages)
        self.decoded.labels("0x2").inc(messages * 2)
        self.swaps.labels("uniswap", self.dice.choice(("v2", "v3"))).inc(self.dice.randrange(4))
        for stage, usual in STAGES.items():
            self.latency.labels(stage).observe(self.dice.lognormvariate(0, 0.6) * usual)
        if self.dice.random() < 0.2:
            self.opportunity()

    def opportunity(self) -> None:
        self.detected.inc()
        if self.dice.random() < 0.6:
            self.refused.labels(self.dice.choice(REASONS)).inc()
            return
        self.succeeded.inc()
        self.earned.inc(self.dice.randrange(10**14, 9 * 10**14))
        self.gas.inc(self.dice.randrange(2 * 10**13, 9 * 10**13))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=9090)
    parser.add_argument("--faults", type=Path, default=Path("faults"))
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    watch = Watch("fakebot", version="1.0", port=given.port, need_server=True)
    bot = FakeBot(watch, given.faults, random.Random(given.seed))

    async def live() -> None:
        watch.heartbeat("loop", limit=2.0).follow(asyncio.get_running_loop())
        watch.started()
        await bot.run()

    with watch:
        print(f"http://127.0.0.1:{watch.port}/metrics", flush=True)
        asyncio.run(live())


if __name__ == "__main__":
    main()
