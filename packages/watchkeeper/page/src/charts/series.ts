// Curves over a time that is chosen: zoom by dragging, a readout under the cursor, remarks, dashed comparisons.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "./charts.css";

import { h } from "../shell/dom";
import { moment } from "../shell/format";
import { ink, onTheme } from "./theme";
import { told, type Unit } from "./units";

export interface Curve {
  name: string;
  values: (number | null)[];
  /** Its place among the colours; a comparison has that of its original. */
  colour: number;
  dashed?: boolean;
}

/** A remark on a moment, or on the time until `until`; Unix seconds. */
export interface Remark {
  at: number;
  until: number | null;
  text: string;
}

export interface Look {
  unit: Unit;
  height: number;
  log?: boolean;
  /** Curves under one cursor have the same name here. */
  sync?: string;
  /** Told the time that was chosen by dragging. */
  zoomed?: (start: number, end: number) => void;
  /** Told the place under the cursor, null outside. */
  pointed?: (place: number | null) => void;
}

const BINARY = Array.from({ length: 50 }, (_, power) => 2 ** power);
/** Names in the readout; more would hide the curves. */
const MOST_READ = 12;

export class Series {
  readonly stage = h("div", { class: "series-stage", tabindex: 0, role: "group", "aria-label": "Curves; the arrow keys read them point by point" });
  private readonly readout = h("div", { class: "readout", role: "status", hidden: true });
  private readonly watcher = new ResizeObserver(() => this.fit());
  private readonly forget = onTheme(() => this.make());
  private plot: uPlot | null = null;
  private times: number[] = [];
  private curves: Curve[] = [];
  private remarks: Remark[] = [];
  private window: [number, number] = [0, 1];
  private made = "";
  private alone: ReadonlySet<string> = new Set();

  constructor(holder: HTMLElement, private look: Look) {
    this.stage.append(this.readout);
    holder.append(this.stage);
    this.stage.style.setProperty("--height", `${look.height}px`);
    this.watcher.observe(this.stage);
    this.stage.addEventListener("keydown", (event) => this.walk(event));
    this.stage.addEventListener("blur", () => this.plot?.setCursor({ left: -10, top: -10 }));
  }

  /** Show curves between two Unix times; each has one value per time. */
  show(times: number[], curves: Curve[], start: number, end: number): void {
    this.times = times;
    this.curves = curves;
    this.window = [start, end];
    const mark = curves.map((curve) => `${curve.name}|${curve.colour}|${curve.dashed ?? false}`).join("\n");
    if (mark !== this.made || !this.plot) this.make(mark);
    else this.plot.setData(this.data());
  }

  /** Change unit, height or scale; where they are the same, a drag that goes on is left in peace. */
  restyle(look: Look): void {
    const same = look.unit === this.look.unit && look.height === this.look.height && look.log === this.look.log;
    this.look = look;
    if (same) return;
    this.stage.style.setProperty("--height", `${look.height}px`);
    this.make();
  }

  remark(remarks: Remark[]): void {
    this.remarks = remarks;
    this.plot?.redraw(false);
  }

  /** Show these curves alone; all where the set is empty. */
  isolate(names: ReadonlySet<string>): void {
    this.alone = names;
    this.curves.forEach((curve, place) => this.plot?.setSeries(place + 1, { show: this.visible(curve) }));
  }

  destroy(): void {
    this.watcher.disconnect();
    this.forget();
    this.plot?.destroy();
    this.stage.remove();
  }

  private visible(curve: Curve): boolean {
    return this.alone.size === 0 || this.alone.has(curve.name);
  }

  private data(): uPlot.AlignedData {
    const drawable = (value: number | null): number | null =>
      value === null || !Number.isFinite(value) || (this.look.log && value <= 0) ? null : this.look.unit === "wei" ? value / 1e18 : value;
    return [this.times, ...this.curves.map((curve) => curve.values.map(drawable))];
  }

  private make(mark = this.made): void {
    this.plot?.destroy();
    this.plot = null;
    this.made = mark;
    if (this.curves.length) this.plot = new uPlot(this.options(), this.data(), this.stage);
  }

  private fit(): void {
    const width = this.stage.clientWidth;
    const height = this.look.height;
    if (this.plot && width > 0 && (width !== this.plot.width || height !== this.plot.height)) this.plot.setSize({ width, height });
  }

  private options(): uPlot.Options {
    const { look } = this;
    return {
      width: Math.max(160, this.stage.clientWidth),
      height: look.height,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: {
        points: { size: 6 },
        drag: { x: Boolean(look.zoomed), y: false, setScale: false },
        y: false,
        ...(look.sync ? { sync: { key: look.sync, setSeries: false } } : {}),
      },
      scales: { x: { range: () => this.window }, y: look.log ? { distr: 3 } : { range: (_, low, high) => span(low, high) } },
      axes: [this.timeAxis(), this.valueAxis()],
      series: [{}, ...this.curves.map((curve) => ({ ...drawn(curve), show: this.visible(curve) }))],
      hooks: { setCursor: [(plot) => this.point(plot)], setSelect: [(plot) => this.selected(plot)], draw: [(plot) => this.drawRemarks(plot)] },
    };
  }

  private timeAxis(): uPlot.Axis {
    const wide = this.window[1] - this.window[0] > 86_400 * 1.5;
    const words = (at: number, step: number): string => {
      const clock = moment(at).slice(-8, step < 60 ? undefined : -3);
      return wide ? `${new Date(at * 1000).toLocaleDateString(undefined, { month: "short", day: "numeric" })}${step < 86_400 ? ` ${clock}` : ""}` : clock;
    };
    return { ...axis(), grid: { show: false }, size: 26, space: wide ? 92 : 60, values: (_, ticks, __, ___, step) => ticks.map((at) => words(at, step)) };
  }

  private valueAxis(): uPlot.Axis {
    const { unit, log } = this.look;
    const grid = { stroke: ink("--grid"), width: 1 };
    const name = (value: number | null): string | null => (value === null ? null : told(unit === "wei" ? value * 1e18 : value, unit));
    const shared = { ...axis(), size: 66, space: 34, values: (_: uPlot, ticks: number[]) => ticks.map(name) };
    if (log) return { ...shared, grid: { ...grid, filter: decades }, filter: decades };
    return { ...shared, grid, ...(unit === "bytes" ? { incrs: BINARY } : {}) };
  }

  private selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4 || !this.look.zoomed) return;
    const [start, end] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.look.zoomed(start, end);
  }

  /** Move the cursor a point by an arrow key, to the ends by Home and End. */
  private walk(event: KeyboardEvent): void {
    const last = this.times.length - 1;
    const at = this.plot?.cursor.idx;
    const places: Record<string, number> = { ArrowLeft: (at ?? last + 1) - 1, ArrowRight: (at ?? -1) + 1, Home: 0, End: last };
    const place = places[event.key];
    if (!this.plot || place === undefined || last < 0) return;
    event.preventDefault();
    const left = this.plot.valToPos(this.times[Math.min(last, Math.max(0, place))]!, "x");
    this.plot.setCursor({ left: Math.min(this.plot.over.clientWidth - 1, Math.max(0, left)), top: 10 });
  }

  private point(plot: uPlot): void {
    const inside = (plot.cursor.left ?? -1) >= 0;
    const place = inside ? (plot.cursor.idx ?? null) : null;
    this.look.pointed?.(place);
    this.read(plot, place);
  }

  private read(plot: uPlot, place: number | null): void {
    const own = place !== null && (plot.over.matches(":hover") || document.activeElement === this.stage);
    this.readout.hidden = !own;
    if (!own || place === null) return;
    const near = this.curves.filter((curve) => this.visible(curve) && curve.values[place] != null);
    near.sort((one, other) => (other.values[place] ?? 0) - (one.values[place] ?? 0));
    const rows = near.slice(0, MOST_READ).map((curve) => entry(curve, told(curve.values[place], this.look.unit)));
    const more = near.length > MOST_READ ? [h("p", {}, `and ${near.length - MOST_READ} more`)] : [];
    const said = this.remarks.filter((one) => touches(one, this.times[place] ?? 0, this.times)).map((one) => h("p", { class: "remark" }, `⚑ ${one.text}`));
    this.readout.replaceChildren(h("time", {}, moment(this.times[place] ?? 0)), h("ul", {}, ...rows), ...more, ...said);
    const left = plot.cursor.left ?? 0;
    const right = left > plot.over.clientWidth / 2;
    this.readout.classList.toggle("before", right);
    this.readout.style.setProperty("--at", `${left + plot.over.offsetLeft}px`);
  }

  private drawRemarks(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = ink("--accent");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const one of this.remarks) this.drawRemark(plot, one, bbox);
    ctx.restore();
  }

  private drawRemark(plot: uPlot, one: Remark, box: uPlot.BBox): void {
    const [start, end] = this.window;
    if ((one.until ?? one.at) < start || one.at > end) return;
    const { ctx } = plot;
    const left = plot.valToPos(Math.max(one.at, start), "x", true);
    const right = plot.valToPos(Math.min(one.until ?? one.at, end), "x", true);
    ctx.globalAlpha = 0.12;
    ctx.fillRect(left, box.top, right - left, box.height);
    ctx.globalAlpha = 1;
    ctx.beginPath();
    ctx.moveTo(left, box.top);
    ctx.lineTo(left, box.top + box.height);
    ctx.stroke();
    ctx.fillRect(left, box.top, 7 * devicePixelRatio, 6 * devicePixelRatio);
  }
}

function touches(one: Remark, at: number, times: number[]): boolean {
  const step = (times[1] ?? 0) - (times[0] ?? 0);
  return one.at - step <= at && at <= (one.until ?? one.at) + step;
}

function entry(curve: Curve, value: string): HTMLElement {
  return h("li", {}, h("span", { class: `key s${curve.colour % 8}${curve.dashed ? " dashed" : ""}` }), h("span", {}, curve.name), h("b", {}, value));
}

function axis(): uPlot.Axis {
  return { stroke: ink("--muted"), font: "11px system-ui, sans-serif", ticks: { show: false } };
}

function drawn(curve: Curve): uPlot.Series {
  const colour = ink(`--s${curve.colour % 8}`);
  const points: uPlot.Series.Points = { show: () => false, filter: alone, size: 5, fill: colour };
  return { label: curve.name, stroke: colour, width: curve.dashed ? 1.2 : 1.6, points, spanGaps: false, ...(curve.dashed ? { dash: [5, 4], alpha: 0.8 } : {}) };
}

/** The points that no line reaches: those without a neighbour. */
function alone(plot: uPlot, series: number): number[] | null {
  const values = plot.data[series] ?? [];
  const found = [...values.keys()].filter((place) => values[place] != null && values[place - 1] == null && values[place + 1] == null);
  return found.length ? found : null;
}

/** Zero is in sight unless the values are all far from it; a flat line gets some room. */
function span(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const far = low > 0 && high > low && (high - low) / high < 0.1;
  const [least, most] = far ? [low, high] : [Math.min(0, low), Math.max(0, high)];
  if (least === most) return [0, 1];
  const room = (most - least) * 0.08;
  return [least < 0 || far ? least - room : 0, most > 0 ? most + room : 0];
}

/** Keep the powers of ten, the only lines of a logarithmic axis. */
function decades(_: uPlot, ticks: number[]): (number | null)[] {
  return ticks.map((value) => {
    const power = Math.log10(value);
    return Math.abs(power - Math.round(power)) < 1e-9 ? value : null;
  });
}
