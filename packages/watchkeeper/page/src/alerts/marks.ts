// Each standing of an alert has its own word and shape; colour only helps.

import { h } from "../shell/dom";
import type { Standing } from "./model";

const SHAPES: Record<Standing, string> = {
  firing: '<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" class="full"/><path d="M8 4.4v4.4M8 11v.8" class="cut"/>',
  pending: '<path d="M8 1.5 15 14H1z" class="full"/><path d="M8 6v4M8 11.6v.9" class="cut"/>',
  acknowledged: '<circle cx="8" cy="8" r="6.3" class="hoop"/><path d="M5 8.3 7.2 10.5 11.2 5.9" class="line"/>',
  silenced: '<circle cx="8" cy="8" r="6.3" class="hoop"/><path d="M3.7 12.3 12.3 3.7" class="line"/>',
  inhibited: '<circle cx="8" cy="8" r="6.3" class="hoop"/><path d="M4.6 8h6.8" class="line"/>',
  muted: '<circle cx="8" cy="8" r="6.3" class="hoop"/><path d="M8 4.2V8l2.6 1.8" class="line"/>',
  resolved: '<circle cx="8" cy="8" r="6.5" class="full"/><path d="M5 8.3 7.2 10.5 11.2 5.9" class="cut"/>',
};

const TONES: Record<Standing, string> = {
  firing: "unhealthy",
  pending: "degraded",
  acknowledged: "taken",
  silenced: "unknown",
  inhibited: "unknown",
  muted: "unknown",
  resolved: "healthy",
};

/** The colour class of a standing. */
export function tone(standing: Standing): string {
  return TONES[standing];
}

/** Shape and word of a standing. */
export function standingMark(standing: Standing): HTMLElement {
  const holder = h("span", { class: `shape ${TONES[standing]}`, "aria-hidden": "true" });
  holder.innerHTML = `<svg viewBox="0 0 16 16">${SHAPES[standing]}</svg>`;
  return h("span", { class: `standing ${TONES[standing]}` }, holder, h("span", { class: "word" }, standing));
}
