// The silences that are kept: what each mutes, until when, by whom, why.

import { h, list } from "../shell/dom";
import { duration, moment } from "../shell/format";
import { act } from "./groups";
import { until } from "./lengths";
import { written } from "./matchers";
import { type Alert, seconds, type Silence } from "./model";

export interface SilenceDeeds {
  edit(silence: Silence): void;
  expire(silence: Silence): void;
  why(): string;
}

const MOST_ENDED = 20;

export function drawSilences(holder: HTMLElement, silences: Silence[], alerts: Alert[], ended: boolean, deeds: SilenceDeeds, now: number): void {
  const lasting = silences.filter((one) => one.status.state !== "expired");
  const old = silences.filter((one) => one.status.state === "expired").slice(0, MOST_ENDED);
  const shown = [...lasting, ...(ended ? old : [])];
  holder.dataset["empty"] = shown.length ? "" : ended ? "No silence is kept." : "No silence holds.";
  const rows = shown.map((silence) => ({ ...silence, mutes: alerts.filter((one) => one.status.silencedBy.includes(silence.id)).length, why: deeds.why() }));
  list(holder, rows, (row) => row.id, (row) => line(row, row.mutes, row.why, deeds, now));
}

function line(silence: Silence, mutes: number, why: string, deeds: SilenceDeeds, now: number): HTMLElement {
  const state = silence.status.state;
  const [starts, ends] = [seconds(silence.startsAt), seconds(silence.endsAt)];
  const time = state === "active" ? h("span", {}, "ends ", until(ends, now)) : state === "pending" ? h("span", {}, "begins ", until(starts, now)) : h("span", {}, `ended ${moment(ends)} after ${duration(ends - starts)}`);
  const named = silence.matchers.map(written).join(", ");
  const edit = act(state === "expired" ? "Renew" : "Edit", `edit-${silence.id}`, why, () => deeds.edit(silence), ` the silence of ${named}`);
  const expire = act("Expire", `expire-${silence.id}`, why, () => deeds.expire(silence), ` the silence of ${named}`);
  return h(
    "li",
    { class: `silence ${state}`, "data-state": state },
    h("span", { class: "silence-state" }, state),
    h("div", { class: "silence-words" }, h("span", { class: "pairs" }, ...silence.matchers.map((one) => h("code", { class: "pair" }, written(one)))), h("p", {}, silence.comment), h("p", { class: "muted" }, `${silence.createdBy || "somebody"}, ${state === "active" ? `mutes ${mutes} ${mutes === 1 ? "alert" : "alerts"} now, ` : ""}`, time)),
    h("span", { class: "acts" }, edit, state === "expired" ? null : expire),
  );
}
