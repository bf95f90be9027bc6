// The legend: what each curve was; a click shows it alone, a click with Ctrl or Shift adds one.

import type { Unit } from "../charts/units";
import { told } from "../charts/units";
import { h, text } from "../shell/dom";
import type { Drawn } from "./curves";

const COLUMNS = ["min", "max", "avg", "last"] as const;

export class Legend {
  readonly box: HTMLElement;
  readonly alone = new Set<string>();
  private readonly body = h("tbody");
  private curves: Drawn[] = [];

  constructor(private readonly isolated: (names: ReadonlySet<string>) => void) {
    const heads = ["series", ...COLUMNS].map((name) => h("th", { scope: "col" }, name));
    this.box = h("div", { class: "curves", role: "region", "aria-label": "Legend", tabindex: 0 }, h("table", {}, h("thead", {}, h("tr", {}, ...heads)), this.body));
  }

  show(curves: Drawn[], unit: Unit): void {
    this.curves = curves;
    const known = new Set(curves.map((curve) => curve.name));
    for (const name of this.alone) if (!known.has(name)) this.alone.delete(name);
    const same = curves.length === this.body.children.length && curves.every((curve, place) => (this.body.children[place] as HTMLElement).dataset["name"] === curve.name);
    if (!same) this.body.replaceChildren(...curves.map((curve) => this.row(curve)));
    curves.forEach((curve, place) => this.fill(this.body.children[place]!, curve, unit));
    this.mark();
  }

  private row(curve: Drawn): HTMLElement {
    const key = h("span", { class: `key s${curve.colour % 8}${curve.dashed ? " dashed" : ""}`, "aria-hidden": "true" });
    const name = h("button", { type: "button", class: "curve", title: `${curve.name}\nClick: this one alone. Ctrl+click: this one, too.` }, key, h("span", {}, curve.name));
    name.addEventListener("click", (event) => this.pick(curve.name, event.ctrlKey || event.metaKey || event.shiftKey));
    return h("tr", { "data-name": curve.name }, h("th", { scope: "row" }, name), ...COLUMNS.map((column) => h("td", { class: column })));
  }

  private fill(row: Element, curve: Drawn, unit: Unit): void {
    COLUMNS.forEach((column, place) => {
      const value = curve.summary[column];
      const cell = row.children[place + 1] as HTMLElement;
      text(cell, told(value, unit));
      cell.dataset["value"] = String(value);
    });
  }

  private pick(name: string, more: boolean): void {
    const was = this.alone.has(name);
    if (!more && !(was && this.alone.size === 1)) this.alone.clear();
    if (was && (more || this.alone.size === 1)) this.alone.delete(name);
    else this.alone.add(name);
    if (this.alone.size === this.curves.length) this.alone.clear();
    this.mark();
    this.isolated(this.alone);
  }

  private mark(): void {
    for (const row of this.body.children) {
      const name = (row as HTMLElement).dataset["name"] ?? "";
      row.classList.toggle("away", this.alone.size > 0 && !this.alone.has(name));
      row.querySelector("button")?.setAttribute("aria-pressed", String(this.alone.has(name)));
    }
  }
}
