// The grid of a board: 12 columns; whoever is moved stays where it is put, the others make room downwards. Pure.

import { placeOf, type Place, type Widget } from "./model";

export const COLUMNS = 12;
const [LOWEST, HIGHEST] = [1000, 40];

/** A place within the grid's bounds. */
export function bounded(place: Place): Place {
  const w = clamp(place.w, 1, COLUMNS);
  return { x: clamp(place.x, 0, COLUMNS - w), y: clamp(place.y, 0, LOWEST), w, h: clamp(place.h, 1, HIGHEST) };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.round(value)));
}

export function overlap(one: Place, other: Place): boolean {
  return one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h;
}

/** The widgets with one of them put at a place. */
export function arranged(widgets: Widget[], chosen: number, wanted: Place): Widget[] {
  const fixed = bounded(wanted);
  const taken: Place[] = [fixed];
  const places = new Map<number, Place>([[chosen, fixed]]);
  for (const row of order(widgets).filter((one) => one !== chosen)) {
    const place = { ...placeOf(widgets[row]!) };
    let blocked: Place | undefined;
    while ((blocked = taken.find((one) => overlap(one, place)))) place.y = blocked.y + blocked.h;
    taken.push(place);
    places.set(row, place);
  }
  return widgets.map((widget, row) => ({ ...widget, place: places.get(row)! }));
}

/** The widgets' numbers from the top left to the bottom right, as they are read. */
export function order(widgets: Widget[]): number[] {
  const at = (row: number): Place => placeOf(widgets[row]!);
  return widgets.map((_, row) => row).sort((one, other) => at(one).y - at(other).y || at(one).x - at(other).x);
}

/** The first row below all widgets. */
export function bottom(widgets: Widget[]): number {
  return widgets.reduce((low, widget) => Math.max(low, placeOf(widget).y + placeOf(widget).h), 0);
}
