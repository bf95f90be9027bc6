// States over time: one row per series, each stretch with its word, colour and hatching.

import "./charts.css";

import { h } from "../shell/dom";
import { duration, moment } from "../shell/format";
import { told, type Unit } from "./units";

export interface Track {
  name: string;
  /** The metric that was asked, which tells what its numbers mean; empty where it is not known. */
  metric: string;
  values: (number | null)[];
}

interface Stretch {
  from: number;
  to: number;
  value: number | null;
}

/** Tracks and stretches of a track; more could not be told apart. */
const MOST_TRACKS = 50;
const MOST_STRETCHES = 300;

const WORDS: Record<string, Record<number, string>> = {
  monitoring_component_status: { 1: "healthy", 0: "degraded", [-1]: "unhealthy" },
  up: { 1: "up", 0: "down" },
};

export function timeline(times: number[], tracks: Track[], start: number, end: number, unit: Unit): HTMLElement {
  const rows = tracks.slice(0, MOST_TRACKS).map((track) => row(times, track, start, end, unit));
  const more = tracks.length > MOST_TRACKS ? h("p", { class: "more" }, `and ${tracks.length - MOST_TRACKS} more`) : null;
  return h("div", { class: "timeline" }, ...rows, h("div", { class: "timeline-foot" }, h("span", {}, moment(start)), h("span", {}, moment(end))), more);
}

function row(times: number[], track: Track, start: number, end: number, unit: Unit): HTMLElement {
  const spans = stretches(times, track.values).slice(-MOST_STRETCHES);
  const shown = spans.map((one) => stretch(one, track, start, end, unit));
  return h("div", { class: "track" }, h("span", { class: "track-name", title: track.name }, track.name), h("div", { class: "track-line", role: "list", "aria-label": track.name }, ...shown));
}

/** Times of one value in a row; unknown ones are left out. */
export function stretches(times: number[], values: (number | null)[]): Stretch[] {
  const step = (times[1] ?? 1) - (times[0] ?? 0);
  const found: Stretch[] = [];
  values.forEach((value, place) => {
    const at = times[place] ?? 0;
    const last = found.at(-1);
    if (last && last.value === value) last.to = at + step;
    else found.push({ from: at, to: at + step, value });
  });
  return found.filter((one) => one.value !== null);
}

function stretch(one: Stretch, track: Track, start: number, end: number, unit: Unit): HTMLElement {
  const word = wordOf(track.metric, one.value ?? 0, unit);
  const [from, to] = [Math.max(one.from, start), Math.min(one.to, end)];
  const title = `${track.name}: ${word} from ${moment(one.from)} for ${duration(one.to - one.from)}`;
  const shown = h("span", { class: `stretch ${lookOf(word, one.value ?? 0)}`, role: "listitem", title, "aria-label": title }, word);
  shown.style.setProperty("--left", `${((from - start) / (end - start)) * 100}%`);
  shown.style.setProperty("--width", `${(Math.max(0, to - from) / (end - start)) * 100}%`);
  return shown;
}

function wordOf(metric: string, value: number, unit: Unit): string {
  return WORDS[metric]?.[value] ?? told(value, unit);
}

function lookOf(word: string, value: number): string {
  if (word === "healthy" || word === "up") return "good";
  if (word === "unhealthy" || word === "down") return "bad";
  if (word === "degraded") return "fair";
  return `v${Math.abs(Math.round(value)) % 8}`;
}
