// Puts the page together: one stream in, the views out.

import "./style.css";

import { Charts, RANGES } from "./charts";
import { find, h, set, text } from "./shell/dom";
import { duration, moment } from "./shell/format";
import * as lists from "./lists";
import type { Overview } from "./shell/model";
import { icon } from "./shell/status";
import { Stream } from "./stream";
import * as views from "./views";

const charts = new Charts(find("charts"));
let overview: Overview | null = null;
let alive = false;
let lostAt = 0;
let chosen = "";
/** How far the keeper's clock is ahead of this machine's, in seconds. */
let ahead = 0;

function bot() {
  const bots = overview?.bots ?? [];
  return bots.find((row) => row.name === chosen) ?? bots[0];
}

function choose(name: string): void {
  chosen = name;
  draw();
}

function draw(): void {
  if (!overview) return;
  const shown = bot();
  views.botTabs(find("bots"), overview.bots, shown?.name ?? "", choose);
  views.figures(find("figures"), shown ? (overview.figures[shown.name] ?? []) : []);
  views.components(find("components"), shown);
  lists.alerts(find("alerts"), overview.alerts);
  lists.flips(find("flips"), overview.flips);
  lists.targets(find("targets"), overview.targets);
  views.keeper(find("keeper"), overview);
  if (shown) charts.choose(shown.name, shown.board, Number(overview.keeper["oldest"] ?? 0) / 1000);
  state();
}

/** The overall state; a page that hears nothing from the keeper does not know it. */
function state(): void {
  if (!overview) return;
  const lost = { status: "unknown" as const, reason: "the keeper does not answer; below is what it knew last", since: lostAt, subject: "" };
  const whole = alive ? overview.overall : lost;
  views.overall(find("overall"), whole, overview.bots.length);
  document.body.classList.toggle("lost", !alive);
  set(find("icon"), "href", icon(whole.status));
  document.title = `${whole.status} – Watchkeeper`;
  ages();
}

function ages(): void {
  const now = Date.now() / 1000 + ahead;
  for (const element of document.querySelectorAll<HTMLElement>("[data-since]")) {
    text(element, `${element.dataset["before"] ?? ""}${duration(now - Number(element.dataset["since"]))}`);
  }
}

new Stream({
  changed: (next, sections) => {
    overview = next;
    if (sections.has("time")) ahead = next.time - Date.now() / 1000;
    draw();
  },
  linked: (now, at) => {
    [alive, lostAt] = [now, at];
    const link = find("link");
    set(link, "data-alive", String(now));
    text(link, now ? "live" : `no answer since ${moment(at)}`);
    if (!now && !overview) text(find("overall"), "Waiting for the keeper");
    state();
  },
});

setInterval(() => {
  ages();
  charts.tick();
}, 1000);

// --- the range of the charts and the theme are remembered ---

function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A browser without storage forgets the choice; nothing else depends on it.
  }
}

function ranges(): void {
  const wanted = Number(kept("range") ?? 900);
  for (const [name, seconds] of RANGES) {
    const input = h("input", { type: "radio", name: "range", value: seconds, checked: seconds === wanted });
    input.addEventListener("change", () => {
      keep("range", String(seconds));
      charts.setRange(seconds);
    });
    find("ranges").append(h("label", {}, input, h("span", {}, name)));
  }
  if (RANGES.some(([, seconds]) => seconds === wanted)) charts.setRange(wanted);
}

const THEMES: Record<string, string> = { auto: "◐ Auto", light: "☀ Light", dark: "☾ Dark" };

function theme(name: string): void {
  const known = name in THEMES ? name : "auto";
  set(document.documentElement, "data-theme", known === "auto" ? undefined : known);
  const button = find("theme");
  text(button, THEMES[known]!);
  button.title = "Colours: follow the system, light or dark";
  button.onclick = () => {
    const names = Object.keys(THEMES);
    const next = names[(names.indexOf(known) + 1) % names.length]!;
    keep("theme", next);
    theme(next);
    charts.recolour();
  };
}

theme(kept("theme") ?? "auto");
ranges();
