// Values of any query in human units. Pure.

import { amount } from "../shell/format";
import type { Unit as Known } from "../shell/model";

export type Unit = Known | "none";

export const UNITS: [Unit, string][] = [
  ["none", "plain number"],
  ["count", "count"],
  ["per_second", "per second"],
  ["seconds", "seconds"],
  ["bytes", "bytes"],
  ["ratio", "percent of 1"],
  ["wei", "wei as ETH"],
];

/** A value with its unit; an unknown one is a dash. */
export function told(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "\u2212∞";
  if (unit === "none") return plain(value);
  return amount(unit === "wei" ? BigInt(Math.round(value)).toString() : value, unit);
}

/** Four significant digits; what is tiny or huge has an exponent. */
export function plain(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) return value.toExponential(3).replace(/\.?0*e\+?/, "e").replaceAll("-", "\u2212");
  if (size >= 1e6) return amount(value, "count");
  return value.toLocaleString("en", { maximumSignificantDigits: size >= 1000 ? 7 : 4 });
}

/** The unit that names in an expression tell, by Prometheus' habits. */
export function guessed(expr: string): Unit {
  if (/_wei\b/.test(expr)) return "wei";
  const rated = /\b(i?rate|deriv)\s*\(/.test(expr);
  if (/histogram_quantile/.test(expr)) return /_seconds/.test(expr) ? "seconds" : "none";
  if (/_ratio\b|_percent\b/.test(expr)) return "ratio";
  if (rated && /_seconds_total/.test(expr)) return "ratio";
  if (/_bytes\b/.test(expr)) return "bytes";
  if (rated) return "per_second";
  return /_seconds\b/.test(expr) && !/timestamp/.test(expr) && !/_count\b|\//.test(expr) ? "seconds" : "none";
}
