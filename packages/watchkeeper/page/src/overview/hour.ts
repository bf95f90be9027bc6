// The last hour, component by component: what was unwell, when, for how long.

import { timeline, type Track } from "../charts/timeline";
import type { Api } from "../shell/api";
import { h } from "../shell/dom";
import type { Overview } from "../shell/model";
import { grid, onGrid, range } from "../shell/prom";
import { owner } from "./pulse";

const METRIC = "monitoring_component_status";
const [HOUR, STEP] = [3600, 20];
/** The worst in each step, so that a short failure is seen. */
const WORST = `min_over_time(${METRIC}[${STEP}s])`;
const MOST = 24;

/** Draw the hour up to `now`; the components that were unwell come first. Empty where nothing is measured. */
export async function hour(holder: HTMLElement, api: Api, overview: Overview, now: number): Promise<void> {
  const times = grid(now - HOUR, now, STEP);
  const found = await range(api, WORST, times[0]!, times.at(-1)!, STEP);
  const tracks = found.map(({ labels, points }): Track => {
    const bot = owner(overview.targets, labels) ?? labels["job"] ?? "";
    return { name: `${bot} ${labels["component"] ?? ""}`, metric: METRIC, values: onGrid({ labels, points }, times) };
  });
  tracks.sort((one, other) => unwell(other) - unwell(one) || one.name.localeCompare(other.name));
  const shown = tracks.slice(0, MOST);
  const mark = JSON.stringify(shown.map(({ name, values }) => [name, values]));
  if (holder.dataset["mark"] === mark) return;
  holder.dataset["mark"] = mark;
  const first = Math.min(...shown.map(({ values }) => values.findIndex((value) => value !== null)).filter((at) => at >= 0));
  const start = times[Math.max(0, Math.min(first, times.length - 15))] ?? times[0]!;
  // Each value is of the step before its time.
  const began = times.map((at) => at - STEP);
  holder.replaceChildren(shown.length ? h("div", { class: "box" }, timeline(began, shown, start - STEP, times.at(-1)!, "none")) : h("p", { class: "empty-box" }, "Nothing was measured in the last hour."));
}

function unwell({ values }: Track): number {
  return values.filter((value) => value !== null && value !== 1).length;
}
