// The functions that took most, or changed most, as a table; choosing one marks it in the graph.

import { functions, type Call, type Row } from "../charts/calls";
import { changed, cost, percent } from "../charts/costs";
import { h } from "../shell/dom";

const MOST = 60;
type Column = [name: string, sorted: (row: Row) => number, shown: (row: Row) => string];

export class Top {
  readonly box = h("div", { class: "tablebox", role: "region", "aria-label": "Top functions", tabindex: 0 });
  private sorted = 0;
  private root: Call | null = null;
  private unit = "";

  constructor(private readonly chosen: (name: string) => void) {}

  show(root: Call, unit: string): void {
    [this.root, this.unit] = [root, unit];
    this.sorted = Math.min(this.sorted, this.columns().length - 1);
    this.draw();
  }

  private columns(): Column[] {
    const whole = this.root?.value ?? 0;
    const { unit } = this;
    if (this.root?.base === undefined) {
      return [
        ["own", (row) => row.own, (row) => `${cost(row.own, unit)} · ${percent(row.own, whole)}`],
        ["with calls", (row) => row.total, (row) => `${cost(row.total, unit)} · ${percent(row.total, whole)}`],
      ];
    }
    return [
      ["change of own", (row) => Math.abs(row.own - row.ownBase), (row) => difference(row, unit)],
      ["own now", (row) => row.own, (row) => cost(row.own, unit, true)],
      ["own before", (row) => row.ownBase, (row) => cost(row.ownBase, unit, true)],
    ];
  }

  private draw(): void {
    if (!this.root) return;
    const columns = this.columns();
    const by = columns[this.sorted]![1];
    const rows = functions(this.root).sort((one, other) => by(other) - by(one)).slice(0, MOST);
    const heads = columns.map((column, place) => this.head(column[0], place));
    const body = rows.map((row) => this.row(row, columns));
    this.box.replaceChildren(h("table", { class: "table top-functions" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "function"), ...heads)), h("tbody", {}, ...body)));
  }

  private head(name: string, place: number): HTMLElement {
    const by = h("button", { type: "button", class: "sort" }, name, h("span", { "aria-hidden": "true" }, place === this.sorted ? " ▾" : ""));
    by.addEventListener("click", () => {
      this.sorted = place;
      this.draw();
    });
    return h("th", { scope: "col", class: "number", "aria-sort": place === this.sorted ? "descending" : "none" }, by);
  }

  private row(row: Row, columns: Column[]): HTMLElement {
    const name = h("button", { type: "button", class: "function", title: `${row.name}\nMark it in the graph` }, row.name);
    name.addEventListener("click", () => this.chosen(row.name));
    return h("tr", { "data-name": row.name }, h("td", {}, name), ...columns.map(([, , shown]) => h("td", { class: "number" }, shown(row))));
  }
}

function difference(row: Row, unit: string): string {
  const { sign, words } = changed({ name: row.name, value: row.own, base: row.ownBase, own: 0, children: [] });
  return sign ? `${sign}${cost(Math.abs(row.own - row.ownBase), unit, true)} (${words})` : words;
}
