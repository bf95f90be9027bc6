// What calls cost, in words. Pure.

import type { Call } from "./calls";

const THIN = "\u202f";
const SCALES: [number, string][] = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];

function digits(value: number): string {
  const size = Math.abs(value);
  return value.toLocaleString("en", { maximumFractionDigits: size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : 2 });
}

/** An amount of a profile; one per second of processor time is a share of a core. */
export function cost(amount: number, unit: string, perSecond = false): string {
  if (unit !== "nanoseconds") return `${digits(amount)}${perSecond ? `${THIN}/s` : ""}`;
  if (perSecond) return `${digits(amount / 1e7)}${THIN}% of a core`;
  const [factor, name] = SCALES.find(([least]) => Math.abs(amount) >= least) ?? [1, "ns"];
  return `${digits(amount / factor)}${THIN}${name}`;
}

export function percent(part: number, whole: number): string {
  return whole > 0 ? `${digits((part / whole) * 100)}${THIN}%` : "–";
}

export interface Change {
  /** A mark beside the colour. */
  sign: string;
  /** The class of its colour. */
  look: string;
  words: string;
}

/** How a call's amount changed from its base. */
export function changed(call: Call): Change {
  const base = call.base ?? 0;
  const most = Math.max(call.value, base);
  const share = most > 0 ? (call.value - base) / most : 0;
  const step = Math.abs(share) < 0.05 ? 0 : Math.abs(share) < 0.2 ? 1 : Math.abs(share) < 0.5 ? 2 : 3;
  if (step === 0) return { sign: "", look: "same", words: "as before" };
  const words = base === 0 ? "new" : call.value === 0 ? "gone" : `${share > 0 ? "+" : "\u2212"}${percent(Math.abs(call.value - base), base)}`;
  return share > 0 ? { sign: "▲ ", look: `grew${step}`, words } : { sign: "▼ ", look: `shrank${step}`, words };
}
