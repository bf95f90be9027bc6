// All bots at one look: is everything well, what failed and why, since when, what it earns.

import "./overview.css";

import { banner, silent } from "../shell/banner";
import { h } from "../shell/dom";
import type { Overview } from "../shell/model";
import * as rows from "../shell/rows";
import type { Context, View } from "../shell/view";
import { bots, numbers } from "./bots";
import { hour } from "./hour";
import { type Pulse, pulses } from "./pulse";

/** Numbers are asked for this often, in ms. */
const EVERY = 5000;
/** The hour is drawn again after this many of these. */
const SELDOM = 4;

export const view: View = {
  title: "Overview",
  mount(root, _, context) {
    const screen = new Screen(root, context);
    return () => screen.end();
  },
};

class Screen {
  private readonly overall = h("section", { id: "overall", class: "overall", "aria-live": "polite", "aria-label": "Overall state" });
  private readonly cards = h("ul", { id: "bots", class: "botcards" });
  private readonly alerts = h("ul", { id: "alerts", class: "rows" });
  private readonly flips = h("ol", { id: "flips", class: "rows" });
  private readonly hour = h("div", { id: "hour" });
  private readonly targets = h("ul", { id: "targets", class: "rows" });
  private readonly ends: (() => void)[];
  private known = new Map<string, Pulse>();
  private asking = false;
  private turn = 0;

  constructor(
    root: HTMLElement,
    private readonly context: Context,
  ) {
    root.append(
      h("h1", { class: "unseen" }, "Overview"),
      this.overall,
      h("div", { class: "columns" }, h("div", {}, section("Bots", this.cards), section("The last hour", this.hour)), h("aside", {}, section("Alerts", this.alerts), section("Recent changes", this.flips), section("Targets", this.targets))),
    );
    if (!context.live.overview) this.overall.append("Waiting for the keeper");
    const timer = window.setInterval(() => void this.ask(), EVERY);
    const { live } = context;
    this.ends = [live.on("change", (overview, changed) => this.draw(overview, changed)), live.onLink(() => this.state()), () => window.clearInterval(timer)];
    void this.ask();
  }

  end(): void {
    this.ends.forEach((end) => end());
  }

  private draw(overview: Overview, changed: ReadonlySet<string>): void {
    const any = (...names: string[]): boolean => names.some((name) => changed.has(name));
    if (any("bots", "alerts", "targets")) bots(this.cards, overview);
    if (any("bots", "alerts", "targets", "figures")) numbers(this.cards, overview, this.known);
    if (any("alerts")) rows.alerts(this.alerts, overview.alerts);
    if (any("flips")) rows.flips(this.flips, overview.flips);
    if (any("targets")) rows.targets(this.targets, overview.targets);
    this.state();
    if (!this.known.size) void this.ask();
  }

  private state(): void {
    const { live } = this.context;
    if (!live.overview) return;
    const count = live.overview.bots.length;
    const well = `${count} ${count === 1 ? "bot" : "bots"}, every component healthy`;
    banner(this.overall, live.state === "connected" ? live.overview.overall : silent(live.stateSince), well);
  }

  private async ask(): Promise<void> {
    const { live, api } = this.context;
    if (this.asking || document.hidden || !live.overview || live.state !== "connected") return;
    this.asking = true;
    try {
      this.known = await pulses(api, live.overview);
      numbers(this.cards, live.overview, this.known);
      if (this.turn++ % SELDOM === 0) await hour(this.hour, api, live.overview, live.now());
    } catch {
      // A keeper under stress answers its stream and not this; the numbers stay as they were.
    } finally {
      this.asking = false;
    }
  }
}

function section(title: string, content: HTMLElement): HTMLElement {
  return h("section", { "aria-label": title }, h("h2", {}, title), content);
}
