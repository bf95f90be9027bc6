// The bot's own report of its operations: what is slow, what fails, what to do about it.

import { h } from "../shell/dom";
import { amount } from "../shell/format";
import { refill, tablebox } from "../shell/scroll";
import type { Context } from "../shell/view";
import { section, type Sheet } from "./tables";

interface Operation {
  name: string;
  count: number;
  errors: number;
  error_rate: number;
  mean: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
  trend: string;
  class: string;
  share: number;
}

interface Report {
  at: number;
  operations: Operation[];
  bottlenecks: { name: string; class: string; share: number; recommendations: string[] }[];
  process: { age_seconds: number; cpu_share: number; memory_bytes: number; memory_growth: number; stalls: number; longest_stall_seconds: number; recommendations: string[] };
}

const TITLES = ["operation", "class", "runs", "errors", "p50", "p95", "p99", "max", "share of time", "trend"];

export function operations(context: Context, bot: string): Sheet {
  const holder = h("div", { class: "operations" });
  return {
    box: section("Operations and bottlenecks", "as the bot's agent tells them", holder),
    async refresh() {
      try {
        refill(holder, ...drawn(await context.api.get<Report>(`/api/operations?bot=${encodeURIComponent(bot)}`)));
      } catch (problem) {
        holder.replaceChildren(h("p", { class: "empty-box" }, `No report: ${(problem as Error).message}`));
      }
    },
  };
}

function drawn(report: Report): HTMLElement[] {
  const advice = [...report.bottlenecks.map((row) => h("li", {}, h("b", {}, row.name), ` is ${row.class}: `, row.recommendations.join("; "))), ...report.process.recommendations.map((words) => h("li", {}, h("b", {}, "process"), `: ${words}`))];
  const process = report.process;
  const facts = `${amount(process.cpu_share, "ratio")} of one core since the start, ${amount(process.memory_bytes, "bytes")} resident (${amount(process.memory_growth, "none")} times the start), ${process.stalls} stalls of the loop${process.stalls ? `, the longest ${amount(process.longest_stall_seconds, "seconds")}` : ""}`;
  return [
    advice.length ? h("ul", { class: "advice box" }, ...advice) : h("p", { class: "empty-box" }, report.operations.length ? "No bottleneck is seen." : "This bot marks no operations. In its code: with watch.operation(\"name\")."),
    ...(report.operations.length ? [table(report.operations)] : []),
    h("p", { class: "muted honest" }, `The process: ${facts}.`),
  ];
}

function table(rows: Operation[]): HTMLElement {
  const head = h("tr", {}, ...TITLES.map((title, place) => h("th", { scope: "col", class: place > 1 && place < 9 ? "number" : undefined }, title)));
  return tablebox("Operations", h("table", { class: "table" }, h("thead", {}, head), h("tbody", {}, ...rows.map(line))));
}

function line(row: Operation): HTMLElement {
  const numbers = [amount(row.count, "count"), `${row.errors} (${amount(row.error_rate, "ratio")})`, ...[row.p50, row.p95, row.p99, row.max].map((value) => amount(value, "seconds")), amount(row.share, "ratio")];
  return h("tr", {}, h("td", { class: "mono" }, row.name), h("td", {}, h("span", { class: "tag" }, row.class)), ...numbers.map((value) => h("td", { class: "number" }, value)), h("td", {}, row.trend));
}
