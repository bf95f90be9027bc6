// Several queries become one drawing: the curves, and what each was at most, at least, on average, last. Pure but for asking.

import type { Curve } from "../charts/series";
import { ApiError, type Api } from "../shell/api";
import { nameOf, overTime, type Answer } from "./prom";

/** Curves drawn per query; more could neither be told apart nor drawn quickly. */
export const MOST_CURVES = 60;

export interface Summary {
  min: number;
  max: number;
  avg: number;
  last: number | null;
}

export interface Drawn extends Curve {
  summary: Summary;
  query: number;
}

export interface Outcome {
  /** In the engine's words; empty where all went well. */
  error: string;
  notes: string[];
  found: number;
}

export interface Sheet {
  times: number[];
  curves: Drawn[];
  outcomes: Outcome[];
}

export interface Asked {
  queries: string[];
  legends?: string[];
  start: number;
  end: number;
  step: number;
  /** Seconds back of the comparison; 0 is none. */
  compare: number;
}

interface Part {
  now: Answer | null;
  before: Answer | null;
  error: string;
}

/** Ask all queries at once; one that fails leaves the others be. */
export async function sheet(api: Api, asked: Asked, signal?: AbortSignal): Promise<Sheet> {
  const parts = await Promise.all(asked.queries.map((expr) => part(api, expr, asked, signal)));
  const curves: Drawn[] = [];
  for (const [place, { now, before }] of parts.entries()) {
    const name = (labels: Record<string, string>): string => nameOf(labels, asked.legends?.[place] ?? "", asked.queries[place]!);
    const fresh = (now?.lines ?? []).slice(0, MOST_CURVES).map((line, row) => drawn(name(line.labels), line.values, curves.length + row, place));
    const colours = new Map(fresh.map((curve) => [curve.name, curve.colour]));
    const old = (before?.lines ?? []).slice(0, MOST_CURVES).map((line) => drawn(name(line.labels), line.values, colours.get(name(line.labels)) ?? 6, place));
    curves.push(...fresh, ...old.map((curve) => ({ ...curve, name: `${curve.name} (before)`, dashed: true })));
  }
  const times = parts.find(({ now }) => now)?.now?.times ?? [];
  return { times, curves: unlike(curves), outcomes: parts.map(outcome) };
}

async function part(api: Api, expr: string, asked: Asked, signal?: AbortSignal): Promise<Part> {
  const { start, end, step, compare } = asked;
  if (!expr) return { now: null, before: null, error: "" };
  // The same grid, moved back by whole steps, so that the points lie over each other.
  const back = Math.round(compare / step) * step;
  try {
    const [now, before] = await Promise.all([
      overTime(api, expr, start, end, step, signal),
      back ? overTime(api, expr, Math.floor(start / step) * step - back, end - back, step, signal) : null,
    ]);
    return { now, before, error: "" };
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    return { now: null, before: null, error: problem.message };
  }
}

function outcome({ now, error }: Part): Outcome {
  return { error, notes: now?.notes ?? [], found: now?.lines.length ?? 0 };
}

function drawn(name: string, values: (number | null)[], colour: number, query: number): Drawn {
  return { name, values, colour, query, summary: summary(values) };
}

/** Two queries may give the same name; the second one is told by its number. */
function unlike(curves: Drawn[]): Drawn[] {
  const seen = new Map<string, number>();
  return curves.map((curve) => {
    const times = (seen.get(curve.name) ?? 0) + 1;
    seen.set(curve.name, times);
    return times > 1 ? { ...curve, name: `${curve.name} #${times}` } : curve;
  });
}

export function summary(values: (number | null)[]): Summary {
  const known = values.filter((value): value is number => value !== null && !Number.isNaN(value));
  if (!known.length) return { min: NaN, max: NaN, avg: NaN, last: null };
  const sum = known.reduce((total, value) => total + value, 0);
  const [min, max] = known.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity] as [number, number]);
  return { min, max, avg: sum / known.length, last: known.at(-1) ?? null };
}

/** The sheet as a file for a spreadsheet: one row per time, one column per curve. */
export function csv({ times, curves }: Sheet): string {
  const cell = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const head = ["time", "unix", ...curves.map((curve) => cell(curve.name))].join(",");
  const rows = times.map((at, place) => [new Date(at * 1000).toISOString(), String(at), ...curves.map((curve) => String(curve.values[place] ?? ""))].join(","));
  return [head, ...rows, ""].join("\r\n");
}
