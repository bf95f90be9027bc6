// The values at one moment, as a table: a column per label.

import { told, type Unit } from "../charts/units";
import { h } from "../shell/dom";
import type { Value } from "./prom";

/** Rows shown; more are told by their number. */
const MOST = 500;

export function table(values: Value[], unit: Unit): HTMLElement {
  if (!values.length) return h("p", { class: "empty-box" }, "The query gives no value at this moment.");
  const names = [...new Set(values.flatMap((row) => Object.keys(row.labels)))].sort(byName);
  const heads = [...names, "value"].map((name) => h("th", { scope: "col", class: name === "value" ? "number" : "" }, name === "__name__" ? "metric" : name));
  const rows = values.slice(0, MOST).map((row) => h("tr", {}, ...names.map((name) => h("td", {}, row.labels[name] ?? "")), h("td", { class: "number", title: String(row.value), "data-value": row.value }, told(row.value, unit))));
  const more = values.length > MOST ? h("p", { class: "more" }, `${MOST} of ${values.length} rows are shown.`) : null;
  return h("div", { class: "tablebox", tabindex: 0, role: "region", "aria-label": "Values" }, h("table", { class: "table" }, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows)), more);
}

function byName(one: string, other: string): number {
  return Number(other === "__name__") - Number(one === "__name__") || one.localeCompare(other);
}
