// What the explorer shows, as the part of the hash behind `?`, so that a link shows the same. Pure.

import type { Unit } from "../charts/units";
import { UNITS } from "../charts/units";

export interface State {
  queries: string[];
  /** Seconds shown. */
  range: number;
  /** Unix seconds of the end; null is now. */
  end: number | null;
  /** Seconds back of the dashed comparison; 0 is none. */
  compare: number;
  /** Seconds between questions; 0 is never. */
  refresh: number;
  view: "graph" | "table";
  unit: Unit | "auto";
}

export const RANGES: [string, number][] = [
  ["5 min", 300], ["15 min", 900], ["1 h", 3600], ["3 h", 10_800], ["6 h", 21_600], ["12 h", 43_200],
  ["24 h", 86_400], ["2 d", 172_800], ["7 d", 604_800], ["30 d", 2_592_000],
];
export const MOST_QUERIES = 8;
const [SHORTEST, LONGEST] = [10, 366 * 86_400];
const FIRST: State = { queries: [""], range: 3600, end: null, compare: 0, refresh: 10, view: "graph", unit: "auto" };

export function read(hash: string): State {
  const given = new URLSearchParams(hash.split("?")[1] ?? "");
  const queries = given.getAll("q").slice(0, MOST_QUERIES);
  const end = Number(given.get("end"));
  const unit = given.get("unit") ?? "auto";
  return {
    queries: queries.length ? queries : [...FIRST.queries],
    range: bounded(given.get("range"), FIRST.range, SHORTEST),
    end: given.has("end") && end > 0 ? end : null,
    compare: bounded(given.get("compare"), 0, 0),
    refresh: bounded(given.get("refresh"), FIRST.refresh, 0),
    view: given.get("view") === "table" ? "table" : "graph",
    unit: UNITS.some(([known]) => known === unit) ? (unit as Unit) : "auto",
  };
}

function bounded(text: string | null, otherwise: number, least: number): number {
  const value = text === null || text === "" ? NaN : Number(text);
  return Number.isFinite(value) ? Math.min(LONGEST, Math.max(least, value)) : otherwise;
}

/** The hash of a state; what is as at first is left out. */
export function written(state: State): string {
  const pairs = new URLSearchParams(state.queries.filter(Boolean).map((query) => ["q", query]));
  for (const key of ["range", "end", "compare", "refresh", "view", "unit"] as const) {
    if (state[key] !== FIRST[key] && state[key] !== null) pairs.set(key, String(state[key]));
  }
  const text = pairs.toString();
  return text ? `#/explore?${text}` : "#/explore";
}

const FACTORS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of `90m`, `1h30m`, `2d`; null where it is no length of time. */
export function seconds(text: string): number | null {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*([smhdw])\s*/g)];
  if (!parts.length || parts.map((part) => part[0]).join("").trim() !== text.trim()) return null;
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * FACTORS[unit!]!, 0);
}

export function lengthOf(length: number): string {
  const known = RANGES.find(([, value]) => value === length);
  if (known) return known[0];
  for (const [unit, name] of [[86_400, "d"], [3600, "h"], [60, "min"]] as const) {
    if (length >= unit) return `${Number((length / unit).toFixed(1))} ${name}`;
  }
  return `${Math.round(length)} s`;
}
