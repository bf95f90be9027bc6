// The stress breaker: whether the keeper sheds work, why, and the button that closes it.

import { since } from "../shell/ages";
import { h } from "../shell/dom";
import { deed, twice } from "../shell/forms";
import { amount } from "../shell/format";
import { shape } from "../shell/status";
import type { Context } from "../shell/view";

interface Guard {
  enabled: boolean;
  state: "closed" | "open" | "locked";
  since: number;
  reason: string;
  attempts: number;
  next_try: number | null;
  trips: number;
  cpu_percent: number;
  memory_percent: number;
  stalled_percent: number;
}

const STATES = { closed: "healthy", open: "degraded", locked: "unhealthy" } as const;
const MEANING = {
  closed: "Closed: everything runs.",
  open: "Open: half of the scrapes are left out and costly questions are refused until the machine recovers. Alerts go on.",
  locked: "Locked: it recovered and tripped too often. A person has to close it.",
} as const;

export async function breaker(holder: HTMLElement, context: Context): Promise<void> {
  const guard = await context.api.get<Guard>("/api/v2/guard");
  const mark = JSON.stringify([guard.enabled, guard.state, guard.since, guard.reason, context.who.role]);
  if (holder.dataset["mark"] !== mark) {
    holder.dataset["mark"] = mark;
    holder.replaceChildren(...drawn(holder, context, guard));
  }
  const pressure = holder.querySelector(".pressure");
  if (pressure) pressure.textContent = `The machine: processor ${share(guard.cpu_percent)}, memory ${share(guard.memory_percent)}, waiting for memory ${share(guard.stalled_percent)}. Tripped ${guard.trips} ${guard.trips === 1 ? "time" : "times"} since the start.`;
}

function drawn(holder: HTMLElement, context: Context, guard: Guard): HTMLElement[] {
  if (!guard.enabled) return [h("p", {}, "The breaker is switched off in keeper.yaml (guard.enabled).")];
  const reset = twice(deed(context, "operate", "Close it now", async () => {
    await context.api.post("/api/v2/guard/reset", { who: context.who.name });
    context.say("The breaker is closed.");
    await breaker(holder, context);
  }), "Close it under load?");
  return [
    h("p", { class: "breakerstate", "data-status": STATES[guard.state] }, shape(STATES[guard.state]), h("b", {}, guard.state), since(guard.since), guard.reason ? h("span", { class: "muted" }, guard.reason) : null),
    h("p", {}, MEANING[guard.state]),
    h("p", { class: "pressure muted" }),
    ...(guard.state === "closed" ? [] : [h("p", {}, reset)]),
  ];
}

function share(percent: number): string {
  return amount(percent / 100, "ratio");
}
