// All widgets of a board on their grid.

import type { Remark } from "../charts/series";
import { h } from "../shell/dom";
import { Frame } from "./frame";
import type { Time, Tools } from "./faces";
import { order } from "./grid";
import type { Widget } from "./model";

export class Wall {
  readonly box = h("div", { class: "wall" });
  frames: Frame[] = [];

  constructor(private readonly tools: Tools) {}

  show(widgets: Widget[]): void {
    this.end();
    this.frames = widgets.map((widget) => new Frame(widget, this.tools));
    // In the order in which they are read: for the keyboard, for screen readers, and for one column on a phone.
    this.box.replaceChildren(...order(widgets).map((row) => this.frames[row]!.box));
    if (!widgets.length) this.box.append(h("p", { class: "empty-box" }, "This board has no widget yet."));
    this.place(widgets);
  }

  /** Move the frames without making them again. */
  place(widgets: Widget[]): void {
    const turns = order(widgets);
    this.frames.forEach((frame, row) => frame.move(widgets[row]!, turns.indexOf(row)));
  }

  async update(time: Time, remarks: Remark[]): Promise<void> {
    await Promise.all(this.frames.map((frame) => frame.update(time, remarks)));
  }

  end(): void {
    this.frames.forEach((frame) => frame.end());
    this.frames = [];
  }
}
