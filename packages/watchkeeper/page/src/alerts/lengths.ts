// Lengths of time that people type, and moments to come.

import { h, text } from "../shell/dom";
import { duration, moment } from "../shell/format";

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of "90m", "1h 30m" or "2d"; null for what is none. */
export function lengthOf(typed: string): number | null {
  const parts = [...typed.trim().matchAll(/(\d+(?:\.\d+)?)\s*([smhdw])\s*/gy)];
  const length = parts.reduce((sum, part) => sum + part[0].length, 0);
  if (!parts.length || length !== typed.trim().length) return null;
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!, 0);
}

/** The shortest way to type a length. */
export function typed(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds / 60));
  const [days, hours, minutes] = [Math.floor(whole / 1440), Math.floor(whole / 60) % 24, whole % 60];
  const parts: [number, string][] = [[days, "d"], [hours, "h"], [minutes, "m"]];
  return parts.filter(([count]) => count).map(([count, unit]) => `${count}${unit}`).join(" ");
}

/** A moment to come that counts down: "in 4 m 10 s"; `renew` keeps it true. */
export function until(at: number, now: number, before = "in "): HTMLElement {
  const shown = h("time", { "data-until": at, "data-before": before, datetime: new Date(at * 1000).toISOString(), title: moment(at) });
  count(shown, now);
  return shown;
}

export function renew(root: HTMLElement, now: number): void {
  for (const shown of root.querySelectorAll<HTMLElement>("[data-until]")) count(shown, now);
}

function count(shown: HTMLElement, now: number): void {
  const left = Number(shown.dataset["until"]) - now;
  text(shown, left > 0 ? `${shown.dataset["before"] ?? ""}${duration(left)}` : "now");
}
