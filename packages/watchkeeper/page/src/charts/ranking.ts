// Amounts of any query side by side, greatest first; negative ones have their own colour.

import "./charts.css";

import { h } from "../shell/dom";
import { told, type Unit } from "./units";

export interface Amount {
  name: string;
  value: number;
}

/** More bars say less. */
const MOST = 40;

export function ranking(amounts: Amount[], unit: Unit): HTMLElement {
  const known = amounts.filter((one) => Number.isFinite(one.value)).sort((one, other) => other.value - one.value);
  const most = known.reduce((size, one) => Math.max(size, Math.abs(one.value)), 0) || 1;
  const rows = known.slice(0, MOST).map((one) => bar(one, most, unit));
  const more = known.length > MOST ? h("li", { class: "more" }, `and ${known.length - MOST} more`) : null;
  return h("ul", { class: "ranking" }, ...rows, more);
}

function bar(one: Amount, most: number, unit: Unit): HTMLElement {
  const line = h("span", { class: one.value < 0 ? "bar-line negative" : "bar-line" });
  line.style.setProperty("--share", `${(Math.abs(one.value) / most) * 100}%`);
  return h("li", {}, h("span", { class: "bar-name", title: one.name }, one.name), h("b", {}, told(one.value, unit)), line);
}
