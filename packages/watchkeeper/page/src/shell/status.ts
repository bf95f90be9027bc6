// A state is shown by colour, by a word and by a shape, never by colour alone.

import { h } from "./dom";
import type { Status } from "./model";

type Mark = "healthy" | "degraded" | "unhealthy" | "unknown";

const SHAPES: Record<Mark, string> = {
  healthy: '<circle cx="8" cy="8" r="6.5" class="full"/><path d="M5 8.3 7.2 10.5 11.2 5.9" class="cut"/>',
  degraded: '<path d="M8 1.5 15 14H1z" class="full"/><path d="M8 6v4M8 11.6v.9" class="cut"/>',
  unhealthy: '<path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" class="full"/><path d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2" class="cut"/>',
  unknown: '<circle cx="8" cy="8" r="6.2" class="ring"/><path d="M6.2 6.3a1.9 1.9 0 1 1 2.6 1.8c-.6.3-.8.6-.8 1.2M8 11.2v.6" class="line"/>',
};

/** The kind of a state: up counts as healthy, down as unhealthy. */
export function mark(status: string): Mark {
  if (status === "healthy" || status === "up" || status === "resolved") return "healthy";
  if (status === "unhealthy" || status === "down" || status === "firing") return "unhealthy";
  return status === "degraded" ? "degraded" : "unknown";
}

/** The shape of a state, hidden from screen readers, who get the word. */
export function shape(status: string): HTMLElement {
  const holder = h("span", { class: `shape ${mark(status)}`, "aria-hidden": "true" });
  holder.innerHTML = `<svg viewBox="0 0 16 16">${SHAPES[mark(status)]}</svg>`;
  return holder;
}

const COLOURS: Record<Mark, string> = { healthy: "#1a7f47", degraded: "#b87700", unhealthy: "#c02b2b", unknown: "#7a8491" };

/** The icon of the browser's tab. */
export function icon(status: Status): string {
  const shown = mark(status);
  const body = SHAPES[shown]
    .replaceAll('class="full"', `fill="${COLOURS[shown]}"`)
    .replaceAll(/class="(cut)"/g, 'fill="none" stroke="#fff" stroke-width="1.8"')
    .replaceAll(/class="(ring|line)"/g, `fill="none" stroke="${COLOURS[shown]}" stroke-width="1.6"`);
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${body}</svg>`)}`;
}
