// Processor time over time, from the profiles that are kept.

import type { Curve } from "../charts/series";
import type { Api } from "../shell/api";
import type { ProfileRow, ProfileRows } from "./model";

const PAGE = 1000;
const MOST_PAGES = 11;
const MOST_POINTS = 700;

/** All profiles of a bot between two times, oldest first; a page at a time. */
export async function profilesOf(api: Api, bot: string, start: number, end: number): Promise<ProfileRow[]> {
  const found: ProfileRow[] = [];
  let until = end;
  for (let page = 0; page < MOST_PAGES; page++) {
    const asked = new URLSearchParams({ bot, start: start.toFixed(3), end: until.toFixed(3), limit: String(PAGE) });
    const { profiles } = await api.get<ProfileRows>(`/api/profiles?${asked.toString()}`);
    found.push(...profiles);
    if (profiles.length < PAGE) break;
    until = profiles.at(-1)!.at;
  }
  return found.reverse();
}

/** Cores used over time: each point is the mean of the profiles that fall together; where none was kept is a gap. */
export function usage(rows: ProfileRow[]): { times: number[]; curve: Curve } {
  const group = Math.max(1, Math.ceil(rows.length / MOST_POINTS));
  const [times, values]: [number[], (number | null)[]] = [[], []];
  for (let place = 0; place < rows.length; place += group) {
    const some = rows.slice(place, place + group);
    const seconds = some.reduce((sum, row) => sum + row.seconds, 0);
    const first = some[0]!;
    const last = rows[place - 1];
    if (last && first.at - (last.at + last.seconds) > 2 * first.seconds) {
      times.push(first.at - first.seconds);
      values.push(null);
    }
    times.push(first.at + (some.at(-1)!.at + some.at(-1)!.seconds - first.at) / 2);
    values.push(seconds > 0 ? some.reduce((sum, row) => sum + row.total, 0) / 1e9 / seconds : 0);
  }
  return { times, curve: { name: "processor, share of a core", values, colour: 0 } };
}
