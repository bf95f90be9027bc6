// The groups of rules: whether they are evaluated, how long it takes, what failed.

import { h } from "../shell/dom";
import { amount, moment } from "../shell/format";
import { shape } from "../shell/status";
import type { Context } from "../shell/view";

interface Group {
  name: string;
  file: string;
  interval: number;
  evaluationTime: number;
  lastEvaluation: string;
  rules: { name: string; type: string; health: string; lastError?: string; state?: string }[];
}

const TITLES = ["group", "state", "rules", "firing", "takes", "every", "last"];

/** Write the table; the sick groups first. */
export async function groups(body: HTMLElement, context: Context): Promise<void> {
  const answer = await context.api.get<{ data: { groups: Group[] } }>("/api/v1/rules");
  const sick = (group: Group): number => (group.rules.some((rule) => rule.health === "err") ? 0 : 1);
  const own = answer.data.groups.filter((group) => !made(group) || sick(group) === 0);
  const rest = answer.data.groups.filter((group) => !own.includes(group));
  const rows = [...own].sort((one, other) => sick(one) - sick(other) || one.name.localeCompare(other.name));
  const shown = rest.length ? [...rows, together(rest)] : rows;
  body.replaceChildren(...(shown.length ? shown.map(line) : [h("tr", {}, h("td", { colspan: TITLES.length, class: "muted" }, "No rules are configured."))]));
}

/** Whether a group was compiled from an objective; there are several for each, and they are well or sick together. */
function made(group: Group): boolean {
  return group.name.startsWith("sloth-slo-");
}

/** Many groups as one line: their rules and times added up, the least recent evaluation. */
function together(groups: Group[]): Group {
  const oldest = groups.reduce((least, group) => (Date.parse(group.lastEvaluation) < Date.parse(least.lastEvaluation) ? group : least));
  return {
    name: `compiled from objectives (${groups.length} groups)`,
    file: groups[0]!.file,
    interval: Math.max(...groups.map((group) => group.interval)),
    evaluationTime: groups.reduce((sum, group) => sum + group.evaluationTime, 0),
    lastEvaluation: oldest.lastEvaluation,
    rules: groups.flatMap((group) => group.rules),
  };
}

export function head(): HTMLElement {
  return h("thead", {}, h("tr", {}, ...TITLES.map((title, place) => h("th", { scope: "col", class: place > 1 ? "number" : undefined }, title))));
}

function line(group: Group): HTMLElement {
  const failed = group.rules.find((rule) => rule.health === "err");
  const firing = group.rules.filter((rule) => rule.state === "firing").length;
  const at = Date.parse(group.lastEvaluation) / 1000;
  const status = failed ? "unhealthy" : at > 0 ? "healthy" : "unknown";
  const word = failed ? "fails" : at > 0 ? "evaluated" : "not yet";
  const said = failed ? h("p", {}, `${failed.name}: ${failed.lastError ?? ""}`) : null;
  const numbers = [String(group.rules.length), String(firing), amount(group.evaluationTime, "seconds"), amount(group.interval, "seconds"), at > 0 ? moment(at) : "–"];
  return h("tr", {}, h("td", { title: group.file }, group.name, said), h("td", {}, h("span", { class: "state" }, shape(status), word)), ...numbers.map((words) => h("td", { class: "number" }, words)));
}
