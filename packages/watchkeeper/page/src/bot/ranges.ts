// The range of the charts; remembered, and the keyboard's as much as the mouse's.

import { h } from "../shell/dom";
import { keep, kept } from "../shell/memory";

const RANGES: [string, number][] = [["15 m", 900], ["1 h", 3600], ["6 h", 21_600], ["24 h", 86_400], ["7 d", 604_800]];

/** The remembered range in seconds. */
export function remembered(): number {
  const wanted = Number(kept("range"));
  return RANGES.some(([, seconds]) => seconds === wanted) ? wanted : 900;
}

export function ranges(chosen: (seconds: number) => void): HTMLElement {
  const now = remembered();
  const box = h("fieldset", { id: "ranges", class: "ranges" }, h("legend", { class: "unseen" }, "Time range of the charts"));
  for (const [name, seconds] of RANGES) {
    const input = h("input", { type: "radio", name: "range", value: seconds, checked: seconds === now });
    input.addEventListener("change", () => {
      keep("range", String(seconds));
      chosen(seconds);
    });
    box.append(h("label", {}, input, h("span", {}, name)));
  }
  return box;
}
