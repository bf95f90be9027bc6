// The keeper's own numbers over the time that this page is open: a ring of bounded length.

import { LineChart } from "../charts/line";
import { h } from "../shell/dom";
import type { Amount, Overview, Unit } from "../shell/model";

/** Ten minutes of seconds. */
const MOST = 600;

class Ring {
  readonly times: number[] = [];
  readonly values: Amount[] = [];

  add(at: number, value: Amount): void {
    this.times.push(at);
    this.values.push(value);
    if (this.times.length > MOST) {
      this.times.shift();
      this.values.shift();
    }
  }
}

/** Charts of the keeper's processor and memory; a point a second. */
export class Vitals {
  readonly box = h("div", { class: "charts" });
  private readonly shown: { ring: Ring; chart: LineChart; read: (own: Overview["keeper"]) => Amount; name: string }[];
  private last = 0;

  constructor() {
    this.shown = [
      this.chart("Processor", "ratio", "of one core", (own) => (typeof own["cpu_percent"] === "number" ? own["cpu_percent"] / 100 : null)),
      this.chart("Memory", "bytes", "resident", (own) => own["memory_bytes"] ?? null),
      this.chart("Samples kept", "count", "samples", (own) => own["samples"] ?? null),
    ];
  }

  add(overview: Overview): void {
    if (overview.time - this.last < 1) return;
    this.last = overview.time;
    for (const { ring, chart, read, name } of this.shown) {
      ring.add(overview.time, read(overview.keeper));
      if (!document.hidden) chart.show([...ring.times], [{ label: name, values: [...ring.values] }]);
    }
  }

  end(): void {
    this.shown.forEach(({ chart }) => chart.destroy());
  }

  private chart(title: string, unit: Unit, name: string, read: (own: Overview["keeper"]) => Amount) {
    const chart = new LineChart({ title, unit, note: "while this page is open", height: 130 });
    this.box.append(chart.box);
    return { ring: new Ring(), chart, read, name };
  }
}
