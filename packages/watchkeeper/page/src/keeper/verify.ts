// Integrity of the store: verify it, see what is damaged, write a copy of it.

import { ago } from "../shell/ages";
import { h, list, set, text } from "../shell/dom";
import { deed } from "../shell/forms";
import { amount, duration, moment } from "../shell/format";
import type { Status } from "../shell/model";
import { shape } from "../shell/status";
import type { Context } from "../shell/view";

const PATH = "/api/v1/admin/tsdb/verify";
const LOOK = 500;
/** A copy of a large store takes as long as its disk does. */
const COPYING = 600_000;
/** So many damaged chunks are listed; the rest is a number. */
const SHOWN = 20;

interface Damage {
  chunk: number | null;
  series: number | null;
  labels: Record<string, string>;
  start: number | null;
  end: number | null;
  samples: number | null;
  reason: string;
}

interface Verification {
  state: "never" | "running" | "done" | "failed";
  paused: boolean;
  by: string;
  started: number;
  finished: number | null;
  done: number;
  total: number;
  samples: number;
  clean: boolean | null;
  damaged_count: number;
  damaged: Damage[];
  sqlite: string[];
  files: Record<string, string[]>;
  error: string;
}

/** The store's integrity in words, its last verification, and the buttons for the next one and for a copy. */
export class Integrity {
  private readonly state = h("p", { class: "integritystate", role: "status" });
  private readonly meter = h("progress", { class: "progress", "aria-label": "Chunks read", hidden: true });
  private readonly detail = h("p", {});
  private readonly history = h("p", { class: "muted" });
  private readonly damaged = h("ul", { class: "rows damaged", "aria-label": "Damaged chunks", tabindex: 0, hidden: true });
  private readonly more = h("p", { class: "muted" });
  private readonly deeds = h("p", { class: "integritydeeds" });
  private readonly copied = h("p", { class: "copied", role: "status" });
  readonly box = h("div", { id: "integrity", class: "box integrity" }, this.state, this.meter, this.detail, this.history, this.deeds, this.copied, this.damaged, this.more);
  private timer = 0;
  private role: string | null = null;

  constructor(private readonly context: Context) {}

  end(): void {
    window.clearTimeout(this.timer);
    this.timer = -1;
  }

  async refresh(): Promise<void> {
    if (this.role !== this.context.who.role) this.offer();
    const { data } = await this.context.api.get<{ data: Verification }>(PATH);
    this.draw(data);
  }

  private offer(): void {
    const { context } = this;
    this.role = context.who.role;
    const verify = deed(context, "operate", "Verify the store", async () => {
      const { data } = await context.api.post<{ data: Verification }>(PATH);
      this.draw(data);
    });
    const copy = deed(context, "operate", "Write a snapshot", async () => {
      text(this.copied, "Writing\u2026");
      try {
        const { data } = await context.api.post<{ data: { folder: string } }>("/api/v1/admin/tsdb/snapshot", {}, COPYING);
        this.copied.replaceChildren("A consistent copy is in ", h("span", { class: "mono" }, data.folder));
      } catch (problem) {
        text(this.copied, "");
        throw problem;
      }
    });
    this.deeds.replaceChildren(verify, " ", copy);
  }

  private draw(told: Verification): void {
    const mark = JSON.stringify([told.state, told.paused, told.finished]);
    if (this.state.dataset["mark"] !== mark) {
      const [status, words] = headline(told);
      this.state.dataset["mark"] = mark;
      set(this.state, "data-status", status);
      this.state.replaceChildren(shape(status), h("b", {}, words));
      this.history.replaceChildren(...past(told));
    }
    const running = told.state === "running";
    set(this.meter, "hidden", !running);
    set(this.meter, "max", Math.max(told.total, 1));
    set(this.meter, "value", told.done);
    text(this.detail, meaning(told));
    this.drawDamage(told);
    window.clearTimeout(this.timer);
    if (running && this.timer !== -1) this.timer = window.setTimeout(() => void this.refresh().catch(() => undefined), LOOK);
  }

  private drawDamage({ damaged, damaged_count }: Verification): void {
    const shown = damaged.slice(0, SHOWN);
    const rest = damaged_count - shown.length;
    set(this.damaged, "hidden", shown.length === 0);
    list(this.damaged, shown, (one) => `${one.chunk}/${one.series}`, line);
    text(this.more, damaged.length && rest > 0 ? `and ${rest} more` : "");
  }
}

function headline(told: Verification): [Status, string] {
  if (told.state === "never") return ["unknown", "Never verified"];
  if (told.state === "running") return told.paused ? ["degraded", "Verifying, paused"] : ["unknown", "Verifying"];
  if (told.clean) return ["healthy", "All good"];
  if (told.damaged_count) return ["unhealthy", `${chunks(told.damaged_count)} damaged`];
  if (broken(told.sqlite).length) return ["unhealthy", "The file of the samples is broken"];
  const [file] = beside(told);
  if (file) return ["unhealthy", `${file[0]} is broken`];
  return ["degraded", "Could not be verified"];
}

function meaning(told: Verification): string {
  if (told.state === "never") return "Verifying reads every sealed chunk from the disk and checks it. Samples, queries and alerts go on meanwhile.";
  const read = `${amount(told.done, "count")} of ${chunks(told.total)} read`;
  if (told.state === "running") return told.paused ? `${read}. The stress breaker is open: it goes on when the breaker closes.` : `${read}${told.damaged_count ? `, ${told.damaged_count} damaged` : ""}.`;
  const words = [`${chunks(told.done)} with ${amount(told.samples, "count")} good samples were read.`];
  if (told.clean) words.push(`SQLite finds all ${1 + Object.keys(told.files).length} files of the keeper whole, too.`);
  if (told.damaged_count) words.push("What is damaged is set aside: queries go on without it.");
  if (broken(told.sqlite).length) words.push(`SQLite says of samples.db: ${broken(told.sqlite).slice(0, 3).join("; ")}. The file is rebuilt with the next write; the old one is kept beside it. Verify again then.`);
  for (const [name, found] of beside(told)) words.push(`SQLite says of ${name}: ${found.slice(0, 3).join("; ")}. Put a copy in its place while the keeper rests.`);
  if (told.error) words.push(`${told.error}.`);
  return words.join(" ");
}

function past(told: Verification): (Node | string)[] {
  const by = told.by ? ` by ${told.by}` : "";
  if (told.state === "running") return [`Begun${by} at ${moment(told.started)}`];
  if (told.finished === null) return [];
  return ["Verified ", ago(told.finished), `${by}, it took ${duration(told.finished - told.started)}`];
}

function broken(sqlite: string[]): string[] {
  return sqlite.filter((words) => words !== "ok");
}

/** The broken ones of the files beside the samples, each with SQLite's words. */
function beside(told: Verification): [string, string[]][] {
  return Object.entries(told.files)
    .map(([name, words]): [string, string[]] => [name, broken(words)])
    .filter(([, words]) => words.length > 0);
}

function chunks(count: number): string {
  return `${amount(count, "count")} ${count === 1 ? "chunk" : "chunks"}`;
}

function line(one: Damage): HTMLElement {
  const range = one.start !== null && one.end !== null ? `${moment(one.start / 1000)} to ${moment(one.end / 1000)}` : "";
  const size = one.samples === null ? "" : `${amount(one.samples, "count")} samples`;
  return h("li", {}, shape("unhealthy"), h("div", {}, h("b", { class: "mono" }, name(one)), h("p", {}, one.reason), h("div", { class: "foot" }, h("span", {}, range), h("span", {}, size))));
}

function name({ labels, series }: Damage): string {
  const { __name__: metric = "", ...rest } = labels;
  const pairs = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return metric || pairs.length ? `${metric}${pairs.length ? `{${pairs.join(", ")}}` : ""}` : `series ${series ?? "unknown"}`;
}
