// The controls above the graph: which time, compared with which.

import { button, choice, including } from "../explore/parts";
import { lengthOf } from "../explore/state";
import { h } from "../shell/dom";
import { moment } from "../shell/format";
import { baseOf, rangeOf, SPANS, type Range, type State } from "./state";

export type Change = (change: Partial<State>) => void;

export function bar(bots: string[], bot: string, state: State, now: number, change: Change, go: (bot: string) => void): HTMLElement {
  const whose = choice("Bot", bots.map((name): [string, string] => [name, name]), bot, go);
  const over = choice("History", including(SPANS, state.over, (value) => `last ${lengthOf(value)}`), state.over, (value) => change({ over: Number(value), start: null, end: null }));
  const { start, end } = rangeOf(state, now);
  const from = time("From", start, (at) => at < end && change({ start: at, end }));
  const to = time("To", end, (at) => at > start && change({ start, end: at }));
  const all = button("All of it", () => change({ start: null, end: null }), { disabled: state.start === null });
  const keep = button("Keep as base", () => change({ base: [start, end], compare: "kept" }), { title: "Compare what is chosen next with this time" });
  return h("div", { class: "controls" }, whose, over, h("div", { class: "moving" }, from, to, all), h("div", { class: "moving" }, compare(state, change), keep));
}

function compare(state: State, change: Change): HTMLElement {
  const rows: [string, string | number][] = [["nothing", ""], ["the same time before", "before"], ["an hour before", 3600], ["yesterday", 86_400]];
  if (state.base) rows.push([`${moment(state.base[0])} to ${moment(state.base[1])}`, "kept"]);
  if (typeof state.compare === "number" && !rows.some(([, value]) => value === state.compare)) rows.push([`${lengthOf(state.compare)} before`, state.compare]);
  return choice("Compare with", rows, state.compare, (value) => change({ compare: value === "before" || value === "kept" || value === "" ? value : Number(value) }));
}

/** A field for a moment of local time, to the second. */
function time(name: string, at: number, changed: (at: number) => void): HTMLElement {
  const local = new Date((at - new Date(at * 1000).getTimezoneOffset() * 60) * 1000).toISOString().slice(0, 19);
  const input = h("input", { class: "input", type: "datetime-local", step: 1, value: local, "aria-label": name }) as HTMLInputElement;
  input.addEventListener("change", () => {
    const chosen = new Date(input.value).getTime() / 1000;
    if (Number.isFinite(chosen)) changed(chosen);
  });
  return h("label", { class: "choice" }, h("span", {}, name), input);
}

export function told(state: State, now: number): string {
  const words = ({ start, end }: Range): string => `${moment(start)} to ${moment(end)}`;
  const base = baseOf(state, now);
  return base ? `${words(rangeOf(state, now))}, compared with ${words(base)}` : words(rangeOf(state, now));
}
