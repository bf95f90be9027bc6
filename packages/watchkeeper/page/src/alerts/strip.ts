// An alert's states over time as one band; each stretch says its word.

import { h } from "../shell/dom";
import { duration, moment } from "../shell/format";
import { tone } from "./marks";
import { type Event, seconds, type Standing } from "./model";

interface Stretch {
  from: number;
  to: number;
  standing: Standing;
}

/** Bands with more flips than this show the last ones. */
const MOST = 60;

/** The stretches that the events of an alert tell of, the last one until now unless it is over. */
export function stretches(events: Event[], now: number): Stretch[] {
  const found: Stretch[] = [];
  for (const event of events.filter((one) => one.kind === "state")) {
    const [before = "", after = ""] = event.detail.split(" -> ");
    const at = seconds(event.at);
    const last = found.at(-1);
    if (last) last.to = at;
    else if (before && before !== "resolved") found.push({ from: begun(events, at), to: at, standing: before as Standing });
    found.push({ from: at, to: now, standing: after as Standing });
  }
  return found.filter((one) => one.to > one.from).slice(-MOST);
}

/** An alert is pending before its first change, since the first that is known of it. */
function begun(events: Event[], first: number): number {
  return Math.min(first, ...events.map((one) => seconds(one.at)));
}

export function strip(events: Event[], now: number): HTMLElement | null {
  const shown = stretches(events, now);
  const [first, last] = [shown[0], shown.at(-1)];
  if (!first || !last) return null;
  const whole = Math.max(1e-9, last.to - first.from);
  const parts = shown.map((one) => {
    const words = `${one.standing} from ${moment(one.from)} for ${duration(one.to - one.from)}`;
    const part = h("span", { class: `part ${tone(one.standing)}`, role: "listitem", title: words, "aria-label": words }, one.standing);
    part.style.flexGrow = String(Math.max(0.01, (one.to - one.from) / whole));
    return part;
  });
  const foot = h("div", { class: "strip-foot" }, h("span", {}, moment(first.from)), h("span", {}, "now"));
  return h("div", { class: "strip" }, h("div", { class: "parts", role: "list", "aria-label": "States over time" }, ...parts), foot);
}
