// Boards as /api/boards tells them. Times are Unix seconds.

import type { Unit } from "../charts/units";

export type Kind = "stat" | "series" | "bars" | "table" | "timeline" | "flame" | "text";

export interface Query {
  expr: string;
  legend?: string;
}

export interface Place {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** A widget; what has its default is left out by the keeper. */
export interface Widget {
  kind: Kind;
  title?: string;
  place?: Place;
  unit?: Unit;
  queries?: Query[];
  scale?: "linear" | "log";
  text?: string;
  bot?: string;
}

export interface Content {
  title: string;
  description?: string;
  tags?: string[];
  range?: number;
  refresh?: number;
  widgets?: Widget[];
}

export interface Board {
  id: string;
  version: number;
  fixed: boolean;
  author: string;
  created: number;
  changed: number;
  board: Content;
}

export interface BoardRow {
  id: string;
  version: number;
  fixed: boolean;
  author: string;
  changed: number;
  title: string;
  tags: string[];
  widgets: number;
}

export interface Annotation {
  id: number;
  at: number;
  until: number | null;
  text: string;
  bot: string;
  author: string;
}

export const KINDS: [string, Kind][] = [
  ["number", "stat"], ["curves", "series"], ["bars", "bars"], ["table", "table"], ["state timeline", "timeline"], ["flame graph", "flame"], ["text", "text"],
];
export const FIRST_PLACE: Place = { x: 0, y: 0, w: 6, h: 4 };

export function placeOf(widget: Widget): Place {
  return widget.place ?? FIRST_PLACE;
}

export function nameOf(widget: Widget): string {
  return widget.title || KINDS.find(([, kind]) => kind === widget.kind)![0];
}
