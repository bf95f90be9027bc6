"""The bot's one door to the watcher: what is measured, and what counts as healthy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import time

import watchkeeper
from arbbot.dex.address import cache_use
from arbbot.ports import Work
from arbbot.rpc import provider_of
from arbbot.settings import Settings
from arbbot.vitals import ExecutorVitals, FeedVitals, PoolVitals, RpcVitals, Verdict
from watchkeeper import Tracer, Watch

WARMUP = 10.0  # seconds in which pools are loaded and the feed is joined
STAGES = ("parse", "detect", "validate", "execute", "end_to_end")
STAGE_BUCKETS = (
    0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
)  # fmt: skip
NOT_TRACED = Tracer(0.0).trace("block")  # what a trace that is not recorded is: nothing
PARTS = frozenset({"parse", "detect", "validate"})  # spans of a block; execution has one as an operation
# Seconds within which 95 of 100 runs beside the hot path should end: each asks the node several times.
TARGETS = {"execute": 0.5, "reconcile": 0.25}
RPC_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


def agent(settings: Settings, version: str) -> Watch:
    """Return the agent for this bot; METRICS_PORT and METRICS_ENABLED in the environment win."""
    return Watch("arbbot", version=version, host=settings.metrics.host, port=settings.metrics.port)


class Watcher:
    """Observe the bot: implements arbbot.ports.BotObserver over watchkeeper's instruments."""

    def __init__(self, watch: Watch, settings: Settings, clock: Callable[[], float] = time) -> None:
        self._clock = clock
        self._watch, self._tracer = watch, watch.tracer
        # Without a collector, the rule, tracing costs the hot path one look at this: a frame takes 40 us, and
        # asking the tracer five times in it would take one.
        self._tracing = watch.tracer.ratio > 0
        self._block = NOT_TRACED
        self.feed = FeedVitals(settings.feed.silence_seconds)
        self.rpc = RpcVitals()
        self.pool_state = PoolVitals(settings.rpc.stale_seconds)
        self.executions = ExecutorVitals()
        self._count_feed(watch)
        self._count_decisions(watch)
        self._count_executions(watch)
        self._count_rpc(watch, provider_of(settings.rpc.url))
        self._check(watch)

    def _count_feed(self, watch: Watch) -> None:
        self._connected = watch.gauge("mev_sequencer_connected", "1 while the feed's socket is open.")
        self._reconnects = watch.counter(
            "mev_sequencer_reconnects_total", "Connections lost, by reason.", labels=("reason",)
        )
        self._frames = watch.counter("mev_sequencer_frames_received_total", "Frames received.")
        self._messages = watch.counter("mev_sequencer_messages_received_total", "New messages received.")
        self._last_frame = watch.gauge(
            "mev_sequencer_last_frame_timestamp_seconds", "When the last frame came (Unix)."
        )
        self._sequence = watch.gauge("mev_sequencer_sequence_number", "The newest sequence number.")
        self._gaps = watch.counter("mev_sequencer_gaps_total", "Sequence numbers skipped by the feed.")
        self._duplicates = watch.counter("mev_sequencer_duplicates_total", "Messages seen twice.")
        self._reorgs = watch.counter("mev_sequencer_reorgs_total", "Numbers sent again with another block.")
        self._parse_errors = watch.counter(
            "mev_sequencer_parse_errors_total", "Frames and messages that do not decode.", labels=("reason",)
        )
        self._validation_errors = watch.counter(
            "mev_sequencer_validation_errors_total",
            "Calls that decode and fail validation.",
            labels=("reason",),
        )

    def _count_decisions(self, watch: Watch) -> None:
        self._transactions = watch.counter(
            "mev_transactions_decoded_total", "Transactions decoded, by type.", labels=("type",)
        )
        self._swaps = watch.counter(
            "mev_swaps_detected_total", "Swaps detected in the feed.", labels=("protocol", "version")
        )
        self._pools = watch.gauge("mev_pools_tracked", "Pools whose state is tracked.")
        predictions = watch.counter(
            "mev_pool_predictions_total", "Predicted pool states against the chain's.", labels=("result",)
        )
        self._exact, self._corrected = predictions.labels("exact"), predictions.labels("corrected")
        self._found = watch.counter("mev_opportunities_found_total", "Cycles evaluated as promising.")
        self._detected = watch.counter("mev_opportunities_detected_total", "Cycles with a gross profit.")
        self._profitable = watch.counter(
            "mev_opportunities_profitable_total", "Opportunities that passed validation."
        )
        self._refused = watch.counter(
            "mev_opportunities_refused_total", "Opportunities not taken, by reason.", labels=("reason",)
        )
        latency = watch.histogram(
            "mev_processing_latency_seconds", "Time per stage.", labels=("stage",), buckets=STAGE_BUCKETS
        )
        self._stages = {stage: latency.labels(stage) for stage in STAGES}
        self._queue = watch.gauge("mev_queue_depth", "Plans that wait for execution.")
        self._dropped = watch.counter("mev_queue_dropped_total", "Plans dropped because one was under way.")

    def _count_executions(self, watch: Watch) -> None:
        self._attempted = watch.counter("mev_executions_attempted_total", "Executions sent.")
        self._succeeded = watch.counter("mev_executions_succeeded_total", "Executions that earned.")
        self._failed = watch.counter(
            "mev_executions_failed_total", "Executions that did not, by reason.", labels=("reason",)
        )
        self._profit = watch.gauge("mev_profit_earned_wei", "Profit measured on chain since the first start.")
        self._gas = watch.gauge("mev_gas_cost_total_wei", "Gas paid since the first start.")

    def _count_rpc(self, watch: Watch, provider: str) -> None:
        self._provider, by_method = provider, ("provider", "method")
        self._calls = watch.counter("mev_rpc_calls_total", "Calls to the chain node.", labels=by_method)
        self._call_errors = watch.counter(
            "mev_rpc_errors_total", "Failed calls to the chain node.", labels=(*by_method, "reason")
        )
        self._call_seconds = watch.histogram(
            "mev_rpc_latency_seconds", "Time per call.", labels=by_method, buckets=RPC_BUCKETS
        )

        hits = watch.gauge("mev_cache_hit_rate", "Share of address checks answered from the cache, 0 to 1.")
        hits.set_function(cache_hit_rate)

    def _check(self, watch: Watch) -> None:
        """Register the components; a component's reason is what a person reads first."""

        def check(verdict: Callable[[float], Verdict]) -> Callable[[], watchkeeper.Outcome]:
            return lambda: health(*verdict(self._clock()))

        watch.check("feed", check(self.feed.verdict), every=0.5, timeout=1.0, critical=True, warmup=WARMUP)
        watch.check("rpc", check(self.rpc.verdict), every=0.5, timeout=1.0)
        watch.check(
            "pools", check(self.pool_state.verdict), every=0.5, timeout=1.0, critical=True, warmup=WARMUP
        )
        watch.check("executor", check(self.executions.verdict), every=0.5, timeout=1.0)

    # --- the feed ---

    def connected(self) -> None:
        self.feed.connected = True
        self._connected.set(1)

    def disconnected(self, reason: str) -> None:
        self.feed.connected, self.feed.why = False, reason
        self._connected.set(0)
        self._reconnects.labels(reason).inc()

    def frame(self, at: float) -> None:
        self.feed.last_frame = at
        self._frames.inc()
        self._last_frame.set(at)

    def gap(self, missing: int) -> None:
        self.feed.gaps.note(self._clock())
        self._gaps.inc(missing)

    def duplicate(self) -> None:
        self._duplicates.inc()
        self.feed.duplicates.note(self._clock())

    def reorg(self) -> None:
        self._reorgs.inc()

    # --- the hot path ---

    def block(self) -> AbstractContextManager[object]:
        if self._tracing:
            self._block = self._tracer.trace("block")
        return self._block

    def message(self, sequence: int) -> None:
        self._messages.inc()
        self._sequence.set(sequence)
        if self._tracing:
            self._block.set("sequence", sequence)

    def parse_error(self, reason: str) -> None:
        self.feed.broken.note(self._clock())
        self._parse_errors.labels(reason).inc()

    def validation_error(self, reason: str) -> None:
        self._validation_errors.labels(reason).inc()

    def transaction(self, kind: int) -> None:
        self._transactions.labels(str(kind)).inc()

    def swap(self, protocol: str, version: str) -> None:
        self._swaps.labels(protocol, version).inc()

    def stage(self, name: str, seconds: float) -> None:
        self._stages[name].observe(seconds, self._traced(name, seconds) if self._tracing else None)

    def _traced(self, name: str, seconds: float) -> dict[str, str] | None:
        return self._tracer.past(name, seconds) if name in PARTS else self._tracer.exemplar()

    def opportunities(self, found: int, profitable: int) -> None:
        self._found.inc(found)
        self._detected.inc(profitable)

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    # --- execution ---

    def attempted(self) -> None:
        self._profitable.inc()
        self._attempted.inc()

    def succeeded(self) -> None:
        self.executions.settled(None)
        self._succeeded.inc()

    def failed(self, reason: str) -> None:
        self.executions.settled(reason)
        self._failed.labels(reason).inc()

    def earned(self, profit_wei: int, gas_wei: int) -> None:
        self._profit.set(profit_wei)
        self._gas.set(gas_wei)

    # --- off the hot path ---

    @contextmanager
    def operation(self, name: str) -> Iterator[Work]:
        with self._watch.operation(name, TARGETS.get(name)) as run, self._tracer.trace(name):
            yield run

    def pools(self, tracked: int) -> None:
        self.pool_state.tracked = tracked
        self._pools.set(tracked)

    def reconciled(self, exact: int, corrected: int, lag: float) -> None:
        self.pool_state.reconciled = self._clock() - lag
        self._exact.inc(exact)
        self._corrected.inc(corrected)

    def queue(self, depth: int, dropped: int) -> None:
        self._queue.set(depth)
        self._dropped.inc(dropped)

    def called(self, method: str, seconds: float, reason: str | None) -> None:
        self.rpc.called(self._clock(), seconds, reason)
        self._calls.labels(self._provider, method).inc()
        traced = self._tracer.past(
            f"rpc {method}", seconds, kind=watchkeeper.SpanKind.CLIENT, error=reason or ""
        )
        self._call_seconds.labels(self._provider, method).observe(seconds, traced)
        if reason is not None:
            self._call_errors.labels(self._provider, method, reason).inc()


def cache_hit_rate() -> float:
    """Return the share of address checks that the cache answered; 1 where nothing was asked yet."""
    hits, misses = cache_use()
    return hits / (hits + misses) if hits + misses else 1.0


def health(status: str, reason: str) -> watchkeeper.Outcome:
    """Turn a verdict into the watcher's own word."""
    if status == "healthy":
        return watchkeeper.healthy()
    if status == "degraded":
        return watchkeeper.degraded(reason)
    return watchkeeper.unhealthy(reason)
