// The tables of a bot: refusals by reason, RPC providers, objectives, integrity.

import { bars, meter } from "../charts/bars";
import { h } from "../shell/dom";
import { amount } from "../shell/format";
import { instant, quoted } from "../shell/prom";
import { tablebox } from "../shell/scroll";
import type { Context } from "../shell/view";
import type { Kind, Table } from "./kinds";
import { measured, type Scope } from "./scope";

export interface Asking {
  context: Context;
  scope: Scope;
  known: Set<string>;
  /** The range that counts are of, in seconds. */
  range: number;
}

/** A section that fills itself again and again; null where the bot does not measure it. */
export interface Sheet {
  box: HTMLElement;
  refresh(range: number): Promise<void>;
}

export function section(title: string, note: string, ...content: (HTMLElement | null)[]): HTMLElement {
  return h("section", { "aria-label": title }, h("h2", {}, title, note ? h("small", {}, ` ${note}`) : null), ...content);
}

export function refusals(kind: Kind, { context, scope, known }: Asking): Sheet | null {
  const asked = kind.refusals;
  if (!asked || !measured(asked.expr, known)) return null;
  const rows = h("ul", { class: "bars box" });
  return {
    box: section(asked.title, "by reason, in the range above", rows),
    async refresh(range) {
      const found = await instant(context.api, scope.fill(asked.expr, range));
      const counted = found.map(({ labels, value }) => ({ name: labels[asked.by] ?? "", value: Math.round(value) })).filter((row) => row.value > 0);
      rows.dataset["empty"] = counted.length ? "" : "Nothing was refused in this range.";
      bars(rows, counted, "count");
    },
  };
}

export function breakdown(table: Table, { context, scope, known }: Asking): Sheet | null {
  const columns = table.columns.filter((column) => measured(column.expr, known));
  if (!columns.length) return null;
  const body = h("tbody", {});
  const head = h("tr", {}, h("th", { scope: "col" }, table.by), ...columns.map((column) => h("th", { scope: "col", class: "number" }, column.title)));
  return {
    box: section(table.title, "", tablebox(table.title, h("table", { class: "table" }, h("thead", {}, head), body))),
    async refresh() {
      const found = await Promise.all(columns.map((column) => instant(context.api, scope.fill(column.expr))));
      const cells = found.map((rows) => new Map(rows.map(({ labels, value }) => [labels[table.by] ?? "", value])));
      const names = [...new Set(cells.flatMap((column) => [...column.keys()]))].sort();
      body.replaceChildren(...names.map((name) => h("tr", {}, h("td", { class: "mono" }, name), ...columns.map((column, place) => h("td", { class: "number" }, amount(cells[place]!.get(name) ?? null, column.unit))))));
    },
  };
}

const ALIGNED = "sloth_slo";

/** Objectives and their budgets, of all bots of the service together. */
export function objectives(context: Context, service: string | null): Sheet {
  const body = h("tbody", {});
  const titles = ["objective", "promised", "budget left", "burning now", "period"];
  const head = h("tr", {}, ...titles.map((title, place) => h("th", { scope: "col", class: place === 1 || place > 2 ? "number" : undefined }, title)));
  const box = section("Objectives", service ? "of all bots of this kind" : "", tablebox("Objectives", h("table", { class: "table" }, h("thead", {}, head), body)));
  const of = service ? `{sloth_service=${quoted(service)}}` : "";
  return {
    box,
    async refresh() {
      const ask = async (name: string) => new Map((await instant(context.api, `${name}${of}`)).map((row) => [row.labels["sloth_id"] ?? "", row]));
      const [promised, left, burning, days] = await Promise.all([ask("slo:objective:ratio"), ask("slo:period_error_budget_remaining:ratio"), ask("slo:current_burn_rate:ratio"), ask("slo:time_period:days")]);
      box.hidden = promised.size === 0;
      body.replaceChildren(
        ...[...promised].map(([id, row]) => {
          const remaining = left.get(id)?.value;
          return h("tr", {}, h("td", {}, service ? (row.labels[ALIGNED] ?? id) : id), h("td", { class: "number" }, amount(row.value, "ratio")), h("td", {}, ...budget(remaining)), h("td", { class: "number" }, burn(burning.get(id)?.value)), h("td", { class: "number" }, `${days.get(id)?.value ?? "–"} d`));
        }),
      );
    },
  };
}

function budget(left: number | undefined): (Node | string)[] {
  if (left === undefined || Number.isNaN(left)) return [h("span", { class: "muted" }, "not enough measured yet")];
  const status = left <= 0 ? "unhealthy" : left < 0.25 ? "degraded" : "healthy";
  const word = left <= 0 ? " spent" : left < 0.25 ? " nearly spent" : "";
  return [meter(left, status), ` ${amount(left, "ratio")}${word}`];
}

function burn(rate: number | undefined): string {
  if (rate === undefined || Number.isNaN(rate)) return "–";
  return `${rate.toLocaleString("en", { maximumFractionDigits: 2 })} ×`;
}

export function integrity(kind: Kind, { context, scope, known }: Asking): Sheet | null {
  const shown = kind.integrity.filter((row) => measured(row.expr, known));
  if (!shown.length) return null;
  const body = h("tbody", {});
  const head = h("tr", {}, ...["check", "what it means", "in the last day"].map((title, place) => h("th", { scope: "col", class: place === 2 ? "number" : undefined }, title)));
  const honest = h("p", { class: "muted honest" }, "Bots repair themselves: they connect again, drop what they have seen, and replace what differs from the venue. The keeper only watches. It has no button that restarts or repairs a bot.");
  return {
    box: section("Integrity and recovery", "", tablebox("Integrity and recovery", h("table", { class: "table" }, h("thead", {}, head), body)), honest),
    async refresh() {
      const found = await Promise.all(shown.map((row) => instant(context.api, scope.fill(row.expr))));
      body.replaceChildren(
        ...shown.map((row, place) => {
          const value = found[place]![0]?.value;
          return h("tr", {}, h("td", {}, row.title), h("td", { class: "muted" }, row.what), h("td", { class: "number" }, value === undefined ? "–" : amount(Math.round(value), "count")));
        }),
      );
    },
  };
}
