// The bots that have profiles: how much processor each took lately, and whether fetching goes well.

import { told } from "../charts/units";
import { h } from "../shell/dom";
import { moment } from "../shell/format";
import { tablebox } from "../shell/scroll";
import type { Context } from "../shell/view";
import type { ProfileRow, ProfileRows } from "./model";

const LATELY = 900;

export async function list(holder: HTMLElement, context: Context): Promise<void> {
  const now = context.live.now();
  const { profiles, failures } = await context.api.get<ProfileRows>(`/api/profiles?start=${now - LATELY}&limit=1000`);
  const bots = new Set([...(context.live.overview?.bots ?? []).map((bot) => bot.name), ...profiles.map((row) => row.bot), ...Object.keys(failures)]);
  if (!bots.size) return holder.replaceChildren(h("p", { class: "empty-box" }, "No bot is watched yet."));
  const heads = ["bot", "processor, 15 min", "newest profile", "fetching"].map((name) => h("th", { scope: "col" }, name));
  const rows = [...bots].sort().map((bot) => row(bot, profiles.filter((one) => one.bot === bot), failures[bot] ?? ""));
  holder.replaceChildren(tablebox("Profiles kept", h("table", { class: "table" }, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows))));
}

function row(bot: string, profiles: ProfileRow[], failure: string): HTMLElement {
  const seconds = profiles.reduce((sum, one) => sum + one.seconds, 0);
  const total = profiles.reduce((sum, one) => sum + one.total, 0);
  const link = h("a", { href: `#/profiles/${encodeURIComponent(bot)}` }, bot);
  const newest = profiles[0] ? moment(profiles[0].at + profiles[0].seconds) : "none yet";
  return h("tr", {}, h("td", {}, link), h("td", {}, seconds ? `${told(total / 1e9 / seconds, "ratio")} of a core` : "–"), h("td", {}, newest), h("td", {}, failure || (profiles.length ? "goes well" : "no profile yet")));
}
