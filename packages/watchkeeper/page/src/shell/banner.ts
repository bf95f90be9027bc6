// The state of the whole or of one bot, in one sentence.

import { since } from "./ages";
import { h, set } from "./dom";
import { moment } from "./format";
import type { Whole } from "./model";
import { shape } from "./status";

const HEADLINES: Record<string, string> = {
  healthy: "All is well",
  degraded: "Degraded",
  unhealthy: "Unhealthy",
  unknown: "Unknown",
};

/** Write the state into its holder; nothing is touched where nothing changed, so that it is read out once. */
export function banner(holder: HTMLElement, whole: Omit<Whole, "subject">, well: string): void {
  set(holder, "data-status", whole.status);
  const reason = whole.reason || well;
  const line = `${whole.status}|${reason}|${whole.since}`;
  if (holder.dataset["shown"] === line) return;
  holder.dataset["shown"] = line;
  holder.replaceChildren(
    shape(whole.status),
    h("div", {}, h("strong", {}, HEADLINES[whole.status] ?? whole.status), h("p", {}, reason)),
    h("div", { class: "age" }, since(whole.since), h("span", {}, `since ${moment(whole.since)}`)),
  );
}

/** What is said where the keeper does not answer: the page does not know, and says so. */
export function silent(at: number): Omit<Whole, "subject"> {
  return { status: "unknown", reason: "the keeper does not answer; below is what it knew last", since: at };
}
