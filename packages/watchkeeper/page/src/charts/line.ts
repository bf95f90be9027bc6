// A line chart: legend with values, cursor by mouse and arrow keys, zoom by dragging, both themes.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "./line.css";

import { h, text } from "../shell/dom";
import { amount, drawn, label, moment } from "../shell/format";
import type { Amount, Line, Unit } from "../shell/model";
import { ink, onColours } from "./ink";

const HEIGHT = 168;
/** Steps of an axis of bytes: 1, 2, 4, 8 ... up to 8 TiB. */
const BINARY = Array.from({ length: 44 }, (_, power) => 2 ** power);
const COLOURS = 8;
/** A single point has a minute around it, not half a year. */
const LEAST_SECONDS = 60;
/** More points than this per line are never held. */
export const MOST_POINTS = 2000;

export interface LineOptions {
  title: string;
  unit: Unit;
  note?: string;
  scale?: "linear" | "log";
  /** What is drawn, shown when the mouse rests on the chart. */
  source?: string;
  height?: number;
  /** Charts with the same name share their cursor. */
  together?: string;
  /** Called with Unix seconds when somebody dragged over a part. */
  zoom?: (start: number, end: number) => void;
}

/** One chart in its `box`; `destroy` it when it is taken off the page. */
export class LineChart {
  readonly box: HTMLElement;
  private readonly stage = h("div", { class: "stage" });
  private readonly legend = h("ul", { class: "legend" });
  private readonly empty = h("p", { class: "empty" }, "nothing measured in this range");
  private readonly size = new ResizeObserver(() => this.fit());
  private readonly plain: () => void;
  private plot: uPlot | null = null;
  private names = "";
  private lines: Line[] = [];
  private times: number[] = [];

  constructor(private readonly given: LineOptions) {
    const title = h("h3", {}, given.title, given.note ? h("small", {}, given.note) : null);
    this.box = h("figure", { class: "panel", tabindex: 0, role: "group", "aria-label": given.title }, title, this.legend, this.stage, this.empty);
    if (given.source) this.box.title = given.source;
    this.box.addEventListener("keydown", (event) => this.step(event));
    this.box.addEventListener("blur", () => this.plot?.setCursor({ left: -10, top: -10 }));
    this.stage.style.minHeight = `${this.height}px`;
    this.size.observe(this.stage);
    this.plain = onColours(() => this.remake());
  }

  /** Show lines over Unix seconds; a line without any value is left out. */
  show(times: number[], lines: Line[]): void {
    const skip = Math.max(0, times.length - MOST_POINTS);
    const known = lines.filter((line) => line.values.some((value) => value !== null));
    this.times = skip ? times.slice(skip) : times;
    this.lines = skip ? known.map((line) => ({ ...line, values: line.values.slice(skip) })) : known;
    this.box.classList.toggle("bare", known.length === 0);
    const names = known.map((line) => line.label).join("\n");
    if (names !== this.names || !this.plot) this.make(names);
    this.plot?.setData(this.data());
    this.tell(null);
  }

  destroy(): void {
    this.size.disconnect();
    this.plain();
    this.plot?.destroy();
    this.plot = null;
    this.box.remove();
  }

  private remake(): void {
    this.make(this.names);
    this.plot?.setData(this.data());
    this.tell(null);
  }

  private fit(): void {
    const width = this.stage.clientWidth;
    if (this.plot && width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: this.height });
  }

  private get height(): number {
    return this.given.height ?? HEIGHT;
  }

  private get log(): boolean {
    return this.given.scale === "log";
  }

  private data(): uPlot.AlignedData {
    // A logarithm has no place for zero.
    const floor = this.log ? Number.MIN_VALUE : -Infinity;
    const point = (value: Amount): number | null => {
      const number = drawn(value, this.given.unit);
      return number === null || number < floor ? null : number;
    };
    return [this.times, ...this.lines.map((line) => line.values.map(point))];
  }

  private make(names: string): void {
    this.plot?.destroy();
    this.plot = null;
    this.names = names;
    this.legend.replaceChildren(...this.lines.map(entry));
    if (this.lines.length) this.plot = new uPlot(this.options(), this.data(), this.stage);
  }

  private options(): uPlot.Options {
    const { unit, zoom, together = "time" } = this.given;
    const axis = { stroke: ink("--muted"), font: "11px system-ui, sans-serif", ticks: { show: false } };
    const grid = { stroke: ink("--grid"), width: 1 };
    return {
      width: Math.max(200, this.stage.clientWidth),
      height: this.height,
      padding: [8, 14, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: uPlot.sync(together).key, setSeries: false }, points: { size: 6 }, drag: { x: zoom !== undefined, y: false, setScale: false }, y: false },
      scales: { x: { range: (_, low, high) => [Math.min(low ?? 0, (high ?? 0) - LEAST_SECONDS), high ?? 0] }, y: this.log ? { distr: 3 } : { range: (_, low, high) => span(low, high) } },
      axes: [
        { ...axis, grid: { show: false }, size: 26, space: 60, values: (_, ticks, __, ___, step) => ticks.map((at) => clock(at, step)) },
        { ...axis, grid: this.log ? { ...grid, filter: decades } : grid, ...(this.log ? { filter: decades } : {}), size: 66, space: 34, ...(unit === "bytes" ? { incrs: BINARY } : {}), values: (_, ticks) => ticks.map((value) => (value === null ? null : label(value, unit))) },
      ],
      series: [{}, ...this.lines.map((line, place) => curve(line, place, !this.log && place === 0))],
      hooks: { setCursor: [(plot) => this.tell(plot.cursor.idx ?? null)], setSelect: [(plot) => this.zoomed(plot)] },
    };
  }

  private zoomed(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 8) return;
    const [start, end] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.given.zoom?.(start, end);
  }

  /** Write the values at a point, or the latest known ones, into the legend. */
  private tell(place: number | null): void {
    const value = (line: Line): string => amount(place === null ? latest(line.values) : line.values[place], this.given.unit);
    const entries = [...this.legend.children];
    this.lines.forEach((line, row) => {
      const output = entries[row]?.querySelector("output");
      if (output) text(output, value(line));
    });
    const when = place === null ? "" : `${moment(this.times[place] ?? 0)}: `;
    const spoken = this.lines.map((line) => `${line.label} ${value(line)}`).join(", ");
    this.box.setAttribute("aria-label", `${this.given.title}. ${when}${spoken || "nothing measured"}`);
  }

  /** Move the cursor by the arrow keys. */
  private step(event: KeyboardEvent): void {
    const way = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (!this.plot || way === 0) return;
    event.preventDefault();
    const from = this.plot.cursor.idx ?? this.times.length - (way < 0 ? 0 : 1);
    const place = Math.min(this.times.length - 1, Math.max(0, from + way));
    this.plot.setCursor({ left: this.plot.valToPos(this.times[place]!, "x"), top: this.height / 3 });
  }
}

function entry(line: Line, place: number): HTMLElement {
  const key = h("span", { class: `key s${place % COLOURS}${line.dashed ? " dashed" : ""}` });
  return h("li", {}, key, h("span", { class: "name" }, line.label), h("output", {}, ""));
}

function clock(at: number, step: number): string {
  if (step >= 43_200) return moment(at).split(",")[0]!;
  return moment(at).slice(-8, step < 60 ? undefined : -3);
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
  const colour = ink(`--s${place % COLOURS}`);
  const look = { label: line.label, stroke: colour, width: 1.6, points: { show: false }, spanGaps: false };
  return { ...look, ...(line.dashed ? { dash: [5, 4] } : filled ? { fill: `${colour}1f` } : {}) };
}
