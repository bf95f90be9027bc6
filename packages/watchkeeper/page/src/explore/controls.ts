// The row of controls above the drawing: time, comparison, refresh, unit.

import { UNITS } from "../charts/units";
import { h } from "../shell/dom";
import { moment } from "../shell/format";
import { button, choice, including } from "./parts";
import { lengthOf, RANGES, seconds, type State } from "./state";

const REFRESHES: [string, number][] = [["off", 0], ["5 s", 5], ["10 s", 10], ["30 s", 30], ["1 min", 60], ["5 min", 300]];
const COMPARED: [string, number][] = [["nothing", 0], ["an hour before", 3600], ["yesterday", 86_400], ["a week before", 604_800]];
const OTHER = "other";

export type Change = (change: Partial<State>) => void;

export function controls(state: State, now: number, change: Change): HTMLElement {
  const unit = choice("Unit", [["automatic", "auto"], ...UNITS.map(([value, name]): [string, string] => [name, value])], state.unit, (value) => change({ unit: value as State["unit"] }));
  const refresh = choice("Refresh", including(REFRESHES, state.refresh, lengthOf), state.refresh, (value) => change({ refresh: Number(value) }));
  return h("div", { class: "controls" }, moving(state, now, change), compared(state, change), refresh, unit);
}

/** The range, and buttons that move and widen it. */
function moving(state: State, now: number, change: Change): HTMLElement {
  const end = state.end ?? now;
  const half = state.range / 2;
  const to = (at: number): void => change({ end: at >= now ? null : Math.round(at) });
  const wider = (): void => change({ range: Math.min(state.range * 2, 366 * 86_400), end: state.end === null ? null : Math.min(state.end + half, now) });
  const narrower = (): void => change({ range: Math.max(10, Math.round(half)), end: state.end === null ? null : Math.round(end - half / 2) });
  const range = choice("Range", including(RANGES, state.range, lengthOf), state.range, (value) => change({ range: Number(value) }));
  const present = button("Now", () => change({ end: null }), { disabled: state.end === null, title: "Back to the present" });
  const moves = h(
    "span",
    { class: "group", role: "group", "aria-label": "Move in time" },
    button("←", () => to(end - half), { "aria-label": "Half a range earlier" }),
    button("→", () => to(end + half), { "aria-label": "Half a range later", disabled: state.end === null }),
    button("+", narrower, { "aria-label": "Zoom in" }),
    button("\u2212", wider, { "aria-label": "Zoom out" }),
    present,
  );
  const told = state.end === null ? "" : `${moment(end - state.range)} to ${moment(end)}`;
  return h("div", { class: "moving" }, range, moves, h("span", { class: "window" }, told));
}

function compared(state: State, change: Change): HTMLElement {
  const rows: [string, string | number][] = [...including(COMPARED, state.compare, (value) => `${lengthOf(value)} before`), ["other …", OTHER]];
  const other = h("input", { class: "input offset", "aria-label": "Compare with the time before, such as 90m or 2d", placeholder: "90m, 2d", hidden: true }) as HTMLInputElement;
  const chosen = (value: string): void => {
    other.hidden = value !== OTHER;
    if (value === OTHER) other.focus();
    else change({ compare: Number(value) });
  };
  other.addEventListener("change", () => {
    const length = seconds(other.value);
    other.setAttribute("aria-invalid", String(length === null));
    if (length !== null) change({ compare: length });
  });
  return h("div", { class: "compared" }, choice("Compare with", rows, state.compare, chosen), other);
}
