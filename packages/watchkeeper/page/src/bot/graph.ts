// Which component needs which, as a drawing: what fails below takes down what stands on it.

import { element } from "../charts/spark";
import { h } from "../shell/dom";
import type { Part } from "../shell/model";
import { scrolling } from "../shell/scroll";
import { shape } from "../shell/status";

const [WIDE, HIGH, GAP_X, GAP_Y] = [132, 34, 56, 12];

/** The depth of each component: what needs nothing is at 0; a circle does not go on for ever. */
export function depths(parts: Part[]): Map<string, number> {
  const found = new Map<string, number>();
  const byName = new Map(parts.map((part) => [part.name, part]));
  const depth = (name: string, path: string[]): number => {
    const known = found.get(name);
    if (known !== undefined) return known;
    const needs = (byName.get(name)?.depends ?? []).filter((other) => byName.has(other) && !path.includes(other));
    const mine = needs.length ? 1 + Math.max(...needs.map((other) => depth(other, [...path, name]))) : 0;
    found.set(name, mine);
    return mine;
  };
  parts.forEach((part) => depth(part.name, []));
  return found;
}

/** The drawing; empty where nothing needs anything. */
export function graph(parts: Part[]): HTMLElement | null {
  const tied = parts.filter((part) => part.depends.length || parts.some((other) => other.depends.includes(part.name)));
  if (!tied.length) return null;
  const places = placed(tied);
  const columns = Math.max(...[...places.values()].map(([x]) => x)) + WIDE;
  const rows = Math.max(...[...places.values()].map(([, y]) => y)) + HIGH;
  const svg = element("svg", { viewBox: `-2 -2 ${columns + 4} ${rows + 4}`, width: columns + 4, height: rows + 4, role: "img", "aria-label": said(tied), class: "graph" });
  for (const part of tied) for (const need of part.depends) arrow(svg, places.get(need), places.get(part.name), parts.find((other) => other.name === need));
  for (const part of tied) box(svg, part, places.get(part.name)!);
  return scrolling(h("div", { class: "graphbox", role: "group" }, svg), "Dependencies");
}

function placed(parts: Part[]): Map<string, [number, number]> {
  const levels = depths(parts);
  const taken = new Map<number, number>();
  return new Map(
    [...parts].sort((one, other) => one.name.localeCompare(other.name)).map((part) => {
      const level = levels.get(part.name) ?? 0;
      const row = taken.get(level) ?? 0;
      taken.set(level, row + 1);
      return [part.name, [level * (WIDE + GAP_X), row * (HIGH + GAP_Y)]];
    }),
  );
}

function arrow(svg: SVGElement, from: [number, number] | undefined, to: [number, number] | undefined, need: Part | undefined): void {
  if (!from || !to) return;
  const [x, y] = [from[0] + WIDE, from[1] + HIGH / 2];
  const [left, middle] = [to[0], to[1] + HIGH / 2];
  const bend = Math.max(18, (left - x) / 2);
  const broken = need !== undefined && need.status !== "healthy";
  svg.append(
    element("path", { d: `M${x},${y}C${x + bend},${y} ${left - bend},${middle} ${left - 6},${middle}`, class: broken ? "tie broken" : "tie" }),
    element("path", { d: `M${left - 7},${middle - 4}L${left},${middle}L${left - 7},${middle + 4}Z`, class: broken ? "tip broken" : "tip" }),
  );
}

function box(svg: SVGElement, part: Part, [x, y]: [number, number]): void {
  const group = element("g", { class: `node ${part.status}`, transform: `translate(${x},${y})` });
  const name = element("text", { x: 30, y: HIGH / 2 + 4.5 });
  name.textContent = part.name.length > 15 ? `${part.name.slice(0, 14)}…` : part.name;
  const mark = shape(part.status).firstElementChild!;
  for (const [key, value] of Object.entries({ x: 8, y: HIGH / 2 - 7.5, width: 15, height: 15 })) mark.setAttribute(key, String(value));
  const holder = element("g", { class: `shape ${part.status}` });
  holder.append(mark);
  const hint = element("title", {});
  hint.textContent = `${part.name} is ${part.status}${part.reason ? `: ${part.reason}` : ""}`;
  group.append(element("rect", { width: WIDE, height: HIGH, rx: 7 }), holder, name, hint);
  svg.append(group);
}

function said(parts: Part[]): string {
  return parts.filter((part) => part.depends.length).map((part) => `${part.name} needs ${part.depends.join(" and ")}`).join("; ");
}
