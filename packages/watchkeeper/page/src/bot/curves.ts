// The curves of a bot's panels: asked for while they are in sight, only what is new, a bounded number of points.

import { LineChart } from "../charts/line";
import { h } from "../shell/dom";
import type { Line } from "../shell/model";
import { grid, onGrid, range, type Series } from "../shell/prom";
import type { Context } from "../shell/view";
import { type Group, type Plan } from "./kinds";
import { measured, type Scope } from "./scope";

const POINTS = 180;
/** Seconds between points; round, so that asking again gives the same ones. */
const STEPS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1200, 3600];
/** The last points may still have been without their scrape, so they are asked again. */
const AGAIN = 3;
/** A panel asks this much before it comes into sight. */
const AHEAD = "300px";

export interface Span {
  /** Seconds back from now; or a fixed part, by Unix seconds. */
  seconds: number;
  fixed: [number, number] | null;
}

/** One panel and what it knows. */
class Panel {
  readonly chart: LineChart;
  seen = false;
  asked = 0;
  private known: Map<string, Series>[] = [];
  private step = 0;
  private until = 0;

  constructor(
    readonly plan: Plan,
    zoom: (start: number, end: number) => void,
  ) {
    this.chart = new LineChart({ title: plan.title, unit: plan.unit, source: plan.curves.map((curve) => curve.expr).join("\n"), zoom, ...(plan.note ? { note: plan.note } : {}), ...(plan.scale ? { scale: plan.scale } : {}) });
    this.chart.box.dataset["panel"] = plan.id;
  }

  forget(): void {
    this.known = [];
    this.asked = 0;
    this.until = 0;
  }

  async refresh(context: Context, start: number, end: number, step: number): Promise<void> {
    if (step !== this.step) this.forget();
    this.step = step;
    const times = grid(start, end, step);
    const from = Math.max(times[0]!, this.until - AGAIN * step);
    const fresh = await Promise.all(this.plan.curves.map(({ expr }) => range(context.api, expr, from, times.at(-1)!, step)));
    this.known = fresh.map((rows, place) => joined(this.known[place], rows, from, times[0]!));
    this.until = times.at(-1)!;
    this.asked = Date.now();
    this.draw(times);
  }

  private draw(times: number[]): void {
    const lines = this.plan.curves.flatMap(({ name }, place) =>
      [...(this.known[place]?.values() ?? [])].map((series): Line => ({ label: named(name, series.labels), values: onGrid(series, times) })),
    );
    const firsts = lines.map((line) => line.values.findIndex((value) => value !== null)).filter((at) => at >= 0);
    // A young history fills the chart.
    const skip = Math.max(0, Math.min(times.length - 24, ...firsts));
    this.chart.show(times.slice(skip), lines.map((line) => ({ ...line, values: line.values.slice(skip) })));
  }
}

/** Put fresh points in the place of the old ones from `from` on, and drop those before `oldest`. */
export function joined(old: Map<string, Series> | undefined, fresh: Series[], from: number, oldest: number): Map<string, Series> {
  const found = new Map<string, Series>();
  for (const [key, series] of old ?? []) {
    const points = series.points.filter(([at]) => at >= oldest && at < from - 1e-6);
    if (points.length) found.set(key, { ...series, points });
  }
  for (const series of fresh) {
    const key = JSON.stringify(series.labels);
    found.set(key, { labels: series.labels, points: [...(found.get(key)?.points ?? []), ...series.points] });
  }
  return found;
}

function named(pattern: string, labels: Record<string, string>): string {
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) => labels[name] ?? "");
}

/** All panels of a bot below `holder`. */
export class Curves {
  private readonly panels = new Map<Element, Panel>();
  private readonly sight = new IntersectionObserver((entries) => this.seen(entries), { rootMargin: AHEAD });
  private running = false;
  private again = false;
  private ended = false;

  constructor(
    private readonly context: Context,
    private span: Span,
    private readonly zoom: (start: number, end: number) => void,
    private readonly troubled: (words: string) => void,
  ) {}

  /** Add the panels of a group whose metrics were ever measured; nothing is added for none. */
  add(holder: HTMLElement, group: Group, scope: Scope, known: Set<string>): void {
    const plans = group.plans.map((plan) => ({ ...plan, curves: plan.curves.filter((curve) => measured(curve.expr, known)).map((curve) => ({ ...curve, expr: scope.fill(curve.expr) })) }));
    const wanted = plans.filter((plan) => plan.curves.length);
    if (!wanted.length) return;
    const charts = h("div", { class: "charts" });
    for (const plan of wanted) {
      const panel = new Panel(plan, this.zoom);
      charts.append(panel.chart.box);
      this.panels.set(panel.chart.box, panel);
      this.sight.observe(panel.chart.box);
    }
    holder.append(h("section", { "aria-label": group.title }, h("h2", {}, group.title), charts));
  }

  set(span: Span): void {
    this.span = span;
    this.panels.forEach((panel) => panel.forget());
    void this.refresh();
  }

  /** Ask for new points where they are due and somebody looks. */
  tick(): void {
    if (!document.hidden && !this.span.fixed) void this.refresh();
  }

  end(): void {
    this.ended = true;
    this.clear();
  }

  /** Take all panels away; others can be added. */
  clear(): void {
    this.sight.disconnect();
    this.panels.forEach((panel) => panel.chart.destroy());
    this.panels.clear();
  }

  private seen(entries: IntersectionObserverEntry[]): void {
    for (const entry of entries) {
      const panel = this.panels.get(entry.target);
      if (panel) panel.seen = entry.isIntersecting;
    }
    void this.refresh();
  }

  private get bounds(): { start: number; end: number; step: number } {
    const now = this.context.live.now();
    const [start, end] = this.span.fixed ?? [now - this.span.seconds, now];
    return { start, end, step: STEPS.find((step) => step >= (end - start) / POINTS) ?? 3600 };
  }

  private async refresh(): Promise<void> {
    this.again = this.running;
    if (this.running) return;
    this.running = true;
    do {
      this.again = false;
      await this.round();
    } while (this.again && !this.ended);
    this.running = false;
  }

  private due(panel: Panel, every: number): boolean {
    return panel.asked === 0 || (!this.span.fixed && Date.now() - panel.asked >= every);
  }

  private async round(): Promise<void> {
    const { start, end, step } = this.bounds;
    const due = 1000 * Math.max(5, Math.min(step, 15));
    try {
      for (const panel of this.panels.values()) {
        if (this.ended || !panel.seen || !this.due(panel, due)) continue;
        await panel.refresh(this.context, start, end, step);
      }
      this.troubled("");
    } catch (problem) {
      this.troubled((problem as Error).message);
    }
  }
}
