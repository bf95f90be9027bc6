// One bot: how its parts are, what it earns, how fast it is, where it hurts.

import "./bot.css";

import { belongs } from "../overview/bots";
import { banner, silent } from "../shell/banner";
import { h, set, text } from "../shell/dom";
import { figures } from "../shell/figures";
import { moment } from "../shell/format";
import type { Bot, Figure, Overview } from "../shell/model";
import { instant } from "../shell/prom";
import * as rows from "../shell/rows";
import type { Context, View } from "../shell/view";
import { cards, parts } from "./cards";
import { Curves } from "./curves";
import { graph } from "./graph";
import { type Kind, PROCESS } from "./kinds";
import { operations } from "./operations";
import { ranges, remembered } from "./ranges";
import { drawable, kindOf, measured, names, Scope } from "./scope";
import { breakdown, integrity, objectives, refusals, section, type Sheet } from "./tables";

/** Tables are asked for this often, in ms. */
const EVERY = 10_000;
/** More alerts than these are on their own page. */
const ALERTS = 4;
/** More changes than these are on the overview. */
const FLIPS = 4;
/** While a bot's metrics are not known yet, they are looked for this often, in ms. */
const SEEKING = 2000;
/** Later they are looked for this often: an error's counter, say, comes with the first error. */
const LOOKING = 15_000;

export const view: View = {
  title: "Bot",
  mount(root, [name = ""], context) {
    const screen = new Screen(root, name, context);
    return () => screen.end();
  },
};

class Screen {
  private readonly overall = h("section", { id: "overall", class: "overall", "aria-live": "polite", "aria-label": "State of the bot" });
  private readonly about = h("p", { class: "muted" });
  private readonly back = h("button", { type: "button", class: "button main", hidden: true }, "Back to live");
  private readonly figures = h("section", { id: "figures", class: "figures", "aria-label": "Key figures" });
  private readonly cards = h("ul", { id: "components", class: "cards" });
  private readonly drawing = h("div", { class: "drawing" });
  private readonly alerts = h("ul", { id: "alerts", class: "rows" });
  private readonly allAlerts = h("a", { class: "all", href: "#/alerts", hidden: true });
  private readonly flips = h("ol", { id: "flips", class: "rows" });
  private readonly trouble = h("p", { class: "empty-box", role: "status", hidden: true });
  private readonly measured = h("div", { class: "measured" });
  private readonly curves: Curves;
  private readonly ends: (() => void)[];
  private sheets: Sheet[] = [];
  private headlines: Figure[] = [];
  private seconds = remembered();
  private asked = 0;
  private sought = 0;
  private seeking = false;
  /** What can be drawn of the bot; empty until its metrics are known. */
  private found = "";

  constructor(
    root: HTMLElement,
    private readonly name: string,
    private readonly context: Context,
  ) {
    this.curves = new Curves(context, { seconds: this.seconds, fixed: null }, (start, end) => this.zoomed(start, end), (words) => this.troubled(words));
    this.back.addEventListener("click", () => this.choose(this.seconds));
    const tools = h("div", { class: "bottools" }, this.back, h("a", { class: "button", href: `#/profiles/${encodeURIComponent(name)}` }, "Profiles"), ranges((seconds) => this.choose(seconds)));
    const state = h("div", { class: "columns" }, h("div", {}, section("Components", "", this.cards, this.drawing)), h("aside", {}, section("Alerts", "", this.alerts, this.allAlerts), section("Recent changes", "", this.flips)));
    root.append(h("div", { class: "headline" }, h("h1", {}, name), this.about, tools), this.overall, this.figures, state, this.trouble, this.measured);
    const timer = window.setInterval(() => this.tick(), 1000);
    const { live } = context;
    this.ends = [live.on("change", (overview, changed) => this.draw(overview, changed)), live.onLink(() => this.state()), () => window.clearInterval(timer), () => this.curves.end()];
  }

  end(): void {
    this.ends.forEach((end) => end());
  }

  private get bot(): Bot | undefined {
    return this.context.live.overview?.bots.find((bot) => bot.name === this.name);
  }

  private draw(overview: Overview, changed: ReadonlySet<string>): void {
    const bot = this.bot;
    if (changed.has("bots") && bot) {
      cards(this.cards, bot);
      this.drawGraph(bot);
      text(this.about, [bot.service, bot.version, bot.started ? `started ${moment(bot.started)}` : ""].filter(Boolean).join(" · "));
    }
    if (changed.has("figures")) this.drawFigures(overview);
    if (changed.has("alerts")) rows.alerts(this.alerts, overview.alerts.filter((row) => belongs(row.labels, this.name, overview)), ALERTS, this.allAlerts);
    if (changed.has("flips")) rows.flips(this.flips, overview.flips.filter((row) => mine(row.subject, this.name, overview)).slice(0, FLIPS));
    this.state();
  }

  /** The keeper's figures; a kind of bot that it has none for gets its headlines. */
  private drawFigures(overview: Overview): void {
    const told = overview.figures[this.name] ?? [];
    const more = this.headlines.filter((own) => !told.some((row) => row.title === own.title));
    figures(this.figures, [...(told.some((row) => row.id === "profit") ? [] : more), ...told]);
  }

  private drawGraph(bot: Bot): void {
    const known = parts(bot);
    const mark = JSON.stringify(known.map(({ name, status, depends, reason }) => [name, status, depends, reason]));
    if (this.drawing.dataset["mark"] === mark) return;
    this.drawing.dataset["mark"] = mark;
    const drawn = graph(known);
    this.drawing.replaceChildren(...(drawn ? [drawn] : []));
  }

  private state(): void {
    const { live } = this.context;
    if (!live.overview) return;
    if (live.state !== "connected") return banner(this.overall, silent(live.stateSince), "");
    const bot = this.bot;
    if (bot) banner(this.overall, bot, `all ${parts(bot).length} components are healthy`);
    else banner(this.overall, { status: "unknown", reason: `the keeper watches no bot named ${this.name}`, since: live.overview.started }, "");
  }

  private choose(seconds: number): void {
    this.seconds = seconds;
    set(this.back, "hidden", true);
    this.curves.set({ seconds, fixed: null });
    void this.ask();
  }

  private zoomed(start: number, end: number): void {
    set(this.back, "hidden", false);
    this.curves.set({ seconds: this.seconds, fixed: [start, end] });
  }

  private troubled(words: string): void {
    set(this.trouble, "hidden", !words);
    if (words) text(this.trouble, `The curves wait: ${words}`);
  }

  private tick(): void {
    if (document.hidden || this.context.live.state !== "connected") return;
    if (this.found) {
      this.curves.tick();
      if (Date.now() - this.asked >= EVERY) void this.ask();
    }
    if (Date.now() - this.sought >= (this.found ? LOOKING : SEEKING)) void this.seek();
  }

  /** Look which metrics the bot has, and make the panels of those; not while the focus is on one. */
  private async seek(): Promise<void> {
    const overview = this.context.live.overview;
    const scope = overview ? Scope.of(overview, this.name) : null;
    if (!scope || this.seeking || this.measured.contains(document.activeElement)) return;
    this.seeking = true;
    this.sought = Date.now();
    try {
      const known = await names(this.context.api, scope);
      const drawn = drawable(known);
      if (drawn && drawn !== this.found && !this.measured.contains(document.activeElement)) this.make(scope, known, drawn);
    } catch (problem) {
      this.troubled((problem as Error).message);
    } finally {
      this.seeking = false;
    }
  }

  private make(scope: Scope, known: Set<string>, drawn: string): void {
    this.found = drawn;
    this.curves.clear();
    this.measured.replaceChildren();
    const kind = kindOf(known);
    const asking = { context: this.context, scope, known, range: this.seconds };
    kind?.groups.forEach((group) => this.curves.add(this.measured, group, scope, known));
    const pair = kind ? [refusals(kind, asking), ...kind.tables.map((table) => breakdown(table, asking))] : [];
    const wide = [kind ? objectives(this.context, kind.service) : null, kind ? integrity(kind, asking) : null];
    const report = operations(this.context, this.name);
    const shown = (sheets: (Sheet | null)[]): Sheet[] => sheets.filter((sheet): sheet is Sheet => sheet !== null);
    this.measured.append(h("div", { class: "pairs" }, ...shown([...pair, ...wide]).map((sheet) => sheet.box)));
    this.curves.add(this.measured, PROCESS, scope, known);
    this.measured.append(report.box);
    this.sheets = shown([...pair, ...wide, report]);
    if (kind) this.sheets.push({ box: this.figures, refresh: () => this.askHeadlines(kind, scope, known) });
    void this.ask();
  }

  private async askHeadlines(kind: Kind, scope: Scope, known: Set<string>): Promise<void> {
    const wanted = [kind.profit, kind.pace, kind.speed].filter((row) => measured(row.expr, known));
    const found = await Promise.all(wanted.map((row) => instant(this.context.api, scope.fill(row.expr))));
    this.headlines = wanted.map(({ title, unit }, place): Figure => ({ id: `own-${place}`, title, unit, value: found[place]![0]?.value ?? null }));
    if (this.context.live.overview) this.drawFigures(this.context.live.overview);
  }

  private async ask(): Promise<void> {
    this.asked = Date.now();
    const done = await Promise.allSettled(this.sheets.map((sheet) => sheet.refresh(this.seconds)));
    const failed = done.find((one): one is PromiseRejectedResult => one.status === "rejected");
    if (failed) this.troubled((failed.reason as Error).message);
  }
}

/** Whether a subject is of a bot: its components, its silence judges, its targets. */
function mine(subject: string, bot: string, overview: Overview): boolean {
  const [kind, owner, ...rest] = subject.split("/");
  if (kind === "target") return overview.targets.some((row) => row.bot === bot && row.job === owner && row.instance === rest.join("/"));
  return owner === bot;
}
