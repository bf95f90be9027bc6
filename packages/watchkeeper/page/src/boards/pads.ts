// How widgets are moved and resized while a board is edited: by pointer and by arrow keys.

import { h } from "../shell/dom";
import { placeOf, type Place, type Widget } from "./model";
import { COLUMNS } from "./grid";

/** A row's height with the gap below it, as in boards.css. */
export const ROW = 52;
const ARROWS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Told a place; all places of one drag come with the same token, so that what was passed over goes back. */
export type Put = (place: Place, drag?: object) => void;
type Shift = (from: Place, columns: number, rows: number) => Place;

const moved: Shift = (from, columns, rows) => ({ ...from, x: Math.min(COLUMNS - from.w, Math.max(0, from.x + columns)), y: Math.max(0, from.y + rows) });
const resized: Shift = (from, columns, rows) => ({ ...from, w: Math.min(COLUMNS - from.x, Math.max(1, from.w + columns)), h: Math.max(1, from.h + rows) });

/** A handle that moves the widget. */
export function mover(name: string, grid: HTMLElement, widget: () => Widget, put: Put): HTMLElement {
  return pad(`Move ${name}: arrow keys`, "⠿", "mover", grid, widget, put, moved);
}

/** A corner that resizes the widget. */
export function resizer(name: string, grid: HTMLElement, widget: () => Widget, put: Put): HTMLElement {
  return pad(`Resize ${name}: arrow keys`, "◢", "resizer", grid, widget, put, resized);
}

function pad(label: string, sign: string, look: string, grid: HTMLElement, widget: () => Widget, put: Put, shift: Shift): HTMLElement {
  const made = h("button", { type: "button", class: `pad ${look}`, "aria-label": label, title: label }, sign);
  made.addEventListener("keydown", (event) => {
    const way = ARROWS[event.key];
    if (!way) return;
    event.preventDefault();
    put(shift(placeOf(widget()), ...way));
  });
  made.addEventListener("pointerdown", (event) => drag(made, event, grid, placeOf(widget()), put, shift));
  return made;
}

/** Follow the pointer in whole columns and rows until it is let go. */
function drag(made: HTMLElement, down: PointerEvent, grid: HTMLElement, from: Place, put: Put, shift: Shift): void {
  const column = grid.clientWidth / COLUMNS;
  made.setPointerCapture(down.pointerId);
  const token = {};
  const follow = (event: PointerEvent): void => put(shift(from, Math.round((event.clientX - down.clientX) / column), Math.round((event.clientY - down.clientY) / ROW)), token);
  const end = (): void => made.removeEventListener("pointermove", follow);
  made.addEventListener("pointermove", follow);
  made.addEventListener("pointerup", end, { once: true });
  made.addEventListener("pointercancel", end, { once: true });
}
