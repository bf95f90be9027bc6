// What the profile view shows, as the part of the hash behind `?`. Pure.

export interface State {
  /** Seconds of history above the graph, up to now. */
  over: number;
  /** The chosen time, Unix seconds; null is all of the history. */
  start: number | null;
  end: number | null;
  /** What it is compared with: nothing, the same time before, so many seconds before, or the range kept as base. */
  compare: "" | "before" | "kept" | number;
  base: [number, number] | null;
}

export interface Range {
  start: number;
  end: number;
}

export const SPANS: [string, number][] = [["last 15 min", 900], ["last hour", 3600], ["last 6 h", 21_600], ["last 24 h", 86_400], ["last 7 d", 604_800]];
const LONGEST = 604_800;

export function read(hash: string): State {
  const given = new URLSearchParams(hash.split("?")[1] ?? "");
  const time = (name: string): number | null => (Number(given.get(name)) > 0 ? Number(given.get(name)) : null);
  const [start, end, baseStart, baseEnd] = [time("start"), time("end"), time("base_start"), time("base_end")];
  const chosen = start !== null && end !== null && start < end;
  const base: State["base"] = baseStart !== null && baseEnd !== null && baseStart < baseEnd ? [baseStart, baseEnd] : null;
  const over = Math.min(LONGEST, time("over") ?? 3600);
  return { over, start: chosen ? start : null, end: chosen ? end : null, compare: compared(given.get("compare") ?? "", base), base };
}

function compared(text: string, base: State["base"]): State["compare"] {
  if (text === "before" || (text === "kept" && base)) return text;
  return Number(text) > 0 ? Number(text) : "";
}

export function written(bot: string, state: State): string {
  const pairs: [string, string | number | null][] = [
    ["over", state.over === 3600 ? null : state.over],
    ["start", state.start],
    ["end", state.end],
    ["compare", state.compare || null],
    ["base_start", state.base?.[0] ?? null],
    ["base_end", state.base?.[1] ?? null],
  ];
  const text = new URLSearchParams(pairs.flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]]))).toString();
  return `#/profiles/${encodeURIComponent(bot)}${text ? `?${text}` : ""}`;
}

/** The chosen time. */
export function rangeOf(state: State, now: number): Range {
  return { start: state.start ?? now - state.over, end: state.end ?? now };
}

/** The time it is compared with; null where it is compared with nothing. */
export function baseOf(state: State, now: number): Range | null {
  const { start, end } = rangeOf(state, now);
  if (state.compare === "") return null;
  if (state.compare === "kept") return state.base && { start: state.base[0], end: state.base[1] };
  const back = state.compare === "before" ? end - start : state.compare;
  return { start: start - back, end: end - back };
}
