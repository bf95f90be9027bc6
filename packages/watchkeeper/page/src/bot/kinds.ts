// What is drawn of each kind of bot: data, so that another bot gets its panels by a table.
// In an expression `$s` stands for the bot's own matchers and `$w` for the window of a rate.

import type { Unit } from "../shell/model";

export interface Curve {
  expr: string;
  /** A name, in which {label} is the value of a label. */
  name: string;
}

export interface Plan {
  id: string;
  title: string;
  unit: Unit;
  note?: string;
  scale?: "log";
  curves: Curve[];
}

export interface Group {
  title: string;
  plans: Plan[];
}

/** A table by the values of one label; a column without values is left out. */
export interface Table {
  title: string;
  by: string;
  columns: { title: string; unit: Unit; expr: string }[];
}

/** One number per bot: `$s` is left out where all bots are asked at once. */
export interface Headline {
  title: string;
  unit: Unit;
  expr: string;
}

export interface Kind {
  /** The bots of this kind have this metric. */
  sign: string;
  /** The service of their objectives. */
  service: string;
  profit: Headline;
  pace: Headline;
  speed: Headline;
  groups: Group[];
  refusals?: { title: string; expr: string; by: string };
  tables: Table[];
  integrity: { title: string; what: string; expr: string }[];
}

const rate = (metric: string, by = "", more = ""): string => `sum${by ? ` by (${by})` : ""} (rate(${metric}{$s${more}}[$w]))`;
const value = (metric: string, by = ""): string => `sum${by ? ` by (${by})` : ""} (${metric}{$s})`;
const quantile = (share: number, metric: string, by = "", more = ""): string =>
  `histogram_quantile(${share}, sum by (${by ? `le, ${by}` : "le"}) (rate(${metric}_bucket{$s${more}}[$w])))`;
const percentiles = (metric: string, more = ""): Curve[] => [50, 95, 99].map((part) => ({ name: `p${part}`, expr: quantile(part / 100, metric, "", more) }));
const day = (metric: string): string => `sum (increase(${metric}{$s}[1d]))`;

const calls = (title: string, by: string): Table => ({
  title,
  by,
  columns: [
    { title: "calls", unit: "per_second", expr: rate("mev_rpc_calls_total", by) },
    { title: "errors", unit: "per_second", expr: rate("mev_rpc_errors_total", by) },
    { title: "p95", unit: "seconds", expr: quantile(0.95, "mev_rpc_latency_seconds", by) },
  ],
});

const LATENCY = "mev_processing_latency_seconds";
const WHOLE = ', stage="end_to_end"';

const ARBITRAGE: Kind = {
  sign: "mev_sequencer_messages_received_total",
  service: "arbitrage",
  profit: { title: "Net profit", unit: "wei", expr: "sum by (job, instance) (mev_profit_earned_wei{$s}) - sum by (job, instance) (mev_gas_cost_total_wei{$s})" },
  pace: { title: "Messages", unit: "per_second", expr: "sum by (job, instance) (rate(mev_sequencer_messages_received_total{$s}[$w]))" },
  speed: { title: "Latency p95", unit: "seconds", expr: `histogram_quantile(0.95, sum by (le, job, instance) (rate(${LATENCY}_bucket{$s${WHOLE}}[$w])))` },
  groups: [
    {
      title: "Traffic and speed",
      plans: [
        { id: "throughput", title: "Throughput", unit: "per_second", curves: [
          { name: "messages", expr: rate("mev_sequencer_messages_received_total") },
          { name: "transactions", expr: rate("mev_transactions_decoded_total") },
          { name: "swaps", expr: rate("mev_swaps_detected_total") },
        ] },
        { id: "latency", title: "Latency, end to end", unit: "seconds", curves: percentiles(LATENCY, WHOLE) },
        { id: "stages", title: "Latency by stage", note: "p95", unit: "seconds", scale: "log", curves: [{ name: "{stage}", expr: quantile(0.95, LATENCY, "stage") }] },
      ],
    },
    {
      title: "Money and decisions",
      plans: [
        { id: "profit", title: "Profit", note: "cumulative", unit: "wei", curves: [
          { name: "net of gas", expr: `${value("mev_profit_earned_wei")} - ${value("mev_gas_cost_total_wei")}` },
          { name: "earned", expr: value("mev_profit_earned_wei") },
          { name: "gas", expr: value("mev_gas_cost_total_wei") },
        ] },
        { id: "opportunities", title: "Opportunities", unit: "per_second", curves: [
          { name: "detected", expr: rate("mev_opportunities_detected_total") },
          { name: "profitable", expr: rate("mev_opportunities_profitable_total") },
          { name: "executed", expr: rate("mev_executions_succeeded_total") },
        ] },
        { id: "executions", title: "Executions that failed", unit: "per_second", curves: [{ name: "{reason}", expr: rate("mev_executions_failed_total", "reason") }] },
      ],
    },
  ],
  refusals: { title: "Refused opportunities", by: "reason", expr: "sum by (reason) (increase(mev_opportunities_refused_total{$s}[$r]))" },
  tables: [calls("RPC providers", "provider"), calls("RPC by method", "method")],
  integrity: [
    { title: "Gaps in the feed", what: "sequence numbers skipped", expr: day("mev_sequencer_gaps_total") },
    { title: "Duplicates", what: "messages seen twice, and dropped", expr: day("mev_sequencer_duplicates_total") },
    { title: "Reorganisations", what: "numbers sent again with another block", expr: day("mev_sequencer_reorgs_total") },
    { title: "Messages not understood", what: "counted with their reason, never guessed", expr: day("mev_sequencer_parse_errors_total") },
    { title: "Messages not valid", what: "refused before decoding", expr: day("mev_sequencer_validation_errors_total") },
    { title: "Pool states corrected", what: "the prediction differed from the chain, and was replaced", expr: 'sum (increase(mev_pool_predictions_total{$s, result="corrected"}[1d]))' },
    { title: "Feed connected again", what: "by itself, after a loss", expr: day("mev_sequencer_reconnects_total") },
    { title: "Plans dropped", what: "another one was under way", expr: day("mev_queue_dropped_total") },
  ],
};

const COPYING: Kind = {
  sign: "copybot_wallets_followed",
  service: "copy",
  profit: { title: "Realised profit", unit: "dollars", expr: "sum by (job, instance) (copybot_realised_profit_dollars{$s})" },
  pace: { title: "Fills seen", unit: "per_second", expr: "sum by (job, instance) (rate(copybot_fills_detected_total{$s}[$w]))" },
  speed: { title: "Fill lag p95", unit: "seconds", expr: "histogram_quantile(0.95, sum by (le, job, instance) (rate(copybot_fill_lag_seconds_bucket{$s}[$w])))" },
  groups: [
    {
      title: "Money",
      plans: [
        { id: "equity", title: "Equity, cash, exposure", unit: "dollars", curves: [
          { name: "equity", expr: value("copybot_equity_dollars") },
          { name: "cash", expr: value("copybot_cash_dollars") },
          { name: "exposure", expr: value("copybot_exposure_dollars") },
        ] },
        { id: "realised", title: "Realised profit and fees", note: "cumulative", unit: "dollars", curves: [
          { name: "realised", expr: value("copybot_realised_profit_dollars") },
          { name: "fees", expr: value("copybot_fees_paid_dollars") },
        ] },
        { id: "loss", title: "Loss of the day", note: "share of the limit's base", unit: "ratio", curves: [{ name: "loss", expr: "max (copybot_daily_loss_ratio{$s})" }] },
        { id: "volume", title: "Volume", note: "dollars a second", unit: "dollars", curves: [{ name: "{side}", expr: rate("copybot_volume_dollars_total", "side") }] },
      ],
    },
    {
      title: "From a fill to its copy",
      plans: [
        { id: "fills", title: "Fills", unit: "per_second", curves: [
          { name: "seen by {source}", expr: rate("copybot_fills_detected_total", "source") },
          { name: "duplicates", expr: rate("copybot_fills_duplicate_total") },
        ] },
        { id: "lag", title: "Lag of fills", note: "from the trade to its sight", unit: "seconds", curves: percentiles("copybot_fill_lag_seconds") },
        { id: "decision", title: "Decision", unit: "seconds", curves: percentiles("copybot_decision_seconds") },
        { id: "execution", title: "Execution", unit: "seconds", curves: percentiles("copybot_execution_seconds") },
        { id: "orders", title: "Orders by outcome", unit: "per_second", curves: [{ name: "{outcome}", expr: rate("copybot_order_outcomes_total", "outcome") }] },
        { id: "scan", title: "Scan of wallets", unit: "seconds", curves: percentiles("copybot_wallet_scan_seconds") },
      ],
    },
  ],
  refusals: { title: "Refused fills", by: "reason", expr: "sum by (reason) (increase(copybot_fills_refused_total{$s}[$r]))" },
  tables: [
    {
      title: "APIs of the venue",
      by: "api",
      columns: [
        { title: "calls", unit: "per_second", expr: rate("copybot_api_calls_total", "api") },
        { title: "errors", unit: "per_second", expr: rate("copybot_api_errors_total", "api") },
        { title: "throttled", unit: "per_second", expr: rate("copybot_api_throttled_total", "api") },
        { title: "p95", unit: "seconds", expr: quantile(0.95, "copybot_api_latency_seconds", "api") },
      ],
    },
  ],
  integrity: [
    { title: "Differences from the venue's books", what: "now; none is right", expr: "sum (copybot_reconcile_differences{$s})" },
    { title: "Trades failed on chain", what: "matched, then not settled; taken out of the books", expr: day("copybot_trades_failed_total") },
    { title: "Fills seen twice", what: "recognised, and copied once", expr: day("copybot_fills_duplicate_total") },
    { title: "Messages not understood", what: "counted with their reason", expr: day("copybot_parse_errors_total") },
    { title: "Wallets not scanned", what: "tried again at the next scan", expr: day("copybot_wallet_scan_errors_total") },
    { title: "Streams connected again", what: "by themselves, after a loss", expr: day("copybot_stream_reconnects_total") },
    { title: "Breaker changes", what: "paused or resumed", expr: day("copybot_breaker_changes_total") },
    { title: "Breaker paused", what: "1 while nothing may be opened", expr: "max (copybot_breaker_paused{$s})" },
  ],
};

export const KINDS: Kind[] = [ARBITRAGE, COPYING];

/** Of every process that has the agent. */
export const PROCESS: Group = {
  title: "Process",
  plans: [
    { id: "cpu", title: "Processor", unit: "ratio", curves: [
      { name: "of one core", expr: rate("process_cpu_seconds_total") },
      { name: "the agent's part", expr: rate("monitoring_agent_cpu_seconds_total") },
    ] },
    { id: "memory", title: "Memory", unit: "bytes", curves: [{ name: "resident", expr: value("process_resident_memory_bytes") }] },
    { id: "loop", title: "Event loop lag", unit: "seconds", curves: [
      { name: "p50", expr: quantile(0.5, "monitoring_event_loop_lag_seconds") },
      { name: "p99", expr: quantile(0.99, "monitoring_event_loop_lag_seconds") },
    ] },
    { id: "gc", title: "Garbage collections", unit: "per_second", curves: [{ name: "generation {generation}", expr: rate("python_gc_collections_total", "generation") }] },
    { id: "files", title: "Open files and threads", unit: "count", curves: [
      { name: "open files", expr: value("process_open_fds") },
      { name: "threads", expr: value("process_threads") },
      { name: "tasks", expr: value("asyncio_tasks") },
    ] },
    { id: "disk", title: "Disk", note: "bytes a second", unit: "bytes", curves: [
      { name: "written", expr: rate("process_disk_written_bytes_total") },
      { name: "read", expr: rate("process_disk_read_bytes_total") },
    ] },
  ],
};

const METRIC = /([a-zA-Z_:][\w:]*)\{\$s/g;

/** The metrics that an expression reads. */
export function metrics(expr: string): string[] {
  return [...expr.matchAll(METRIC)].map((found) => found[1]!);
}
