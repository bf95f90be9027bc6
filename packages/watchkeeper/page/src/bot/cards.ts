// The components of a bot, worst first.

import { since } from "../shell/ages";
import { h, list } from "../shell/dom";
import type { Bot, Part } from "../shell/model";
import { shape } from "../shell/status";

const TRENDS: Record<string, string> = { improving: "↗ improving", stable: "→ stable", degrading: "↘ degrading", critical: "↓ worsening fast" };
const ORDER = ["unhealthy", "unknown", "degraded", "healthy"];

/** Components and silence judges, the worst first. */
export function parts(bot: Bot): Part[] {
  const silence = bot.silence.map((part) => ({ ...part, name: `${part.name} (silence)` }));
  return [...bot.components, ...silence].sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
}

export function cards(holder: HTMLElement, bot: Bot): void {
  const rows = parts(bot);
  holder.dataset["empty"] = rows.length ? "" : "No component is known yet.";
  list(holder, rows, (part) => part.name, card);
}

function rank(part: Part): number {
  return ORDER.indexOf(part.status);
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
