// The first screen: is every bot well, what failed, why, since when.

import { h, list, set, text } from "./shell/dom";
import { amount, moment } from "./shell/format";
import type { Bot, Figure, Overview, Part, Whole } from "./shell/model";
import { shape } from "./shell/status";

const HEADLINES: Record<string, string> = {
  healthy: "All is well",
  degraded: "Degraded",
  unhealthy: "Unhealthy",
  unknown: "Unknown",
};
const TRENDS: Record<string, string> = { improving: "↗ improving", stable: "", degrading: "↘ degrading", critical: "↓ worsening fast" };

/** A time that counts up by itself: main.ts renews every element that has data-since. */
export function since(at: number, before = "for "): HTMLElement {
  return h("time", { "data-since": at, "data-before": before, datetime: new Date(at * 1000).toISOString(), title: moment(at) });
}

export function overall(holder: HTMLElement, whole: Whole, bots: number): void {
  set(holder, "data-status", whole.status);
  const reason = whole.reason || `${bots} ${bots === 1 ? "bot" : "bots"}, every component healthy`;
  const line = `${whole.status}|${reason}|${whole.since}`;
  if (holder.dataset["shown"] === line) return;
  holder.dataset["shown"] = line;
  holder.replaceChildren(
    shape(whole.status),
    h("div", {}, h("strong", {}, HEADLINES[whole.status] ?? whole.status), h("p", {}, reason)),
    h("div", { class: "age" }, since(whole.since), h("span", {}, `since ${moment(whole.since)}`)),
  );
}

export function botTabs(holder: HTMLElement, bots: Bot[], chosen: string, choose: (name: string) => void): void {
  list(holder, bots.map((bot) => ({ name: bot.name, status: bot.status, chosen: bot.name === chosen })), (row) => row.name, (row) => {
    const tab = h("button", { type: "button", class: "bot", "aria-pressed": String(row.chosen) }, shape(row.status), row.name, h("span", { class: "unseen" }, ` is ${row.status}`));
    tab.addEventListener("click", () => choose(row.name));
    return tab;
  });
}

/** Each figure keeps its element; only its number changes. */
export function figures(holder: HTMLElement, rows: Figure[]): void {
  list(holder, rows.map(({ id, title }) => ({ id, title })), (row) => row.id, (row) =>
    h("div", { class: "figure" }, h("span", {}, row.title), h("b", {}, "")),
  );
  rows.forEach((row, place) => {
    const number = holder.children[place]?.querySelector("b");
    if (!number) return;
    const [value, unit = ""] = amount(row.value, row.unit).split("\u202f");
    if (number.textContent !== value + unit) number.replaceChildren(value ?? "", h("small", {}, unit));
    set(number, "class", typeof row.value === "string" && row.value.startsWith("-") ? "negative" : undefined);
  });
}

export function components(holder: HTMLElement, bot: Bot | undefined): void {
  const parts = bot ? [...bot.components, ...bot.silence.map((part) => ({ ...part, name: `${part.name} (silence)` }))] : [];
  const rows = parts.sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
  holder.dataset["empty"] = rows.length ? "" : "No component is known yet.";
  list(holder, rows, (part) => part.name, card);
}

function rank(part: Part): number {
  return ["unhealthy", "unknown", "degraded", "healthy"].indexOf(part.status);
}

function card(part: Part): HTMLElement {
  const trend = TRENDS[part.trend] ?? part.trend;
  const needs = part.depends.length ? `needs ${part.depends.join(", ")}` : "";
  const notes = [part.severity === "critical" ? "" : "not critical", needs, trend].filter(Boolean).join(" · ");
  return h(
    "li",
    { class: "card", "data-status": part.status },
    h("div", { class: "top" }, shape(part.status), h("h3", {}, part.name), h("span", { class: "word" }, part.status)),
    h("p", { class: "reason" }, part.reason),
    h("p", { class: "foot" }, since(part.since), h("span", {}, notes)),
  );
}

export function keeper(holder: HTMLElement, overview: Overview): void {
  const own = overview.keeper;
  const rows: [string, string][] = [
    ["Running", ""],
    ["Processor", percent(own["cpu_percent"])],
    ["Memory", amount(own["memory_bytes"] as number | null, "bytes")],
    ["Series", amount(own["series"] as number | null, "count")],
    ["Samples kept", amount(own["samples"] as number | null, "count")],
    ["On disk", amount(own["bytes"] as number | null, "bytes")],
    ["Version", overview.version],
  ];
  if (own["last_error"]) rows.push(["Store", String(own["last_error"])]);
  if (own["alerts_failed"]) rows.push(["Alerts not delivered", String(own["alerts_failed"])]);
  list(holder, rows.map(([name]) => name), (name) => name, (name) => h("div", {}, h("dt", {}, name), h("dd", {})));
  rows.forEach(([name, value], place) => {
    const shown = holder.children[place]?.querySelector("dd");
    if (!shown) return;
    if (name === "Running") {
      if (shown.dataset["at"] !== String(overview.started)) shown.replaceChildren(since(overview.started));
      shown.dataset["at"] = String(overview.started);
    } else text(shown, value);
  });
}

function percent(value: number | string | null | undefined): string {
  return typeof value === "number" ? amount(value / 100, "ratio") : "\u2013";
}
