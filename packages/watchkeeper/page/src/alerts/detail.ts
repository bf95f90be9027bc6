// All that is known of one alert: what happened, who was told and whether it arrived, what comes next.

import { ago } from "../shell/ages";
import { h } from "../shell/dom";
import { duration, moment } from "../shell/format";
import { until } from "./lengths";
import { type Alert, type Escalation, type Event, type Group, seconds, type Silence, type Story, type Telling } from "./model";
import { strip } from "./strip";

/** A diary of the keeper is no person. */
const DIARY = "diary";

export interface Scene {
  alert: Alert;
  group: Group | null;
  story: Story;
  silences: Silence[];
  now: number;
}

export function detail(scene: Scene): HTMLElement {
  const { alert, group, story, now } = scene;
  return h(
    "div",
    { class: "detail" },
    strip(story.events, now),
    h(
      "div",
      { class: "detail-columns" },
      part("Timeline", timeline(story)),
      h("div", {}, part("Who was told", tellings(scene)), group?.escalation ? part("Escalation", escalation(group.escalation, now)) : null, part("Why and what", facts(alert, scene.silences, now))),
    ),
  );
}

/** What is left of an alert that is over and forgotten: links in old messages lead here. */
export function past(story: Story, now: number): HTMLElement {
  return h("div", { class: "detail" }, strip(story.events, now), part("Timeline", timeline(story)));
}

function part(title: string, content: HTMLElement): HTMLElement {
  return h("section", { "aria-label": title }, h("h3", {}, title), content);
}

// --- what happened ---

const KINDS: Record<string, string> = {
  acknowledged: "acknowledged",
  unacknowledged: "acknowledgement ended",
  escalated: "escalated",
  silenced: "silenced",
  unsilenced: "silence ended",
};

interface Line {
  at: number;
  what: string;
  more: string;
  kind: string;
}

function timeline(story: Story): HTMLElement {
  const lines = [...story.events.flatMap((event) => lineOf(event, story.told)), ...story.told.filter(toPeople).map(toldLine)].sort((a, b) => b.at - a.at);
  if (!lines.length) return h("p", { class: "muted" }, "Nothing is kept of this alert.");
  return h("ol", { class: "timeline-list" }, ...lines.map((line) => h("li", { "data-kind": line.kind }, h("time", { title: new Date(line.at * 1000).toISOString() }, moment(line.at)), h("div", {}, h("b", {}, line.what), line.more ? h("p", {}, line.more) : null))));
}

/** One event as a line; tellings that the outbox still knows are shown by it, with their result. */
function lineOf(event: Event, told: Telling[]): Line[] {
  const at = seconds(event.at);
  const by = event.who ? ` by ${event.who}` : "";
  if (event.kind === "state") {
    const [before, after] = event.detail.split(" -> ");
    // Its own line tells more of it.
    if (after === "acknowledged" || before === "acknowledged" && after === "firing") return [];
    return [{ at, what: after ?? event.detail, more: event.who ? `by ${event.who}` : "", kind: after ?? "state" }];
  }
  if (event.kind === "told") {
    const oldest = told[0] ? seconds(told[0].at) : Infinity;
    return at >= oldest - 1 ? [] : [{ at, what: "told", more: event.detail, kind: "told" }];
  }
  return [{ at, what: `${KINDS[event.kind] ?? event.kind}${by}`, more: detailOf(event), kind: event.kind }];
}

function detailOf(event: Event): string {
  const found = /^until (\S+): (.*)$/s.exec(event.detail);
  return event.kind === "silenced" && found ? `until ${moment(seconds(found[1]!))}: ${found[2]!}` : event.detail;
}

function toldLine(one: Telling): Line {
  return { at: seconds(one.at), what: `${one.state === "sent" ? "told" : "to tell"} ${whom(one)}`, more: `${reasonOf(one)}, by ${one.channel}: ${result(one)}`, kind: one.state === "sent" ? "told" : "waiting" };
}

// --- who was told ---

function toPeople(one: Telling): boolean {
  return one.receiver !== DIARY;
}

function whom(one: Telling): string {
  // The name of who acknowledged is what is told, not whom.
  return one.people.length && one.reason !== "acknowledged" ? `${one.people.join(", ")} (${one.receiver})` : one.receiver;
}

function reasonOf(one: Telling): string {
  if (one.reason === "acknowledged") return `that ${one.people.join(", ") || "somebody"} took it on`;
  if (one.status === "resolved") return "that it is over";
  return one.reason === "repeat" ? "that it still fires" : one.reason.startsWith("escalation") ? `that it fires, ${one.reason}` : "that it fires";
}

function result(one: Telling): string {
  const tries = one.tries > 1 ? ` after ${one.tries} tries` : "";
  switch (one.state) {
    case "sent":
      return one.doneAt ? `taken ${moment(seconds(one.doneAt))}${tries}` : `taken${tries}`;
    case "open":
      return one.tries ? `not taken yet, try ${one.tries}: ${one.error}` : "on its way";
    case "refused":
      return `refused: ${one.error}`;
    case "muted":
      return "silenced before it was sent";
    case "replaced":
      return "a newer message said it all";
    default:
      return `given up${one.error ? `: ${one.error}` : ""}`;
  }
}

function tellings({ alert, group, story, now }: Scene): HTMLElement {
  const rows = story.told.filter(toPeople).reverse();
  const papers = [...new Set(story.told.filter((one) => !toPeople(one)).map((one) => one.channel))].sort();
  const diary = papers.length ? h("p", { class: "muted" }, `It stands in the keeper's own diary, too (${papers.join(", ")}).`) : null;
  if (!rows.length) return h("div", {}, h("p", { class: "muted" }, nobody(alert, group, now)), diary);
  const list = h(
    "ul",
    { class: "told-list" },
    ...rows.map((one) => {
      const state = one.state === "sent" ? "good" : one.state === "open" && !one.error ? "dim" : one.state === "replaced" || one.state === "muted" ? "dim" : "bad";
      return h("li", { class: state }, h("span", { class: "told-mark", "aria-hidden": "true" }, state === "good" ? "✓" : state === "bad" ? "✕" : "…"), h("div", {}, h("b", {}, whom(one)), ` by ${one.channel} `, h("span", { class: "muted" }, reasonOf(one)), h("p", {}, result(one), one.nextTry && one.state !== "sent" ? " " : null, one.nextTry && one.tries ? until(seconds(one.nextTry), now, "next try in ") : null)), ago(seconds(one.at)));
    }),
  );
  return h("div", {}, list, diary);
}

function nobody(alert: Alert, group: Group | null, now: number): string {
  if (alert.standing === "silenced" || alert.standing === "inhibited" || alert.standing === "muted") return `Nobody: it is ${alert.standing}.`;
  if (group && !group.channels.length) return `Nobody: the receiver ${group.receiver} has no channel. Name one in the file of alerting.`;
  const look = group ? seconds(group.nextLook) - now : 0;
  return look > 0 ? `Nobody yet: its group is looked at in ${duration(look)}.` : "Nobody is known to have been told.";
}

// --- what comes next ---

function escalation(run: Escalation, now: number): HTMLElement {
  const steps = run.steps.map((words, place) => {
    const state = run.done || place < run.step ? "done" : place === run.step ? "next" : "later";
    return h("li", { class: state, "aria-current": state === "next" ? "step" : undefined }, h("span", { class: "step-state" }, state), h("span", {}, words), state === "next" && run.nextAt ? until(seconds(run.nextAt), now) : null);
  });
  const state = run.done ? "All steps were taken." : run.nextAt ? "" : "It stands still: people have taken the alerts on, or something mutes them.";
  const round = run.rounds ? `Round ${run.rounds + 1}. ` : "";
  return h("div", {}, h("p", { class: "muted" }, `Policy ${run.policy}, begun ${moment(seconds(run.startedAt))}. ${round}${state}`), h("ol", { class: "steps" }, ...steps));
}

// --- why and what ---

function facts(alert: Alert, silences: Silence[], now: number): HTMLElement {
  const notes = Object.entries(alert.annotations).filter(([name]) => name !== "summary");
  const muting = silences.filter((one) => alert.status.silencedBy.includes(one.id));
  const taken = alert.acknowledgement;
  const rows: [string, Node | string][] = [];
  if (taken) rows.push(["acknowledged", h("span", {}, `${taken.who}, ${moment(seconds(taken.at))}`, taken.until ? h("span", {}, ", ends ", until(seconds(taken.until), now)) : ", until it is over", taken.note ? `: ${taken.note}` : "")]);
  for (const one of muting) rows.push(["silenced", h("span", {}, `by ${one.createdBy}, ends `, until(seconds(one.endsAt), now), `: ${one.comment}`)]);
  if (alert.status.inhibitedBy.length) rows.push(["inhibited by", alert.status.inhibitedBy.join(", ")]);
  if (alert.status.mutedBy.length) rows.push(["muted by the hours", alert.status.mutedBy.join(", ")]);
  rows.push(...notes.map(([name, value]): [string, Node | string] => [name.replaceAll("_", " "), linked(value)]));
  rows.push(...Object.entries(alert.labels).map(([name, value]): [string, string] => [name, value]), ["began", moment(seconds(alert.startsAt))], ["fingerprint", alert.fingerprint]);
  return h("dl", { class: "alert-facts" }, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** Only http addresses become links: labels and annotations are whatever somebody posted. */
function linked(value: string): Node | string {
  return /^https?:\/\/\S+$/.test(value) ? h("a", { href: value, rel: "noreferrer", target: "_blank" }, value) : value;
}
