// The watcher watched: the keeper's own health, its store, what it scrapes, evaluates, sends; its breaker.

import "./keeper.css";

import { objectives } from "../bot/tables";
import { banner, silent } from "../shell/banner";
import { h, list, text } from "../shell/dom";
import { duration, moment } from "../shell/format";
import type { Overview, Status } from "../shell/model";
import * as rows from "../shell/rows";
import { tablebox } from "../shell/scroll";
import { shape } from "../shell/status";
import type { Context, View } from "../shell/view";
import { breaker } from "./breaker";
import { counted, facts, store } from "./facts";
import { groups, head } from "./rules";
import { Undelivered } from "./undelivered";
import { Integrity } from "./verify";
import { Vitals } from "./vitals";

const EVERY = 5000;

interface Health {
  status: Status;
  started: number;
  components: { name: string; status: Status; reason: string; since: number }[];
}

export const view: View = {
  title: "Keeper",
  mount(root, _, context) {
    const screen = new Screen(root, context);
    return () => screen.end();
  },
};

class Screen {
  private readonly overall = h("section", { id: "overall", class: "overall", "aria-live": "polite", "aria-label": "State of the keeper" });
  private readonly about = h("p", { class: "muted" });
  private readonly parts = h("ul", { class: "parts keeperparts", "aria-label": "Parts of the keeper" });
  private readonly vitals = new Vitals();
  private readonly breaker = h("div", { id: "breaker", class: "box breaker" });
  private readonly store = h("dl", { class: "facts" });
  private readonly counts = h("dl", { class: "facts" });
  private readonly targets = h("ul", { id: "targets", class: "rows" });
  private readonly rules = h("tbody", {});
  private readonly objectives;
  private readonly integrity;
  private readonly undelivered;
  private readonly ends: (() => void)[];
  private asking = false;

  constructor(
    root: HTMLElement,
    private readonly context: Context,
  ) {
    this.objectives = objectives(context, null);
    this.integrity = new Integrity(context);
    this.undelivered = new Undelivered(context);
    const table = tablebox("Rules", h("table", { class: "table", id: "rules" }, head(), this.rules));
    const main = h("div", {}, section("Processor, memory, samples", this.vitals.box), section("Integrity and recovery", h("div", { class: "recovery" }, this.integrity.box, this.undelivered.box)), this.objectives.box, section("Rules", table));
    const side = h("aside", {}, section("Stress breaker", this.breaker), section("Targets", this.targets), section("Store", this.store), section("Since the start", this.counts));
    root.append(h("div", { class: "headline" }, h("h1", {}, "Keeper"), this.about), this.overall, this.parts, h("div", { class: "columns" }, main, side));
    const { live } = context;
    const timer = window.setInterval(() => void this.ask(), EVERY);
    this.ends = [live.on("change", (overview) => this.draw(overview)), live.onLink(() => this.linked()), () => window.clearInterval(timer), () => this.vitals.end(), () => this.integrity.end(), () => this.undelivered.end()];
    void this.ask();
  }

  end(): void {
    this.ends.forEach((end) => end());
  }

  private draw(overview: Overview): void {
    this.vitals.add(overview);
    facts(this.store, store(overview));
    rows.targets(this.targets, overview.targets);
    text(this.about, `version ${overview.version} · started ${moment(overview.started)}, ${duration(overview.time - overview.started)} ago`);
  }

  private linked(): void {
    const { live } = this.context;
    if (live.state === "connected") void this.ask();
    else banner(this.overall, silent(live.stateSince), "");
  }

  private async ask(): Promise<void> {
    const { context } = this;
    if (this.asking || document.hidden || context.live.state !== "connected") return;
    this.asking = true;
    const told = await Promise.allSettled([
      this.health(),
      breaker(this.breaker, context),
      counted(context).then((found) => facts(this.counts, found)),
      groups(this.rules, context),
      this.objectives.refresh(0),
      this.integrity.refresh(),
      this.undelivered.refresh(),
    ]);
    this.asking = false;
    const failed = told.find((one): one is PromiseRejectedResult => one.status === "rejected");
    if (failed) text(this.about, `Not all could be asked: ${(failed.reason as Error).message}`);
  }

  private async health(): Promise<void> {
    const health = await this.context.api.get<Health>("/health");
    const worst = health.components.filter((part) => part.status !== "healthy");
    const since = Math.max(health.started, ...health.components.map((part) => part.since));
    banner(this.overall, { status: health.status, reason: worst.map((part) => `${part.name}: ${part.reason || part.status}`).join("; "), since }, "the store keeps, targets are scraped, alerts are carried");
    list(this.parts, health.components, (part) => part.name, (part) => h("li", { title: part.reason || part.status }, shape(part.status), `${part.name} is ${part.status}`));
  }
}

function section(title: string, content: HTMLElement): HTMLElement {
  return h("section", { "aria-label": title }, h("h2", {}, title), content);
}
