// The panels of a bot: curves over a bounded number of points, drawn by uPlot.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { h, text } from "./shell/dom";
import { amount, drawn, label, moment } from "./shell/format";
import type { Amount, Curves, Line, Panel } from "./shell/model";

/** Points per curve, about; memory stays bounded however long the page is open. */
const POINTS = 180;
/** Seconds between points; round, so that a growing history seldom changes them. */
const STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 480];
const HEIGHT = 168;
/** The last points may still have been without their scrape, so they are asked again. */
const AGAIN = 3;
/** Steps of an axis of bytes: 1, 2, 4, 8 ... up to 8 TiB. */
const BINARY = Array.from({ length: 44 }, (_, power) => 2 ** power);
const SYNC = uPlot.sync("time");

export const RANGES: [string, number][] = [["15 m", 900], ["1 h", 3600], ["6 h", 21600], ["24 h", 86400]];

async function ask<T>(path: string): Promise<T> {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return (await answer.json()) as T;
}

function ink(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** One panel: its box, its legend, its drawing. */
class Chart {
  readonly box: HTMLElement;
  private readonly stage = h("div", { class: "stage" });
  private readonly legend = h("ul", { class: "legend" });
  private readonly empty = h("p", { class: "empty" }, "nothing measured in this range");
  private plot: uPlot | null = null;
  private names = "";
  private lines: Line[] = [];
  private times: number[] = [];

  constructor(private readonly panel: Panel) {
    const title = h("h3", {}, panel.title, panel.note ? h("small", {}, panel.note) : null);
    this.box = h("figure", { class: "panel", tabindex: 0, role: "group", "aria-label": panel.title }, title, this.legend, this.stage, this.empty);
    this.box.title = panel.expr.join("\n");
    this.box.addEventListener("keydown", (event) => this.step(event));
    this.box.addEventListener("blur", () => this.plot?.setCursor({ left: -10, top: -10 }));
  }

  show(times: number[], lines: Line[]): void {
    const known = lines.filter((line) => line.values.some((value) => value !== null));
    this.times = times;
    this.lines = known;
    this.box.classList.toggle("bare", known.length === 0);
    const names = known.map((line) => line.label).join("\n");
    if (names !== this.names || !this.plot) this.make(names);
    this.plot?.setData(this.data());
    this.tell(null);
  }

  remake(): void {
    this.make(this.names);
    this.plot?.setData(this.data());
    this.tell(null);
  }

  fit(): void {
    const width = this.stage.clientWidth;
    if (this.plot && width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }

  destroy(): void {
    this.plot?.destroy();
    this.box.remove();
  }

  private data(): uPlot.AlignedData {
    // A logarithm has no place for zero.
    const floor = this.log ? Number.MIN_VALUE : -Infinity;
    const point = (value: Amount): number | null => {
      const number = drawn(value, this.panel.unit);
      return number === null || number < floor ? null : number;
    };
    const columns = this.lines.map((line) => line.values.map(point));
    return [this.times, ...columns];
  }

  private get log(): boolean {
    return this.panel.scale === "log";
  }

  private make(names: string): void {
    this.plot?.destroy();
    this.plot = null;
    this.names = names;
    this.legend.replaceChildren(...this.lines.map((line, place) => this.entry(line, place)));
    if (this.lines.length) this.plot = new uPlot(this.options(), this.data(), this.stage);
  }

  private entry(line: Line, place: number): HTMLElement {
    return h("li", {}, h("span", { class: `key s${place % 8}` }), h("span", { class: "name" }, line.label), h("output", {}, ""));
  }

  private options(): uPlot.Options {
    const axis = { stroke: ink("--muted"), font: "11px system-ui, sans-serif", ticks: { show: false } };
    const grid = { stroke: ink("--grid"), width: 1 };
    const unit = this.panel.unit;
    return {
      width: Math.max(200, this.stage.clientWidth),
      height: HEIGHT,
      padding: [8, 14, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: SYNC.key, setSeries: false }, points: { size: 6 }, drag: { x: false, y: false }, y: false },
      scales: { y: this.log ? { distr: 3 } : { range: (_, low, high) => span(low, high) } },
      axes: [
        { ...axis, grid: { show: false }, size: 26, space: 60, values: (_, ticks, __, ___, step) => ticks.map((at) => moment(at).slice(-8, step < 60 ? undefined : -3)) },
        { ...axis, grid: this.log ? { ...grid, filter: decades } : grid, ...(this.log ? { filter: decades } : {}), size: 66, space: 34, ...(unit === "bytes" ? { incrs: BINARY } : {}), values: (_, ticks) => ticks.map((value) => (value === null ? null : label(value, unit))) },
      ],
      series: [{}, ...this.lines.map((line, place) => curve(line, place, !this.log && place === 0))],
      hooks: { setCursor: [(plot) => this.tell(plot.cursor.idx ?? null)] },
    };
  }

  /** Write the values at a point, or the latest known ones, into the legend. */
  private tell(place: number | null): void {
    const entries = [...this.legend.children];
    this.lines.forEach((line, row) => {
      const output = entries[row]?.querySelector("output");
      if (output) text(output, amount(place === null ? latest(line.values) : line.values[place], this.panel.unit));
    });
    const spoken = this.lines.map((line) => `${line.label} ${amount(place === null ? latest(line.values) : line.values[place], this.panel.unit)}`);
    const when = place === null ? "" : `${moment(this.times[place] ?? 0)}: `;
    this.box.setAttribute("aria-label", `${this.panel.title}. ${when}${spoken.join(", ") || "nothing measured"}`);
  }

  /** Move the cursor by the arrow keys. */
  private step(event: KeyboardEvent): void {
    const way = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (!this.plot || way === 0) return;
    event.preventDefault();
    const from = this.plot.cursor.idx ?? this.times.length - (way < 0 ? 0 : 1);
    const place = Math.min(this.times.length - 1, Math.max(0, from + way));
    this.plot.setCursor({ left: this.plot.valToPos(this.times[place]!, "x"), top: HEIGHT / 3 });
  }
}

function latest(values: Amount[]): Amount {
  // A little back only: an old value is not the present one.
  return values.slice(-3).reverse().find((value) => value !== null) ?? null;
}

/** Zero is always in sight; a flat line gets some room. */
function span(low: number | null, high: number | null): [number, number] {
  const [least, most] = [Math.min(0, low ?? 0), Math.max(0, high ?? 0)];
  if (least === most) return [0, 1];
  const room = (most - least) * 0.08;
  return [least < 0 ? least - room : 0, most > 0 ? most + room : 0];
}

/** Keep the powers of ten, the only lines of a logarithmic axis. */
function decades(_: uPlot, ticks: number[]): (number | null)[] {
  return ticks.map((value) => {
    const power = Math.log10(value);
    return Math.abs(power - Math.round(power)) < 1e-9 ? value : null;
  });
}

function curve(line: Line, place: number, filled: boolean): uPlot.Series {
  const colour = ink(`--s${place % 8}`);
  return { label: line.label, stroke: colour, width: 1.6, points: { show: false }, spanGaps: false, ...(filled ? { fill: `${colour}1f` } : {}) };
}

/** All panels of the chosen bot, over the chosen range. */
export class Charts {
  private charts = new Map<string, Chart>();
  private curves: Curves | null = null;
  private bot = "";
  private board = "";
  private range = 900;
  private oldest = 0;
  private asked = 0;
  private running = false;
  private again = false;

  constructor(private readonly holder: HTMLElement) {
    new ResizeObserver(() => this.charts.forEach((chart) => chart.fit())).observe(holder);
    document.addEventListener("visibilitychange", () => this.tick());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
  }

  /** Show a bot's board; nothing happens where it is shown already. oldest is the first sample's Unix time. */
  choose(bot: string, board: string, oldest: number): void {
    this.oldest = oldest;
    if (bot === this.bot && board === this.board) return;
    [this.bot, this.board] = [bot, board];
    void this.load();
  }

  setRange(seconds: number): void {
    this.range = seconds;
    this.curves = null;
    void this.refresh();
  }

  recolour(): void {
    this.charts.forEach((chart) => chart.remake());
  }

  /** Ask for new points when they are due and somebody looks. */
  tick(): void {
    const due = Math.max(2, Math.min(this.step, 15));
    if (!document.hidden && this.bot && Date.now() / 1000 - this.asked >= due) void this.refresh();
  }

  private get step(): number {
    const age = Math.max(120, Date.now() / 1000 - this.oldest);
    const wanted = Math.min(this.range, age) / POINTS;
    return STEPS.find((step) => step >= wanted) ?? STEPS[STEPS.length - 1]!;
  }

  private async load(): Promise<void> {
    const bot = this.bot;
    try {
      const board = await ask<{ panels: Panel[] }>(`/api/board?bot=${encodeURIComponent(bot)}`);
      if (bot !== this.bot) return;
      this.charts.forEach((chart) => chart.destroy());
      this.charts = new Map(board.panels.map((panel) => [panel.id, new Chart(panel)]));
      this.charts.forEach((chart) => this.holder.append(chart.box));
      this.curves = null;
      await this.refresh();
    } catch {
      this.board = ""; // asked again with the next overview
    }
  }

  private async refresh(): Promise<void> {
    this.again = this.running;
    if (this.running || !this.bot) return;
    this.running = true;
    try {
      do {
        this.again = false;
        await this.fetch();
      } while (this.again);
    } catch {
      // The link to the keeper is shown elsewhere; the curves stay as they were.
    } finally {
      this.running = false;
    }
  }

  private async fetch(): Promise<void> {
    this.asked = Date.now() / 1000;
    const [bot, step] = [this.bot, this.step];
    const old = this.curves?.bot === bot && this.curves.step === step ? this.curves : null;
    const end = this.asked;
    const from = old?.times.at(-AGAIN) ?? end - this.range;
    const start = Math.max(from, end - this.range);
    const fresh = await ask<Curves>(`/api/range?bot=${encodeURIComponent(bot)}&step=${step}&start=${start}&end=${end}`);
    if (bot !== this.bot || step !== this.step) return;
    this.curves = old ? joined(old, fresh, end - this.range) : fresh;
    const { times, panels } = trimmed(this.curves);
    this.charts.forEach((chart, id) => chart.show(times, panels[id] ?? []));
  }
}

/** Put fresh points in the place of the old ones from their first time on, and drop those before `from`. */
export function joined(old: Curves, fresh: Curves, from: number): Curves {
  const first = fresh.times[0] ?? Infinity;
  const kept = old.times.filter((at) => at >= from && at < first);
  const skip = old.times.findIndex((at) => at >= from);
  const panels: Record<string, Line[]> = {};
  for (const id of new Set([...Object.keys(old.panels), ...Object.keys(fresh.panels)])) {
    const before = new Map((old.panels[id] ?? []).map((line) => [line.label, line.values]));
    const after = new Map((fresh.panels[id] ?? []).map((line) => [line.label, line.values]));
    const labels = [...new Set([...after.keys(), ...before.keys()])];
    panels[id] = labels.map((name) => ({
      label: name,
      values: [
        ...(before.get(name)?.slice(Math.max(0, skip), Math.max(0, skip) + kept.length) ?? kept.map(() => null)),
        ...(after.get(name) ?? fresh.times.map(() => null)),
      ],
    }));
  }
  return { ...fresh, times: [...kept, ...fresh.times], panels };
}

/** At least this many points are shown, however young the history is. */
const LEAST = 24;

/** Leave out the time before anything was measured, so that a young history fills the charts. */
function trimmed(curves: Curves): Curves {
  const lines = Object.values(curves.panels).flat();
  const firsts = lines.map((line) => line.values.findIndex((value) => value !== null)).filter((place) => place >= 0);
  const skip = Math.max(0, Math.min(curves.times.length - LEAST, ...firsts));
  const panels = Object.fromEntries(
    Object.entries(curves.panels).map(([id, rows]) => [id, rows.map((line) => ({ ...line, values: line.values.slice(skip) }))]),
  );
  return { ...curves, times: curves.times.slice(skip), panels };
}
