"""The bot's one door to the watcher: what is measured, and what counts as healthy."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import time

import watchkeeper
from copybot.model import MICRO
from copybot.ports import Work
from copybot.settings import Settings
from copybot.vitals import (
    AlertVitals,
    ApiVitals,
    BookVitals,
    BreakerVitals,
    ExecutorVitals,
    ScannerVitals,
    Verdict,
    WalletVitals,
)
from watchkeeper import Watch

WARMUP = 10.0  # seconds in which the streams are joined and the wallets are first scanned
MEGABYTE = 1 << 20
PAGE_BYTES = resource.getpagesize()
DECISION_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
# Seconds within which 95 of 100 runs should end; each waits for the venue. What is not named has 0.1 s.
TARGETS = {"scan": 1.0, "execute": 0.5, "look_after": 0.5, "reconcile": 1.0, "redeem": 1.0, "books": 0.5}
CALL_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LAG_BUCKETS = (0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 30.0, 60.0, 300.0, 3600.0)


def agent(settings: Settings, version: str) -> Watch:
    """Return the agent for this bot; METRICS_PORT and METRICS_ENABLED in the environment win."""
    return Watch("copybot", version=version, host=settings.metrics.host, port=settings.metrics.port)


class Watcher:
    """Observe the bot: implements copybot.ports.BotObserver over watchkeeper's instruments."""

    def __init__(
        self,
        watch: Watch,
        settings: Settings,
        clock: Callable[[], float] = time,
        on_call: Callable[[float, bool], None] = lambda now, ok: None,
    ) -> None:
        self._clock, self.on_call = clock, on_call
        self._watch, self._tracer = watch, watch.tracer
        risk, wallets = settings.risk, settings.wallets
        self.api = ApiVitals(risk.api_failures, risk.api_success_rate)
        self.wallet = WalletVitals(wallets.scan_seconds, wallets.silence_seconds)
        self.executor, self.breaker_state = ExecutorVitals(), BreakerVitals()
        self.alert_system, self.books, self.scanner = AlertVitals(), BookVitals(), ScannerVitals()
        self._streams = {"rtds": self.wallet.stream, "market": self.scanner.stream}
        self.held: dict[str, Callable[[], float]] = {}  # bytes of each part, once the bot is there
        self._count_wire(watch)
        self._count_wallets(watch)
        self._count_orders(watch)
        self._show_money(watch)
        self._show_limits(watch, settings)
        self._check(watch, settings)

    def _count_wire(self, watch: Watch) -> None:
        self._calls = watch.counter("copybot_api_calls_total", "Calls to the venue.", labels=("api",))
        self._errors = watch.counter(
            "copybot_api_errors_total", "Failed calls to the venue.", labels=("api", "reason")
        )
        self._seconds = watch.histogram(
            "copybot_api_latency_seconds", "Time per call.", labels=("api",), buckets=CALL_BUCKETS
        )
        self._throttled = watch.counter(
            "copybot_api_throttled_total", "Calls that waited for their turn.", labels=("api",)
        )
        self._connected = watch.gauge(
            "copybot_stream_connected", "1 while a stream's socket is open.", labels=("stream",)
        )
        self._reconnects = watch.counter(
            "copybot_stream_reconnects_total", "Connections lost, by reason.", labels=("stream", "reason")
        )
        self._frames = watch.counter("copybot_stream_frames_total", "Frames received.", labels=("stream",))
        self._malformed = watch.counter(
            "copybot_parse_errors_total", "Rows and frames that cannot be read.", labels=("source", "reason")
        )

    def _count_wallets(self, watch: Watch) -> None:
        self._followed = watch.gauge("copybot_wallets_followed", "Wallets that are followed.")
        self._detected = watch.counter(
            "copybot_fills_detected_total",
            "Leaders' fills, each once, by what showed it.",
            labels=("source",),
        )
        self._duplicates = watch.counter(
            "copybot_fills_duplicate_total", "Pushed rows that were known already.", labels=("source",)
        )
        self._lag = watch.histogram(
            "copybot_fill_lag_seconds", "From block to detection.", labels=("source",), buckets=LAG_BUCKETS
        )
        self._scan = watch.histogram(
            "copybot_wallet_scan_seconds", "Time to scan all wallets.", buckets=CALL_BUCKETS
        )
        self._scan_errors = watch.counter("copybot_wallet_scan_errors_total", "Wallets not scanned.")
        self._refused = watch.counter(
            "copybot_fills_refused_total", "Fills not copied, by reason.", labels=("reason",)
        )
        self._decision = watch.histogram(
            "copybot_decision_seconds", "From a fill's frame to its decision.", buckets=DECISION_BUCKETS
        )
        self._markets = watch.gauge("copybot_markets_known", "Tokens whose market is known.")
        self._books = watch.gauge("copybot_books_live", "Books kept by the market stream.")

    def _count_orders(self, watch: Watch) -> None:
        self._orders = watch.counter("copybot_orders_total", "Orders written and sent.", labels=("side",))
        self._outcomes = watch.counter(
            "copybot_order_outcomes_total", "What became of orders at first.", labels=("outcome",)
        )
        self._execution = watch.histogram(
            "copybot_execution_seconds", "From sending an order to its outcome.", buckets=CALL_BUCKETS
        )
        self._trades = watch.counter(
            "copybot_trades_confirmed_total", "Own trades confirmed.", labels=("side",)
        )
        self._volume = watch.counter("copybot_volume_dollars_total", "Dollars traded.", labels=("side",))
        self._ghosts = watch.counter("copybot_trades_failed_total", "Matched trades that failed on chain.")
        self._redeemed = watch.counter("copybot_redeemed_dollars_total", "Dollars paid out by resolution.")
        self._alerts = watch.counter("copybot_alerts_total", "The bot's own alerts.", labels=("outcome",))
        self._alerts_waiting = watch.gauge("copybot_alerts_waiting", "Alerts that wait to be sent.")

    def _show_money(self, watch: Watch) -> None:
        self._cash = watch.gauge("copybot_cash_dollars", "Cash by confirmed trades.")
        self._equity = watch.gauge("copybot_equity_dollars", "Cash and positions at their bids.")
        self._realised = watch.gauge(
            "copybot_realised_profit_dollars", "Profit realised since the first start."
        )
        self._fees = watch.gauge("copybot_fees_paid_dollars", "Fees paid since the first start.")
        self._exposure = watch.gauge("copybot_exposure_dollars", "Positions at cost and open purchases.")
        self._positions = watch.gauge("copybot_positions_open", "Lots held.")
        self._leaders = watch.gauge(
            "copybot_leader_profit_dollars", "Realised in a leader's wake, fees off.", labels=("leader",)
        )
        self._loss = watch.gauge(
            "copybot_daily_loss_ratio", "Share of the day's opening equity that is lost."
        )
        self._breaker = watch.gauge("copybot_breaker_paused", "1 while nothing may be opened.")
        self._trips = watch.counter(
            "copybot_breaker_changes_total", "Pauses and resumptions.", labels=("to",)
        )
        self._differences = watch.gauge("copybot_reconcile_differences", "Books against the venue.")

    def _show_limits(self, watch: Watch, settings: Settings) -> None:
        """Tell the configured limits, so that boards can draw them beside what they limit."""
        risk = settings.risk
        exposure = watch.gauge("copybot_exposure_limit_dollars", "Most dollars at stake.", labels=("scope",))
        for scope in ("per_market", "per_leader", "total"):
            exposure.labels(scope).set(float(getattr(risk, scope)))
        loss = watch.gauge(
            "copybot_daily_loss_limit_ratio",
            "Shares of the day's opening that may be lost.",
            labels=("level",),
        )
        loss.labels("warning").set(float(risk.daily_loss_warning))
        loss.labels("critical").set(float(risk.daily_loss_critical))

    def _check(self, watch: Watch, settings: Settings) -> None:
        """Register the components; a component's reason is what a person reads first."""
        limits = settings.memory
        watch.check(
            "bot",
            watchkeeper.healthy,
            every=5.0,
            critical=True,
            memory=resident,
            memory_limit=limits.system * MEGABYTE,
        )
        self._check_part(watch, "wallet_monitor", self.wallet.verdict, limits.wallets, critical=True)
        self._check_part(watch, "scanner", self.scanner.verdict, limits.scanner)
        self._check_part(watch, "executor", self.executor.verdict, limits.executor)
        for name, verdict in (
            ("api", self.api.verdict),
            ("breaker", self.breaker_state.verdict),
            ("positions", self.books.verdict),
            ("alert_system", self.alert_system.verdict),
        ):
            watch.check(name, self._asked(verdict), every=1.0)

    def _check_part(
        self,
        watch: Watch,
        name: str,
        verdict: Callable[[float], Verdict],
        megabytes: float,
        critical: bool = False,
    ) -> None:
        """Register a component that has a memory limit."""
        watch.check(
            name,
            self._asked(verdict),
            every=1.0,
            critical=critical,
            warmup=WARMUP,
            memory=partial(self._bytes, name),
            memory_limit=megabytes * MEGABYTE,
        )

    def _bytes(self, part: str) -> float:
        return self.held.get(part, nothing)()

    def _asked(self, verdict: Callable[[float], Verdict]) -> Callable[[], watchkeeper.Outcome]:
        return lambda: health(*verdict(self._clock()))

    # --- the wire ---

    def called(self, api: str, seconds: float, reason: str | None) -> None:
        now = self._clock()
        self.api.called(api, now, reason, seconds)
        self.executor.called(api, now, reason)
        self.on_call(now, reason in (None, "refused", "not_found"))
        self._calls.labels(api).inc()
        traced = self._tracer.past(
            f"call {api}", seconds, kind=watchkeeper.SpanKind.CLIENT, error=reason or ""
        )
        self._seconds.labels(api).observe(seconds, traced)
        if reason is not None:
            self._errors.labels(api, reason).inc()

    def throttled(self, api: str, seconds: float) -> None:
        self._throttled.labels(api).inc()

    def connected(self, stream: str) -> None:
        self._connected.labels(stream).set(1)
        if stream in self._streams:
            self._streams[stream].joined()

    def disconnected(self, stream: str, reason: str) -> None:
        self._connected.labels(stream).set(0)
        self._reconnects.labels(stream, reason).inc()
        if stream in self._streams:
            self._streams[stream].left(self._clock(), reason)

    def frame(self, stream: str) -> None:
        self._frames.labels(stream).inc()
        if stream in self._streams:
            self._streams[stream].frame = self._clock()

    def malformed(self, source: str, reason: str) -> None:
        self._malformed.labels(source, reason).inc()
        if source in self._streams:
            self._streams[source].unread.note(self._clock())

    # --- work that waits ---

    @contextmanager
    def operation(self, name: str) -> Iterator[Work]:
        with self._watch.operation(name, TARGETS.get(name)) as run, self._tracer.trace(name):
            yield run

    # --- wallets ---

    def wallets(self, count: int) -> None:
        self.wallet.count = count
        self._followed.set(count)

    def detected(self, source: str, lag: float) -> None:
        self._detected.labels(source).inc()
        self._lag.labels(source).observe(lag)

    def duplicate(self, source: str) -> None:
        self._duplicates.labels(source).inc()

    def scanned(self, seconds: float, wallets: int, failed: int) -> None:
        self._scan.observe(seconds)
        self._scan_errors.inc(failed)
        self.wallet.failed = failed
        if failed < wallets or not wallets:
            self.wallet.scanned = self._clock()

    # --- decisions and orders ---

    def decided(self, seconds: float) -> None:
        self._decision.observe(seconds)

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def ordered(self, side: str) -> None:
        self._orders.labels(side).inc()

    def executed(self, outcome: str, seconds: float) -> None:
        self.executor.executed(outcome)
        self._outcomes.labels(outcome).inc()
        self._execution.observe(seconds)

    def confirmed(self, side: str, value: int) -> None:
        self._trades.labels(side).inc()
        self._volume.labels(side).inc(value / MICRO)

    def ghost(self) -> None:
        self.executor.ghosts.note(self._clock())
        self._ghosts.inc()

    # --- money ---

    def money(self, cash: int, value: int, realised: int, fees: int) -> None:
        self._cash.set(cash / MICRO)
        self._equity.set(value / MICRO)
        self._realised.set(realised / MICRO)
        self._fees.set(fees / MICRO)

    def exposure(self, total: int, positions: int) -> None:
        self._exposure.set(total / MICRO)
        self._positions.set(positions)

    def leader_profit(self, leader: str, realised: int) -> None:
        self._leaders.labels(leader).set(realised / MICRO)

    def daily_loss(self, share: float, status: str) -> None:
        self.breaker_state.loss, self.breaker_state.loss_status = share, status
        self._loss.set(share)

    def breaker(self, paused: bool, reason: str) -> None:
        self.breaker_state.paused, self.breaker_state.why = paused, reason
        self._breaker.set(paused)
        self._trips.labels("paused" if paused else "resumed").inc()

    def markets(self, known: int, books: int) -> None:
        self._markets.set(known)
        self._books.set(books)

    def under_way(self, oldest: float) -> None:
        self.books.oldest = oldest

    def reconciled(self, differences: int) -> None:
        self.books.reconciled(differences)
        self._differences.set(differences)

    def redeemed(self, payout: int) -> None:
        self._redeemed.inc(payout / MICRO)

    def alert(self, outcome: str) -> None:
        if outcome in ("failed", "dropped"):
            self.alert_system.failed.note(self._clock())
        self._alerts.labels(outcome).inc()

    def alerts_waiting(self, depth: int) -> None:
        self.alert_system.waiting = depth
        self._alerts_waiting.set(depth)


def nothing() -> float:
    """Return no bytes: the part is not there yet."""
    return 0.0


def resident() -> float:
    """Return the process's resident memory in bytes (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(pages * PAGE_BYTES)


def health(status: str, reason: str) -> watchkeeper.Outcome:
    """Turn a verdict into the watcher's own word."""
    if status == "healthy":
        return watchkeeper.healthy()
    if status == "degraded":
        return watchkeeper.degraded(reason)
    return watchkeeper.unhealthy(reason)
