// Groups of alerts as Alertmanager shows them, each alert a row that opens.

import { since } from "../shell/ages";
import { h, list } from "../shell/dom";
import { moment } from "../shell/format";
import { until } from "./lengths";
import { standingMark } from "./marks";
import { type Alert, type Group, type Labels, seconds, summary } from "./model";

/** What the rows let people do. */
export interface Deeds {
  open(fingerprint: string): void;
  acknowledge(alerts: Alert[]): void;
  letGo(alert: Alert): void;
  silence(labels: Labels): void;
  narrow(name: string, value: string): void;
  now(): number;
  /** Why this visitor may not act; empty where they may. */
  why(): string;
}

/** Rows beyond this many of one group are counted only. */
const MOST = 200;

/** Two routes may have groups of the same key. */
export function nameOf(group: Group): string {
  return `${group.route}|${group.key}|${group.receiver}`;
}

export function drawGroups(holder: HTMLElement, groups: Group[], opened: string, deeds: Deeds, now: number): void {
  const heads = groups.map((group) => ({ key: nameOf(group), receiver: group.receiver, channels: group.channels, labels: group.labels, escalation: group.escalation && { policy: group.escalation.policy, next: group.escalation.steps[group.escalation.step] ?? "", at: group.escalation.nextAt, done: group.escalation.done }, count: group.alerts.length, why: deeds.why() }));
  list(holder, heads, (head) => head.key, (head) => box(head, deeds, now));
  groups.forEach((group, place) => {
    const rows = holder.children[place]?.querySelector<HTMLElement>(".alert-rows");
    if (rows) drawRows(rows, group.alerts.slice(0, MOST), opened, deeds, group);
  });
  held.set(holder, groups);
}

/** The newest groups of a holder: buttons act on what is there when they are pressed. */
const held = new WeakMap<HTMLElement, Group[]>();

interface Head {
  key: string;
  receiver: string;
  channels: string[];
  labels: Labels;
  escalation: { policy: string; next: string; at: string | null; done: boolean } | null;
  count: number;
  why: string;
}

function box(head: Head, deeds: Deeds, now: number): HTMLElement {
  const names = Object.entries(head.labels).sort(([a], [b]) => Number(b === "alertname") - Number(a === "alertname"));
  const title = names.length ? h("span", { class: "pairs" }, ...names.map(([name, value]) => pair(name, value, deeds))) : h("b", {}, "All alerts");
  const own = (element: HTMLElement): Group | undefined => {
    const holder = element.closest<HTMLElement>(".groups");
    return holder ? held.get(holder)?.find((group) => nameOf(group) === head.key) : undefined;
  };
  const take = act("Acknowledge all", `take-${head.key}`, head.why, (button) => {
    const open = own(button)?.alerts.filter((one) => !one.acknowledgement) ?? [];
    if (open.length) deeds.acknowledge(open);
  });
  const mute = act("Silence group", `mute-${head.key}`, head.why, () => deeds.silence(head.labels));
  const more = head.count > MOST ? h("p", { class: "muted" }, `and ${head.count - MOST} more: narrow the filter to see them`) : null;
  return h(
    "section",
    { class: "group", "aria-label": names.map(([name, value]) => `${name} ${value}`).join(", ") || "All alerts" },
    h("header", {}, title, h("span", { class: "muted to" }, `→ ${head.receiver}`, head.channels.length ? ` (${head.channels.map((one) => one.replace(/\[0\]$/, "")).join(", ")})` : ""), escalates(head, now), head.count > 1 ? h("span", { class: "acts" }, take, names.length ? mute : null) : null),
    h("ul", { class: "alert-rows" }),
    more,
  );
}

function escalates(head: Head, now: number): HTMLElement | null {
  const run = head.escalation;
  if (!run) return null;
  if (run.done) return h("span", { class: "tag" }, `${run.policy}: all steps taken`);
  return h("span", { class: "tag" }, `${run.policy}: `, run.at ? `${run.next} ` : "stands still", run.at ? until(seconds(run.at), now) : null);
}

// --- rows ---

/** Rows of alerts; labels of the group that stands above them are left out. */
export function drawRows(holder: HTMLElement, alerts: Alert[], opened: string, deeds: Deeds, group: Group | null = null): void {
  const rows = alerts.map((alert) => ({ ...shownOf(alert), open: alert.fingerprint === opened, why: deeds.why(), look: alert.standing === "pending" && group?.channels.length ? group.nextLook : "" }));
  const byName = new Map(alerts.map((alert) => [alert.fingerprint, alert]));
  list(holder, rows, (row) => row.fingerprint, (row) => line(byName.get(row.fingerprint)!, row, deeds, group?.labels ?? {}));
}

/** What a row is beside its alert: open or not, why nobody may press, when people will be told. */
interface Manner {
  open: boolean;
  why: string;
  look: string;
}

/** What a row shows: only that makes it anew, not the sender's word that it still fires. */
function shownOf(alert: Alert): Pick<Alert, "fingerprint" | "labels" | "annotations" | "standing" | "since" | "startsAt" | "acknowledgement"> {
  const { fingerprint, labels, annotations, standing, since: at, startsAt, acknowledgement } = alert;
  return { fingerprint, labels, annotations, standing, since: at, startsAt, acknowledgement };
}

function line(alert: Alert, { open, why, look }: Manner, deeds: Deeds, above: Labels): HTMLElement {
  const { fingerprint, standing, labels, annotations } = alert;
  const title = h("button", { type: "button", class: "alert-title", "aria-expanded": String(open), "aria-controls": `story-${fingerprint}`, "data-focus": `open-${fingerprint}` }, summary(alert));
  title.addEventListener("click", () => deeds.open(fingerprint));
  const reason = annotations["reason"] ?? annotations["description"] ?? annotations["message"] ?? annotations["value"] ?? "";
  return h(
    "li",
    { class: `alert ${standing}`, "data-standing": standing, "data-fingerprint": fingerprint },
    h("div", { class: "alert-head" }, standingMark(standing), severity(labels["severity"]), h("div", { class: "alert-words" }, title, reason ? h("p", {}, reason) : null, pairs(labels, above, deeds)), h("div", { class: "alert-side" }, age(alert), look ? h("span", { class: "age" }, until(seconds(look), deeds.now(), "people are told in ")) : null, takenBy(alert), acts(alert, why, deeds))),
    h("div", { class: "story", id: `story-${fingerprint}`, hidden: !open }),
  );
}

function severity(value: string | undefined): HTMLElement {
  return value ? h("span", { class: `severity ${["critical", "page"].includes(value) ? "high" : ""}` }, value) : h("span", { class: "severity none" }, "no severity");
}

function age(alert: Alert): HTMLElement {
  if (alert.standing === "resolved") return h("span", { class: "age" }, since(seconds(alert.since), "resolved ", " ago"));
  return h("span", { class: "age" }, since(seconds(alert.startsAt), "for "));
}

function takenBy(alert: Alert): HTMLElement | null {
  const taken = alert.acknowledgement;
  if (!taken) return null;
  const end = taken.until ? `until ${moment(seconds(taken.until))}` : "until it is over";
  return h("span", { class: "taken-by", title: `${taken.who}, ${end}${taken.note ? `: ${taken.note}` : ""}` }, `${taken.who}, ${end}`);
}

function acts(alert: Alert, why: string, deeds: Deeds): HTMLElement {
  const { fingerprint } = alert;
  const book = alert.annotations["runbook_url"] ?? alert.annotations["runbook"] ?? "";
  const runbook = /^https?:\/\//.test(book) ? h("a", { class: "button", href: book, rel: "noreferrer", target: "_blank" }, "Runbook") : null;
  if (alert.standing === "resolved") return h("span", { class: "acts" }, runbook);
  const what = `: ${summary(alert)}`;
  const take = alert.acknowledgement ? act("Let go", `let-${fingerprint}`, why, () => deeds.letGo(alert), what) : act("Acknowledge", `ack-${fingerprint}`, why, () => deeds.acknowledge([alert]), what);
  return h("span", { class: "acts" }, runbook, take, act("Silence", `sil-${fingerprint}`, why, () => deeds.silence(alert.labels), what));
}

/** A button that can always be reached; who may not press it is told why. */
export function act(words: string, name: string, why: string, press: (button: HTMLElement) => void, what = ""): HTMLElement {
  const button = h("button", { type: "button", class: "button", "data-focus": name, "aria-disabled": why ? "true" : undefined, title: why || undefined, "aria-label": what ? `${words}${what}` : undefined }, words);
  button.addEventListener("click", () => press(button));
  return button;
}

function pairs(labels: Labels, above: Labels, deeds: Deeds): HTMLElement | null {
  const shown = Object.entries(labels).filter(([name]) => name !== "severity" && !(name in above));
  return shown.length ? h("span", { class: "pairs" }, ...shown.map(([name, value]) => pair(name, value, deeds))) : null;
}

function pair(name: string, value: string, deeds: Deeds): HTMLElement {
  const button = h("button", { type: "button", class: "pair", title: `Show only ${name}="${value}"` }, h("span", {}, name), h("b", {}, value));
  button.addEventListener("click", () => deeds.narrow(name, value));
  return button;
}
