// Prometheus' query API, as far as curves and tables need it.

import type { Api } from "../shell/api";

export type Labels = Record<string, string>;

export interface Line {
  labels: Labels;
  values: (number | null)[];
}

export interface Answer {
  times: number[];
  lines: Line[];
  /** What the engine remarked: warnings and infos. */
  notes: string[];
}

export interface Value {
  labels: Labels;
  value: number;
  at: number;
}

interface Envelope {
  data: { resultType: string; result: unknown };
  warnings?: string[];
  infos?: string[];
}

type Point = [number, string];
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];
/** Points of a curve, at most and at least; the screen cannot show more. */
const [MOST, LEAST] = [900, 120];

/** The step of curves that are so many pixels wide: one point in two of them, in round seconds. */
export function stepFor(seconds: number, pixels: number): number {
  const points = Math.min(MOST, Math.max(LEAST, pixels / 2));
  return STEPS.find((step) => step >= seconds / points) ?? Math.ceil(seconds / points);
}

export function number(text: string): number {
  if (text === "+Inf") return Infinity;
  return text === "-Inf" ? -Infinity : Number(text);
}

function query(path: string, parameters: Record<string, string | number>): string {
  const pairs = Object.entries(parameters).map(([name, value]) => [name, String(value)] as [string, string]);
  return `/api/v1/${path}?${new URLSearchParams(pairs).toString()}`;
}

/** Ask for curves on a grid of whole steps; throws ApiError in the engine's words. */
export async function overTime(api: Api, expr: string, start: number, end: number, step: number, signal?: AbortSignal): Promise<Answer> {
  const first = Math.floor(start / step) * step;
  const told = await api.get<Envelope>(query("query_range", { query: expr, start: first, end, step }), signal);
  const count = Math.floor((end - first) / step + 1e-9) + 1;
  const times = Array.from({ length: count }, (_, place) => first + place * step);
  const rows = told.data.result as { metric: Labels; values: Point[] }[];
  const lines = rows.map((row) => ({ labels: row.metric, values: gridded(row.values, first, step, count) }));
  return { times, lines, notes: [...(told.warnings ?? []), ...(told.infos ?? [])] };
}

function gridded(points: Point[], first: number, step: number, count: number): (number | null)[] {
  const values: (number | null)[] = Array.from({ length: count }, () => null);
  for (const [at, text] of points) values[Math.round((at - first) / step)] = number(text);
  return values;
}

/** Ask for the values at a moment. */
export async function atTime(api: Api, expr: string, time: number, signal?: AbortSignal): Promise<Value[]> {
  const told = await api.get<Envelope>(query("query", { query: expr, time }), signal);
  const { resultType, result } = told.data;
  if (resultType === "vector") return (result as { metric: Labels; value: Point }[]).map((row) => valued(row.metric, row.value));
  if (resultType === "matrix") return (result as { metric: Labels; values: Point[] }[]).map((row) => valued(row.metric, row.values.at(-1)!));
  return [valued({}, result as Point)];
}

function valued(labels: Labels, [at, text]: Point): Value {
  return { labels, at, value: number(text) };
}

/** A series' name: the legend with `{label}` filled in, else as Prometheus writes it, else the expression. */
export function nameOf(labels: Labels, legend: string, expr: string): string {
  if (legend) return legend.replace(/\{([a-zA-Z_][a-zA-Z0-9_]*)\}/g, (_, name: string) => labels[name] ?? "");
  const { __name__: metric = "", ...rest } = labels;
  const inside = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  if (!inside.length) return metric || expr;
  return `${metric}{${inside.join(", ")}}`;
}
