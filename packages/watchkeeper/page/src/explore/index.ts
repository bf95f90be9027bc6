// The explorer: any PromQL over any time, as curves or as a table; its state is in the hash, so a link shows the same.

import "./explore.css";

import { Series } from "../charts/series";
import { guessed, type Unit } from "../charts/units";
import { ApiError } from "../shell/api";
import { h, text } from "../shell/dom";
import type { Context, View } from "../shell/view";
import { Catalogue } from "./catalogue";
import { controls } from "./controls";
import { csv, MOST_CURVES, sheet, type Sheet } from "./curves";
import { download } from "./files";
import { Legend } from "./legend";
import { button, repeated } from "./parts";
import { atTime, stepFor } from "./prom";
import { Queries } from "./queries";
import { read, written, type State } from "./state";
import { table } from "./table";

const HEIGHT = 340;

class Explorer {
  private state = read(location.hash);
  private readonly queries: Queries;
  private readonly bar = h("div", { class: "bar-holder" });
  private readonly tabs = h("div", { class: "group", role: "group", "aria-label": "View" });
  private readonly drawing = h("div", { class: "drawing" });
  private readonly hint = h("p", { class: "empty-box" });
  private readonly cells = h("div");
  private readonly series: Series;
  private readonly legend = new Legend((names) => this.series.isolate(names));
  private sheet: Sheet | null = null;
  private asking = new AbortController();

  constructor(root: HTMLElement, private readonly context: Context) {
    this.queries = new Queries(new Catalogue(context.api), (queries) => this.change({ queries }));
    this.series = new Series(this.drawing, this.look());
    const tools = h("div", { class: "group tools-row" }, this.tabs, button("Export CSV", () => this.save()), button("Copy link", () => void this.share()));
    root.append(h("h1", {}, "Explore"), this.queries.box, this.bar, tools, this.hint, h("section", { class: "sheet", "aria-label": "Result" }, this.drawing, this.legend.box, this.cells));
  }

  /** Read the hash again: somebody went back, or followed a link. */
  follow = (): void => {
    if (location.hash.split("?")[0] !== "#/explore") return;
    const next = read(location.hash);
    if (written(next) === written(this.state) && this.sheet) return;
    this.state = next;
    this.show();
  };

  show(): void {
    this.queries.show(this.state.queries);
    this.bar.replaceChildren(controls(this.state, this.context.live.now(), (change) => this.change(change)));
    this.tabs.replaceChildren(...(["graph", "table"] as const).map((view) => button(view === "graph" ? "Graph" : "Table", () => this.change({ view }), { "aria-pressed": String(this.state.view === view) })));
    void this.ask();
  }

  /** Ask again; what was asked before and is not answered yet counts no more. */
  async ask(): Promise<void> {
    this.asking.abort();
    const own = (this.asking = new AbortController());
    try {
      await (this.state.view === "table" ? this.askTable(own.signal) : this.askCurves(own.signal));
    } catch (problem) {
      if (!own.signal.aborted) throw problem;
    }
  }

  get refresh(): number {
    return this.state.end === null && this.state.queries.some(Boolean) ? this.state.refresh * 1000 : 0;
  }

  end(): void {
    this.asking.abort();
    this.series.destroy();
  }

  private change(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    if (location.hash !== written(this.state)) history.pushState(null, "", written(this.state));
    this.show();
  }

  private get window(): [number, number] {
    const end = this.state.end ?? this.context.live.now();
    return [end - this.state.range, end];
  }

  private get unit(): Unit {
    if (this.state.unit !== "auto") return this.state.unit;
    const units = new Set(this.state.queries.filter(Boolean).map(guessed));
    return units.size === 1 ? [...units][0]! : "none";
  }

  private look() {
    return { unit: this.unit, height: HEIGHT, zoomed: (start: number, end: number) => this.zoom(start, end) };
  }

  private zoom(start: number, end: number): void {
    this.change({ range: Math.max(10, Math.round(end - start)), end: Math.round(end) });
  }

  private async askCurves(signal: AbortSignal): Promise<void> {
    const [start, end] = this.window;
    const { queries, range, compare } = this.state;
    const step = stepFor(range, this.drawing.clientWidth || 900);
    const told = await sheet(this.context.api, { queries, start, end, step, compare }, signal);
    if (signal.aborted) return;
    this.sheet = told;
    this.queries.tell(told.outcomes);
    this.cells.replaceChildren();
    this.draw(told, start, end);
  }

  private draw(told: Sheet, start: number, end: number): void {
    const bare = told.curves.length === 0;
    this.drawing.hidden = this.legend.box.hidden = bare;
    this.hint.hidden = !bare && told.outcomes.every((one) => one.found <= MOST_CURVES);
    text(this.hint, bare ? this.blank() : `Of each query the first ${MOST_CURVES} series are drawn; topk(10, …) chooses.`);
    this.series.restyle(this.look());
    this.series.show(told.times, told.curves, start, end);
    this.legend.show(told.curves, this.unit);
    this.series.isolate(this.legend.alone);
  }

  private blank(): string {
    if (!this.state.queries.some(Boolean)) return "Write a query above. Names of metrics are offered while you write; Ctrl+Space shows all of them.";
    return this.sheet?.outcomes.some((one) => one.error) ? "Nothing to draw: see what the engine says beside the query." : "The queries give nothing in this range.";
  }

  private async askTable(signal: AbortSignal): Promise<void> {
    const [, end] = this.window;
    this.sheet = { times: [], curves: [], outcomes: [] };
    const tables = await Promise.all(this.state.queries.map((query) => this.rows(query, end, signal)));
    if (signal.aborted) return;
    this.queries.tell(tables.map(([, outcome]) => outcome));
    this.drawing.hidden = this.legend.box.hidden = true;
    this.hint.hidden = this.state.queries.some(Boolean);
    text(this.hint, this.blank());
    this.cells.replaceChildren(...tables.flatMap(([shown]) => (shown ? [shown] : [])));
  }

  private async rows(query: string, at: number, signal: AbortSignal): Promise<[HTMLElement | null, Sheet["outcomes"][0]]> {
    if (!query) return [null, { error: "", notes: [], found: 0 }];
    try {
      const values = await atTime(this.context.api, query, at, signal);
      return [table(values, this.state.unit === "auto" ? guessed(query) : this.state.unit), { error: "", notes: [], found: values.length }];
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      return [null, { error: problem.message, notes: [], found: 0 }];
    }
  }

  private save(): void {
    if (!this.sheet?.curves.length) return this.context.say("There is nothing to export: run a query in the graph view", "bad");
    download("watchkeeper.csv", "text/csv", csv(this.sheet));
  }

  /** Copy a link that shows this time also later. */
  private async share(): Promise<void> {
    const [, end] = this.window;
    const link = new URL(written({ ...this.state, end: Math.round(end) }), location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      this.context.say("The link is copied; it shows this very time", "good");
    } catch {
      this.context.say(link);
    }
  }
}

export const view: View = {
  title: "Explore",
  mount(root, _args, context) {
    const explorer = new Explorer(root, context);
    window.addEventListener("hashchange", explorer.follow);
    const stop = repeated(() => void explorer.ask(), () => explorer.refresh);
    explorer.show();
    return () => {
      window.removeEventListener("hashchange", explorer.follow);
      stop();
      explorer.end();
    };
  },
};
