// Bars by name, longest first: a count that can be read, and its share that can be seen.

import "./bars.css";

import { h, list } from "../shell/dom";
import { amount } from "../shell/format";
import type { Unit } from "../shell/model";
import { element } from "./spark";

export interface Bar {
  name: string;
  value: number;
}

const MOST = 12;

/** Make the holder show the bars; the same elements stay for the same rows. */
export function bars(holder: HTMLElement, rows: Bar[], unit: Unit): void {
  const sorted = [...rows].sort((one, other) => other.value - one.value).slice(0, MOST);
  const [most, total] = [sorted[0]?.value || 1, rows.reduce((sum, row) => sum + row.value, 0) || 1];
  list(holder, sorted.map((row) => ({ ...row, width: row.value / most, share: row.value / total })), (row) => row.name, (row) =>
    h("li", { class: "barrow" }, h("span", { class: "name", title: row.name }, row.name), strip(row.width), h("b", {}, amount(row.value, unit)), h("span", { class: "muted" }, amount(row.share, "ratio"))),
  );
}

function strip(width: number): SVGElement {
  const svg = element("svg", { viewBox: "0 0 100 8", preserveAspectRatio: "none", class: "strip", "aria-hidden": "true" });
  svg.append(element("rect", { width: Math.max(0.5, width * 100), height: 8 }));
  return svg;
}

/** A small meter for a share between 0 and 1; it says its state by word beside it, not by colour alone. */
export function meter(share: number, status: string): HTMLElement {
  const svg = element("svg", { viewBox: "0 0 100 8", preserveAspectRatio: "none" });
  svg.append(element("rect", { width: Math.max(0, Math.min(1, share)) * 100, height: 8 }));
  return h("span", { class: "meter", "data-status": status, "aria-hidden": "true" }, svg);
}
