// What did not get through: to whom, about what, why, and the button that sends it again.

import { ago, since } from "../shell/ages";
import { h, list, set, text } from "../shell/dom";
import { deed, twice } from "../shell/forms";
import type { Status } from "../shell/model";
import { shape } from "../shell/status";
import type { Context } from "../shell/view";

const SHOWN = 50;
/** The next try follows a word at once; what came of it is asked for a moment later. */
const MOMENT = 1000;

interface Alert {
  name: string;
  bot: string;
  firing: boolean;
  summary: string;
}

interface Row {
  row: number;
  channel: string;
  fate: "waiting" | "refused" | "given up" | "stranded";
  at: number;
  alerts: Alert[];
  count: number;
  tries: number;
  error: string;
  next_try: number | null;
  given_up_at: number | null;
}

const STATES: Record<Row["fate"], Status> = { waiting: "degraded", refused: "unhealthy", "given up": "unhealthy", stranded: "unknown" };
const MEANING: Record<Row["fate"], string> = {
  waiting: "its channel fails; it is tried again by itself",
  refused: "the channel refuses it; it is tried again within the hour",
  "given up": "given up; nobody tries again by itself",
  stranded: "its channel is not configured any more; it waits for its return",
};

/** Notifications that no channel took, the newest first. */
export class Undelivered {
  private readonly rows = h("ul", { id: "undelivered", class: "rows", "aria-label": "Not delivered", "data-empty": "\u2026" });
  private readonly more = h("p", { class: "muted" });
  readonly box = h("div", { class: "owed" }, h("h3", {}, "Not delivered"), this.rows, this.more);
  private timer = 0;

  constructor(private readonly context: Context) {}

  end(): void {
    window.clearTimeout(this.timer);
  }

  async refresh(): Promise<void> {
    const { undelivered, count } = await this.context.api.get<{ undelivered: Row[]; count: number }>(`/api/undelivered?limit=${SHOWN}`);
    const { role } = this.context.who;
    const focused = document.activeElement?.closest<HTMLElement>("#undelivered > li")?.dataset["key"];
    this.rows.dataset["empty"] = count ? "" : "Everything got through.";
    list(this.rows, undelivered.map((row) => ({ ...row, role })), (row) => String(row.row), (row) => this.line(row));
    if (focused && !this.rows.contains(document.activeElement)) this.rows.querySelector<HTMLElement>(`[data-key="${focused}"] button`)?.focus();
    text(this.more, count > undelivered.length ? `and ${count - undelivered.length} older ones` : "");
  }

  private line(row: Row): HTMLElement {
    const words = h("div", {}, h("b", { id: `undelivered-${row.row}` }, subject(row)), h("p", {}, `${row.channel}: ${MEANING[row.fate]}`), h("p", {}, row.error), h("div", { class: "foot" }, when(row), h("span", {}, tried(row))));
    const made = h("li", { "data-fate": row.fate }, shape(STATES[row.fate]), words);
    if (row.fate !== "stranded") made.append(this.button(row));
    return made;
  }

  private button(row: Row): HTMLElement {
    const button = deed(this.context, "operate", "Send again", async () => {
      await this.context.api.post(`/api/undelivered/${row.row}/again`);
      this.context.say(`On its way to ${row.channel} once more.`);
      this.timer = window.setTimeout(() => void this.refresh().catch(() => undefined), MOMENT);
    });
    set(button, "aria-describedby", `undelivered-${row.row}`);
    return row.fate === "given up" ? twice(button, "Old news: send?") : button;
  }
}

function subject({ alerts, count }: Row): string {
  const [first] = alerts;
  if (!first) return "A notification";
  const state = first.firing ? "" : ", resolved";
  const rest = count > 1 ? ` and ${count - 1} more` : "";
  return `${first.summary || first.name || "An alert"}${first.bot ? ` (${first.bot})` : ""}${state}${rest}`;
}

function when(row: Row): HTMLElement {
  if (row.given_up_at !== null) return h("span", {}, "written ", ago(row.at), ", given up ", ago(row.given_up_at));
  return h("span", {}, since(row.at, "waits for "));
}

function tried({ tries }: Row): string {
  return tries ? `${tries} ${tries === 1 ? "try" : "tries"} failed` : "not tried yet";
}
