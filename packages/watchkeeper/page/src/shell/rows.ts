// Rows that several views show: alerts, changes of state, targets.

import { since } from "./ages";
import { h, list, set, text } from "./dom";
import { amount, duration, moment } from "./format";
import type { Alert, Flip, Target } from "./model";
import { shape } from "./status";

const SHOWN_ALERTS = 12;
const SHOWN_FLIPS = 14;

/** Write alerts, those that fire first; `more` leads to all where not all are shown. */
export function alerts(holder: HTMLElement, rows: Alert[], most = SHOWN_ALERTS, more?: HTMLElement): void {
  const firing = rows.filter((row) => row.status === "firing");
  const rest = rows.filter((row) => row.status !== "firing");
  holder.dataset["empty"] = rows.length ? "" : "No alert so far.";
  list(holder, [...firing, ...rest].slice(0, most), (row) => `${row.fingerprint}-${row.starts_at}`, alert);
  if (!more) return;
  set(more, "hidden", rows.length <= most);
  text(more, `All ${rows.length}, ${firing.length} of them firing`);
}

function alert(row: Alert): HTMLElement {
  const ended = row.ends_at;
  const time =
    ended === null
      ? h("span", {}, "firing ", since(row.starts_at))
      : h("span", {}, `resolved ${moment(ended)} after ${duration(ended - row.starts_at)}`);
  return h(
    "li",
    { "data-status": row.status },
    shape(row.status),
    h("div", {}, h("b", {}, row.annotations["summary"] ?? row.labels["alertname"] ?? "alert"), h("p", {}, why(row.annotations)), h("p", { class: "foot" }, time, h("span", {}, row.labels["severity"] ?? ""))),
  );
}

/** What is said below the summary: the reason, or the description where the reason is the summary again. */
function why({ summary, reason = "", description = "" }: Record<string, string>): string {
  return reason && reason !== summary ? reason : description || reason;
}

export function flips(holder: HTMLElement, rows: Flip[]): void {
  const changes = rows.filter((row) => !settling(row));
  holder.dataset["empty"] = changes.length ? "" : "Nothing has changed yet.";
  list(holder, changes.slice(0, SHOWN_FLIPS), (row) => `${row.at}-${row.subject}`, flip);
}

/** What is seen for the first time, or first known after that, is no news while it is well. */
function settling(row: Flip): boolean {
  return row.from_state === "" && row.to_state !== "unhealthy" && row.to_state !== "down";
}

function flip(row: Flip): HTMLElement {
  const [kind = "", owner = "", ...name] = row.subject.split("/");
  const title = kind === "rule" ? owner : kind === "component" ? name.join("/") : kind === "target" ? `target ${name.join("/")}` : `${name.join("/")} (${kind})`;
  const change = row.from_state ? `${row.from_state} → ${row.to_state}` : `first seen ${row.to_state}`;
  return h(
    "li",
    { "data-status": row.to_state },
    shape(row.to_state),
    h("div", {}, h("b", {}, title), h("span", { class: "owner" }, kind === "rule" ? "rule" : owner), h("p", {}, row.reason ? `${change}: ${row.reason}` : change)),
    h("time", { class: "when", datetime: new Date(row.at * 1000).toISOString() }, moment(row.at)),
  );
}

/** Targets change with every scrape; their elements stay, only the numbers are renewed. */
export function targets(holder: HTMLElement, rows: Target[]): void {
  holder.dataset["empty"] = rows.length ? "" : "No target is configured.";
  const fixed = rows.map(({ job, instance, status, reason, since: at }) => ({ job, instance, status, reason, at }));
  list(holder, fixed, (row) => `${row.job}/${row.instance}`, (row) =>
    h(
      "li",
      { "data-status": row.status },
      shape(row.status),
      h("div", {}, h("b", {}, row.job), h("span", { class: "owner" }, row.instance), h("p", {}, row.reason), h("p", { class: "foot" }, h("span", {}, row.status + " ", since(row.at)), h("span", { class: "scrape" }))),
    ),
  );
  rows.forEach((row, place) => {
    const scrape = holder.children[place]?.querySelector(".scrape");
    if (!scrape) return;
    text(scrape, row.samples ? `${amount(row.samples, "count")} samples in ${amount(row.duration, "seconds")}, every ${duration(row.interval)}` : "");
    set(holder.children[place]!, "title", row.url);
  });
}
