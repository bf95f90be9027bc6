// What each kind of widget shows, and how it asks for it.

import { FlameGraph } from "../charts/flame";
import { ranking } from "../charts/ranking";
import { Series, type Remark } from "../charts/series";
import { timeline } from "../charts/timeline";
import { told, type Unit } from "../charts/units";
import { sheet, type Drawn } from "../explore/curves";
import { atTime, nameOf, overTime, stepFor, type Value } from "../explore/prom";
import { table } from "../explore/table";
import type { FlameTold } from "../profiles/model";
import type { Api } from "../shell/api";
import { h } from "../shell/dom";
import { refill, scrolling } from "../shell/scroll";
import { markdown } from "./markdown";
import type { Widget } from "./model";

/** The time that a board shows, Unix seconds. */
export interface Time {
  start: number;
  end: number;
}

export interface Tools {
  api: Api;
  zoomed(start: number, end: number): void;
}

export interface Face {
  /** Ask and show; throws ApiError. */
  update(time: Time, remarks: Remark[]): Promise<void>;
  end(): void;
}

const nothing = (): void => undefined;

export function face(widget: Widget, holder: HTMLElement, tools: Tools): Face {
  if (widget.kind === "text") return text(widget, holder);
  if (widget.kind === "series") return new Curves(widget, holder, tools);
  if (widget.kind === "flame") return flame(widget, holder, tools);
  if (widget.kind === "timeline") return states(widget, holder, tools);
  return { update: (time) => values(widget, holder, tools.api, time.end), end: nothing };
}

function text(widget: Widget, holder: HTMLElement): Face {
  holder.replaceChildren(markdown(widget.text ?? ""));
  return { update: () => Promise.resolve(), end: nothing };
}

/** Numbers, bars and tables show one moment. */
async function values(widget: Widget, holder: HTMLElement, api: Api, at: number): Promise<void> {
  const queries = widget.queries ?? [];
  const answers = await Promise.all(queries.map((query) => atTime(api, query.expr, at)));
  const unit = widget.unit ?? "none";
  if (widget.kind === "table") return refill(holder, ...answers.map((rows) => table(rows, unit)));
  const rows = answers.flatMap((found, place) => found.map((one) => ({ name: shortName(one, queries[place]!), value: one.value })));
  if (!rows.length) return holder.replaceChildren(h("p", { class: "none" }, "no data"));
  holder.replaceChildren(widget.kind === "bars" ? ranking(rows, unit) : stat(rows, unit));
}

function shortName(one: Value, query: { expr: string; legend?: string }): string {
  return nameOf(one.labels, query.legend ?? "", query.expr);
}

function stat(rows: { name: string; value: number }[], unit: Unit): HTMLElement {
  const shown = rows.slice(0, 12).map((row) => {
    const [value, name = ""] = told(row.value, unit).split("\u202f");
    return h("div", { class: "stat-value", title: String(row.value) }, h("b", { "data-value": row.value }, value ?? "", name ? h("small", {}, name) : null), rows.length > 1 ? h("span", {}, row.name) : null);
  });
  return h("div", { class: `stat-values${rows.length > 1 ? " many" : ""}` }, ...shown);
}

class Curves implements Face {
  private readonly stage = h("div", { class: "fill" });
  private readonly names = scrolling(h("ul", { class: "names" }), "Curves");
  private readonly watcher: ResizeObserver;
  private series: Series | null = null;

  constructor(private readonly widget: Widget, holder: HTMLElement, private readonly tools: Tools) {
    holder.replaceChildren(this.stage, this.names);
    this.watcher = new ResizeObserver(() => this.series?.restyle(this.look()));
    this.watcher.observe(this.stage);
  }

  async update({ start, end }: Time, remarks: Remark[]): Promise<void> {
    const queries = this.widget.queries ?? [];
    const step = stepFor(end - start, this.stage.clientWidth || 400);
    const asked = { queries: queries.map((query) => query.expr), legends: queries.map((query) => query.legend ?? ""), start, end, step, compare: 0 };
    const found = await sheet(this.tools.api, asked);
    const wrong = found.outcomes.find((one) => one.error);
    if (wrong) throw new Error(wrong.error);
    this.names.replaceChildren(...(found.curves.length ? found.curves.slice(0, 24).map((curve) => this.name(curve)) : [h("li", {}, "no data in this time")]));
    this.series ??= new Series(this.stage, this.look());
    this.series.restyle(this.look());
    this.series.show(found.times, found.curves, start, end);
    this.series.remark(remarks);
  }

  end(): void {
    this.watcher.disconnect();
    this.series?.destroy();
  }

  private look() {
    const zoomed = (start: number, end: number): void => this.tools.zoomed(start, end);
    return { unit: this.widget.unit ?? "none", height: Math.max(70, this.stage.clientHeight), log: this.widget.scale === "log", sync: "board", zoomed };
  }

  private name(curve: Drawn): HTMLElement {
    const { last } = curve.summary;
    return h("li", {}, h("span", { class: `key s${curve.colour % 8}` }), h("span", {}, curve.name), h("b", {}, told(last, this.widget.unit ?? "none")));
  }
}

function states(widget: Widget, holder: HTMLElement, { api }: Tools): Face {
  const update = async ({ start, end }: Time): Promise<void> => {
    const step = stepFor(end - start, holder.clientWidth || 400);
    const queries = widget.queries ?? [];
    const answers = await Promise.all(queries.map((query) => overTime(api, query.expr, start, end, step)));
    const tracks = answers.flatMap(({ lines }, place) => lines.map(({ labels, values: row }) => ({ name: nameOf(labels, queries[place]!.legend ?? "", queries[place]!.expr), metric: metricOf(labels["__name__"], queries[place]!.expr), values: row })));
    const shown = tracks.length ? timeline(answers[0]!.times, tracks, start, end, widget.unit ?? "none") : h("p", { class: "none" }, "no data in this time");
    holder.replaceChildren(shown);
  };
  return { update, end: nothing };
}

function metricOf(name: string | undefined, expr: string): string {
  return name ?? (expr.includes("monitoring_component_status") ? "monitoring_component_status" : "");
}

function flame(widget: Widget, holder: HTMLElement, { api }: Tools): Face {
  const graph = new FlameGraph();
  let [asked, length] = [0, 0];
  const update = async ({ start, end }: Time): Promise<void> => {
    // Merging an hour costs the keeper; a graph that is being read stays as it is.
    const same = Math.abs(end - start - length) < 1;
    if (same && (graph.zoomed || Date.now() - asked < 30_000)) return;
    const parameters = new URLSearchParams({ start: start.toFixed(3), end: end.toFixed(3), ...(widget.bot ? { bot: widget.bot } : {}) });
    const { root, unit } = await api.get<FlameTold>(`/api/profiles/flame?${parameters.toString()}`);
    [asked, length] = [Date.now(), end - start];
    if (!graph.box.isConnected) holder.replaceChildren(graph.box);
    graph.show(root, { unit });
  };
  return { update, end: () => graph.destroy() };
}
