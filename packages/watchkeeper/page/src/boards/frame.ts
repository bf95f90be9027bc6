// One widget on the grid: its title, its face, and what the engine says where it fails.

import type { Remark } from "../charts/series";
import { MOST_QUERIES } from "../explore/state";
import { h, text } from "../shell/dom";
import { face, type Face, type Time, type Tools } from "./faces";
import { nameOf, placeOf, type Widget } from "./model";

export class Frame {
  readonly box: HTMLElement;
  readonly head: HTMLElement;
  private readonly holder = h("div", { class: "widget-face" });
  private readonly wrong = h("p", { class: "widget-wrong", role: "status" });
  private readonly face: Face;
  private running = false;

  constructor(readonly widget: Widget, tools: Tools) {
    const title = h("h3", { title: (widget.queries ?? []).map((query) => query.expr).join("\n") }, widget.title ?? "");
    this.head = h("header", { class: "widget-head" }, title, widget.queries?.length ? explorer(widget) : null);
    this.box = h("section", { class: `widget ${widget.kind}`, "aria-label": nameOf(widget) }, this.head, this.wrong, this.holder);
    this.face = face(widget, this.holder, tools);
    this.move(widget);
  }

  /** Put the widget where its place says. */
  move(widget: Widget, turn = 0): void {
    const { x, y, w, h: height } = placeOf(widget);
    const numbers: [string, number][] = [["--x", x + 1], ["--y", y + 1], ["--w", w], ["--h", height], ["--turn", turn]];
    for (const [name, value] of numbers) this.box.style.setProperty(name, String(value));
  }

  /** Ask again, unless an answer is awaited still. */
  async update(time: Time, remarks: Remark[]): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      await this.face.update(time, remarks);
      text(this.wrong, "");
    } catch (problem) {
      text(this.wrong, (problem as Error).message);
    } finally {
      this.running = false;
    }
  }

  end(): void {
    this.face.end();
    this.box.remove();
  }
}

/** A link that opens the queries in the explorer. */
function explorer(widget: Widget): HTMLElement {
  const queries = new URLSearchParams((widget.queries ?? []).slice(0, MOST_QUERIES).map((query) => ["q", query.expr]));
  return h("a", { class: "explore-link", href: `#/explore?${queries.toString()}`, "aria-label": `Explore ${nameOf(widget)}`, title: "Explore these queries" }, "↗");
}
