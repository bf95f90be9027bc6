// The trail: every write, who did it, from where, and what became of it.

import { h } from "../shell/dom";
import { field, refusal } from "../shell/forms";
import { moment } from "../shell/format";
import { tablebox } from "../shell/scroll";
import { shape } from "../shell/status";
import type { Context } from "../shell/view";

interface Row {
  id: number;
  at: number;
  kind: string;
  actor: string;
  way: string;
  address: string;
  action: string;
  resource: string;
  result: "begun" | "done" | "refused" | "failed";
  status: number;
  reason: string;
  correlation: string;
}

const PAGE = 50;
/** More rows than this are not held on the page. */
const MOST = 1000;
const TITLES = ["when", "who", "did", "to", "result", "from"];
const MARKS: Record<Row["result"], string> = { done: "healthy", refused: "degraded", failed: "unhealthy", begun: "unknown" };

export function trail(context: Context): HTMLElement {
  const body = h("tbody", {});
  const more = h("button", { type: "button", class: "button" }, "Show older ones");
  const actor = h("input", { name: "actor", placeholder: "everybody", class: "input", autocomplete: "off" }) as HTMLInputElement;
  let next: number | null = 0;
  const ask = async (fresh: boolean): Promise<void> => {
    const query = new URLSearchParams({ limit: String(PAGE), ...(actor.value ? { actor: actor.value.trim() } : {}), ...(!fresh && next ? { before: String(next) } : {}) });
    try {
      const answer = await context.api.get<{ entries: Row[]; next: number | null }>(`/api/audit?${query}`);
      if (fresh) body.replaceChildren();
      body.append(...answer.entries.map(line));
      next = answer.next;
      more.hidden = next === null || body.childElementCount >= MOST;
    } catch (problem) {
      context.say(refusal(problem), "bad");
    }
  };
  more.addEventListener("click", () => void ask(false));
  actor.addEventListener("change", () => void ask(true));
  void ask(true);
  const head = h("tr", {}, ...TITLES.map((title) => h("th", { scope: "col" }, title)));
  return h("section", { "aria-label": "Trail of writes" }, h("h2", {}, "Trail of writes"), h("div", { class: "trailtools" }, field("Only of", actor)), tablebox("Trail of writes", h("table", { class: "table", id: "trail" }, h("thead", {}, head), body)), h("p", { class: "more" }, more));
}

function line(row: Row): HTMLElement {
  const result = h("span", { class: "result" }, shape(MARKS[row.result]), `${row.result} (${row.status || "no answer"})`);
  return h("tr", {}, h("td", { title: new Date(row.at * 1000).toISOString() }, moment(row.at)), h("td", {}, row.actor || "nobody known", h("p", {}, row.way)), h("td", { class: "mono" }, row.action), h("td", { class: "mono wrap" }, row.resource), h("td", {}, result, row.reason ? h("p", {}, row.reason) : null), h("td", { class: "mono" }, row.address));
}
