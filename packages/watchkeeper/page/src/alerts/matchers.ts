// Matchers as people and the API write them: name, one of four signs, value.

import type { Labels, Matcher } from "./model";

export const SIGNS = ["=", "!=", "=~", "!~"] as const;
export type Sign = (typeof SIGNS)[number];

/** Labels that a silence of one alert names first; the others would tie it to too little or too much. */
const FIRST = ["alertname", "bot", "component", "job", "instance"];

export function sign(matcher: Matcher): Sign {
  if (matcher.isRegex) return matcher.isEqual ? "=~" : "!~";
  return matcher.isEqual ? "=" : "!=";
}

export function matcher(name: string, op: Sign, value: string): Matcher {
  return { name, value, isRegex: op.endsWith("~"), isEqual: op.startsWith("=") };
}

export function written(one: Matcher): string {
  return `${one.name}${sign(one)}${JSON.stringify(one.value)}`;
}

/** The query `filter=...` of matchers; empty for none. */
export function query(matchers: Matcher[]): string {
  return matchers.map((one) => `filter=${encodeURIComponent(written(one))}`).join("&");
}

/** The matchers that mean exactly an alert, the telling ones first. */
export function meaning(labels: Labels): Matcher[] {
  const place = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const names = Object.keys(labels).sort((a, b) => place(a) - place(b) || a.localeCompare(b));
  return names.map((name) => matcher(name, "=", labels[name] ?? ""));
}

/** A filter with one more matcher behind it. */
export function added(filter: string, name: string, value: string): string {
  const one = written(matcher(name, "=", value));
  if (filter.includes(one)) return filter;
  return filter.trim() ? `${filter.trim().replace(/,$/, "")}, ${one}` : one;
}
