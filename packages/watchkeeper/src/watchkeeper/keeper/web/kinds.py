"""The kinds of bots that are known, and the board of each. Data, so that other bots can have theirs."""

from __future__ import annotations

from watchkeeper.keeper.web.board import (
    CPU,
    CPU_FIGURE,
    MEMORY,
    MEMORY_FIGURE,
    Board,
    Figure,
    Panel,
    percentile,
    rate,
    value,
)

LATENCY = "mev_processing_latency_seconds"
END_TO_END = (("stage", "end_to_end"),)

ARBITRAGE = Board(
    id="arbitrage",
    title="Arbitrage",
    sign="mev_sequencer_messages_received_total",
    figures=(
        Figure(
            id="profit",
            title="Net profit",
            unit="wei",
            curve=value("mev_profit_earned_wei", minus="mev_gas_cost_total_wei"),
        ),
        Figure(
            id="messages",
            title="Messages",
            unit="per_second",
            curve=rate("mev_sequencer_messages_received_total"),
        ),
        Figure(id="swaps", title="Swaps", unit="per_second", curve=rate("mev_swaps_detected_total")),
        Figure(
            id="latency",
            title="Latency p95",
            unit="seconds",
            curve=percentile(LATENCY, 0.95, where=END_TO_END),
        ),
        Figure(
            id="opportunities",
            title="Opportunities",
            unit="count",
            curve=value("mev_opportunities_detected_total"),
        ),
        Figure(
            id="executions", title="Executed", unit="count", curve=value("mev_executions_succeeded_total")
        ),
        CPU_FIGURE,
        MEMORY_FIGURE,
    ),
    panels=(
        Panel(
            id="throughput",
            title="Throughput",
            unit="per_second",
            curves=(
                rate("mev_sequencer_messages_received_total", "messages"),
                rate("mev_transactions_decoded_total", "transactions"),
                rate("mev_swaps_detected_total", "swaps"),
            ),
        ),
        Panel(
            id="latency",
            title="Latency, end to end",
            unit="seconds",
            curves=(
                percentile(LATENCY, 0.5, "p50", where=END_TO_END),
                percentile(LATENCY, 0.95, "p95", where=END_TO_END),
                percentile(LATENCY, 0.99, "p99", where=END_TO_END),
            ),
        ),
        Panel(
            id="profit",
            title="Profit",
            unit="wei",
            note="cumulative",
            curves=(
                value("mev_profit_earned_wei", "net of gas", minus="mev_gas_cost_total_wei"),
                value("mev_profit_earned_wei", "earned"),
                value("mev_gas_cost_total_wei", "gas"),
            ),
        ),
        Panel(
            id="stages",
            title="Latency by stage",
            unit="seconds",
            note="p95",
            scale="log",
            curves=(percentile(LATENCY, 0.95, "{stage}", by="stage"),),
        ),
        Panel(
            id="opportunities",
            title="Opportunities and refusals",
            unit="per_second",
            curves=(
                rate("mev_opportunities_detected_total", "detected"),
                rate("mev_executions_succeeded_total", "executed"),
                rate("mev_opportunities_refused_total", "refused: {reason}", by="reason"),
            ),
        ),
        Panel(
            id="rpc",
            title="RPC calls",
            unit="per_second",
            curves=(
                rate("mev_rpc_calls_total", "{method}", by="method"),
                rate("mev_rpc_errors_total", "errors: {reason}", by="reason"),
            ),
        ),
        CPU,
        MEMORY,
    ),
)

COPYING = Board(
    id="copying",
    title="Copy trading",
    sign="copybot_wallets_followed",
    figures=(
        Figure(
            id="equity",
            title="Equity",
            unit="dollars",
            curve=value("copybot_equity_dollars"),
        ),
        Figure(
            id="profit",
            title="Realised profit",
            unit="dollars",
            curve=value("copybot_realised_profit_dollars"),
        ),
        Figure(id="exposure", title="At stake", unit="dollars", curve=value("copybot_exposure_dollars")),
        Figure(id="loss", title="Day's loss", unit="ratio", curve=value("copybot_daily_loss_ratio")),
        Figure(id="fills", title="Fills seen", unit="count", curve=value("copybot_fills_detected_total")),
        Figure(id="trades", title="Trades", unit="count", curve=value("copybot_trades_confirmed_total")),
        CPU_FIGURE,
        MEMORY_FIGURE,
    ),
    panels=(
        Panel(
            id="fills",
            title="Fills seen and copied",
            unit="per_second",
            curves=(
                rate("copybot_fills_detected_total", "seen: {source}", by="source"),
                rate("copybot_orders_total", "ordered: {side}", by="side"),
                rate("copybot_trades_confirmed_total", "confirmed: {side}", by="side"),
            ),
        ),
        Panel(
            id="refusals",
            title="Refusals",
            unit="per_second",
            curves=(rate("copybot_fills_refused_total", "{reason}", by="reason"),),
        ),
        Panel(
            id="exposure",
            title="Exposure and limits",
            unit="dollars",
            curves=(
                value("copybot_exposure_dollars", "at stake"),
                value("copybot_exposure_limit_dollars", "limit: {scope}", by="scope"),
            ),
        ),
        Panel(
            id="loss",
            title="Day's loss and limits",
            unit="ratio",
            curves=(
                value("copybot_daily_loss_ratio", "loss"),
                value("copybot_daily_loss_limit_ratio", "{level}", by="level"),
            ),
        ),
        Panel(
            id="leaders",
            title="Profit by leader",
            unit="dollars",
            note="realised",
            curves=(value("copybot_leader_profit_dollars", "{leader}", by="leader"),),
        ),
        Panel(
            id="latency",
            title="Calls to the venue",
            unit="seconds",
            note="p95",
            scale="log",
            curves=(percentile("copybot_api_latency_seconds", 0.95, "{api}", by="api"),),
        ),
        Panel(
            id="errors",
            title="Failed calls",
            unit="per_second",
            note="rate_limited is HTTP 429",
            curves=(
                rate("copybot_api_errors_total", "{reason}", by="reason"),
                rate("copybot_api_throttled_total", "held back by the bot itself"),
            ),
        ),
        Panel(
            id="breaker",
            title="Breaker and books",
            unit="count",
            curves=(
                value("copybot_breaker_paused", "paused"),
                value("copybot_reconcile_differences", "differences from the venue"),
                value("copybot_stream_connected", "connected: {stream}", by="stream"),
            ),
        ),
        Panel(
            id="decision",
            title="From a fill to its decision",
            unit="seconds",
            curves=(
                percentile("copybot_decision_seconds", 0.5, "p50"),
                percentile("copybot_decision_seconds", 0.95, "p95"),
            ),
        ),
        Panel(
            id="lag",
            title="From the block to the bot",
            unit="seconds",
            note="p95",
            curves=(percentile("copybot_fill_lag_seconds", 0.95, "{source}", by="source"),),
        ),
        CPU,
        MEMORY,
    ),
)

BOARDS = (ARBITRAGE, COPYING)
