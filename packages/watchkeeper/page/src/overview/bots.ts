// One card per bot: its honest state and the reason, its money, its pace.

import { spark } from "../charts/spark";
import { parts } from "../bot/cards";
import { since } from "../shell/ages";
import { h, list, set, text } from "../shell/dom";
import { amount } from "../shell/format";
import type { Amount, Bot, Figure, Overview, Unit } from "../shell/model";
import { shape } from "../shell/status";
import type { Number, Pulse } from "./pulse";

/** A sparkline has this many points at least. */
const LEAST = 12;

interface Row {
  bot: Bot;
  firing: number;
}

export function bots(holder: HTMLElement, overview: Overview): void {
  const rows = overview.bots.map((bot) => ({ bot: steady(bot), firing: firing(overview, bot.name) }));
  holder.dataset["empty"] = rows.length ? "" : "No bot is watched yet: name its address under scrape_configs in keeper.yaml.";
  list(holder, rows, (row) => row.bot.name, card);
}

/** Without what the card does not show, so that it is not made anew for it. */
function steady(bot: Bot): Bot {
  return { ...bot, components: bot.components.map((part) => ({ ...part, trend: "", depends: [] })) };
}

function firing(overview: Overview, bot: string): number {
  return overview.alerts.filter((row) => row.status === "firing" && belongs(row.labels, bot, overview)).length;
}

/** Whether labels are of a bot: by its name, or by one of its targets. */
export function belongs(labels: Record<string, string>, bot: string, overview: Overview): boolean {
  if (labels["bot"]) return labels["bot"] === bot;
  return overview.targets.some((row) => row.bot === bot && row.job === labels["job"] && (!labels["instance"] || row.instance === labels["instance"]));
}

function card({ bot, firing }: Row): HTMLElement {
  const all = parts(bot);
  const worst = all.find((part) => part.status !== "healthy");
  const reason = bot.reason || (all.length ? `all ${all.length} components are healthy` : "no component is known yet");
  const alerts = firing ? h("a", { class: "firing", href: "#/alerts" }, `${firing} ${firing === 1 ? "alert" : "alerts"} firing`) : h("span", { class: "muted" }, "no alert");
  return h(
    "li",
    { class: "botcard", "data-status": bot.status, "data-bot": bot.name },
    h("div", { class: "top" }, shape(bot.status), h("h3", {}, h("a", { href: `#/bot/${encodeURIComponent(bot.name)}` }, bot.name)), h("span", { class: "word" }, bot.status), since(bot.since)),
    h("p", { class: "reason" }, reason),
    worst && !bot.reason ? h("p", { class: "reason muted" }, `${worst.name}: ${worst.reason || worst.status}`) : null,
    h("div", { class: "numbers" }, slot("profit"), slot("pace"), slot("speed")),
    h("div", { class: "past" }),
    h("ul", { class: "parts", "aria-label": "Components" }, ...all.map((part) => h("li", { title: part.reason || part.status }, shape(part.status), part.name, h("span", { class: "unseen" }, ` is ${part.status}`)))),
    h("p", { class: "foot" }, alerts, h("span", {}, [bot.service, bot.version].filter(Boolean).join(" "))),
  );
}

function slot(name: string): HTMLElement {
  return h("div", { class: "figure", "data-slot": name, hidden: true }, h("span", {}), h("b", {}, ""));
}

/** Write the numbers into the cards; exact ones of the stream win over computed ones. */
export function numbers(holder: HTMLElement, overview: Overview, known: Map<string, Pulse>): void {
  for (const box of holder.querySelectorAll<HTMLElement>("[data-bot]")) {
    const name = box.dataset["bot"]!;
    const pulse = known.get(name);
    const told = overview.figures[name] ?? [];
    put(box, "profit", exact(told, "profit") ?? pulse?.profit);
    put(box, "pace", pulse?.pace ?? exact(told, "cpu"));
    put(box, "speed", pulse?.speed ?? exact(told, "memory"));
    const drawn = pulse?.past.some((value) => value !== null);
    const mark = drawn ? JSON.stringify(pulse?.past) : "";
    const past = box.querySelector<HTMLElement>(".past")!;
    if (past.dataset["mark"] === mark) continue;
    past.dataset["mark"] = mark;
    past.replaceChildren(...(drawn && pulse ? [spark(young(pulse.past), `${pulse.pace?.title ?? "Pace"} up to 15 minutes back`), h("span", { class: "muted" }, `${pulse.pace?.title.toLowerCase() ?? "pace"}, up to 15 min`)] : []));
  }
}

/** Without most of the time before anything was measured. */
function young(past: (number | null)[]): (number | null)[] {
  const first = past.findIndex((value) => value !== null);
  return past.slice(Math.max(0, Math.min(first, past.length - LEAST)));
}

function exact(figures: Figure[], id: string): Figure | undefined {
  return figures.find((row) => row.id === id && row.value !== null);
}

function put(box: HTMLElement, slotName: string, shown: Number | Figure | undefined): void {
  const place = box.querySelector<HTMLElement>(`[data-slot="${slotName}"]`);
  if (!place) return;
  set(place, "hidden", shown === undefined);
  if (!shown) return;
  const [value, unit = ""] = amount(shown.value as Amount, shown.unit as Unit).split("\u202f");
  text(place.firstElementChild!, shown.title);
  const number = place.querySelector("b")!;
  if (number.textContent !== value + unit) number.replaceChildren(value ?? "", h("small", {}, unit));
  set(number, "class", String(shown.value).startsWith("-") ? "negative" : undefined);
}
