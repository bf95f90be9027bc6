// PromQL by the keeper's Prometheus API.

import type { Api } from "./api";

export interface Point {
  labels: Record<string, string>;
  value: number;
}

export interface Series {
  labels: Record<string, string>;
  /** Unix seconds and values, oldest first; what was not measured is not there. */
  points: [number, number][];
}

interface Answer<Row> {
  data: { resultType: string; result: Row[] };
}

/** The value of an expression now, one point per series. */
export async function instant(api: Api, expr: string, signal?: AbortSignal): Promise<Point[]> {
  const { data } = await api.get<Answer<{ metric: Record<string, string>; value: [number, string] }>>(`/api/v1/query?query=${encodeURIComponent(expr)}`, signal);
  if (data.resultType !== "vector") return [];
  return data.result.map((row) => ({ labels: row.metric, value: Number(row.value[1]) }));
}

/** The values of an expression from start to end, `step` seconds apart. */
export async function range(api: Api, expr: string, start: number, end: number, step: number, signal?: AbortSignal): Promise<Series[]> {
  const path = `/api/v1/query_range?query=${encodeURIComponent(expr)}&start=${start}&end=${end}&step=${step}`;
  const { data } = await api.get<Answer<{ metric: Record<string, string>; values: [number, string][] }>>(path, signal);
  return data.result.map((row) => ({ labels: row.metric, points: row.values.map(([at, value]) => [at, Number(value)]) }));
}

/** The series' values on a grid of times; null where there is none, or none that is a number. */
export function onGrid(series: Series, times: number[]): (number | null)[] {
  const known = new Map(series.points.map(([at, value]) => [Math.round(at * 1000), value]));
  return times.map((at) => {
    const value = known.get(Math.round(at * 1000));
    return value === undefined || !Number.isFinite(value) ? null : value;
  });
}

/** Times from start to end; both are multiples of step, so that asking again gives the same ones. */
export function grid(start: number, end: number, step: number): number[] {
  const first = Math.ceil(start / step);
  return Array.from({ length: Math.max(0, Math.floor(end / step) - first + 1) }, (_, place) => (first + place) * step);
}

/** A label's value, quoted for an expression. */
export function quoted(value: string): string {
  return JSON.stringify(value);
}
