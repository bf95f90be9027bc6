// Facts in two columns, taken from the stream and from the keeper's own metrics.

import { h, list, text } from "../shell/dom";
import { amount } from "../shell/format";
import type { Amount, Overview, Unit } from "../shell/model";
import type { Context } from "../shell/view";

interface Family {
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

export type Fact = [string, string];

/** Write facts; only what differs is touched. */
export function facts(holder: HTMLElement, rows: Fact[]): void {
  list(holder, rows.map(([name]) => name), (name) => name, (name) => h("div", {}, h("dt", {}, name), h("dd", {})));
  rows.forEach(([, value], place) => text(holder.children[place]!.lastElementChild!, value));
}

/** The keeper's store, by its overview. */
export function store(overview: Overview): Fact[] {
  const own = overview.keeper;
  const told = (name: string, unit: Unit): string => amount((own[name] ?? null) as Amount, unit);
  const rows: Fact[] = [["Series", told("series", "count")], ["Samples kept", told("samples", "count")], ["On disk", told("bytes", "bytes")], ["Damaged chunks", told("corrupt_chunks", "count")], ["Writes that failed", told("flush_failures", "count")]];
  if (own["oldest"]) rows.splice(2, 0, ["Oldest sample", new Date(Number(own["oldest"])).toLocaleString()]);
  if (own["last_error"]) rows.push(["Last error", String(own["last_error"])]);
  return rows;
}

const COUNTED: [string, string][] = [
  ["Alerts sent", "monitoring_alerts_sent_total"],
  ["Alerts held back", "monitoring_alerts_suppressed_total"],
  ["Notifications carried", "monitoring_notifications_total"],
  ["Notifications that failed", "monitoring_notifications_failed_total"],
  ["Deliveries that failed", "monitoring_deliveries_failed_total"],
  ["Alerts taken from others", "monitoring_alerts_received_total"],
  ["Rows not written", "monitoring_rows_unwritten_total"],
  ["Changes of state", "monitoring_flips_total"],
  ["Rounds of judging", "monitoring_rounds_total"],
  ["Rule evaluations", "monitoring_rule_evaluations_total"],
  ["Rules that failed", "monitoring_rule_failures_total"],
  ["Rounds of rules missed", "monitoring_rule_missed_total"],
  ["Samples received by remote write", "monitoring_remote_received_total"],
  ["Samples sent by remote write", "monitoring_remote_sent_total"],
];

/** What the keeper counted since its start; what it never counted is left out. */
export async function counted(context: Context): Promise<Fact[]> {
  const { families } = await context.api.get<{ families: Family[] }>("/metrics.json");
  const sums = new Map<string, number>();
  for (const { samples } of families) for (const { name, value } of samples) sums.set(name, (sums.get(name) ?? 0) + value);
  return COUNTED.flatMap(([title, name]): Fact[] => (sums.has(name) ? [[title, amount(sums.get(name)!, "count")]] : []));
}
