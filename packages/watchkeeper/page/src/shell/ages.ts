// Times that count by themselves: "for 3 m 12 s", with the exact moment on hover.

import { h, text } from "./dom";
import { duration, moment } from "./format";

/** A time that counts up; the frame renews every element that has data-since once a second. */
export function since(at: number, before = "for ", after = ""): HTMLElement {
  return h("time", { "data-since": at, "data-before": before, "data-after": after, datetime: new Date(at * 1000).toISOString(), title: `${moment(at)} (${zone(at)})` }, "");
}

/** The same as a moment that passed: "3 m ago". */
export function ago(at: number): HTMLElement {
  return since(at, "", " ago");
}

export function renew(now: number): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-since]")) {
    const { since: at, before = "", after = "" } = element.dataset;
    text(element, `${before}${duration(now - Number(at))}${after}`);
  }
}

function zone(at: number): string {
  return new Date(at * 1000).toISOString().replace("T", " ").slice(0, 19) + " UTC";
}
