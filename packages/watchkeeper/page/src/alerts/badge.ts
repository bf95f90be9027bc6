// How many alerts wait for somebody, for the shell's bar.

import "./badge.css";

import { h, set, text } from "../shell/dom";
import type { Context } from "../shell/view";
import type { Counts } from "./model";

const EVERY = 10_000;

/** A badge that counts by itself until it is taken off the page; hidden while nothing is open. */
export function badge(context: Context): HTMLElement {
  const shown = h("span", { class: "badge", hidden: true });
  let placed = false;
  let asking = false;

  const ask = async (): Promise<void> => {
    if (asking || document.hidden || !context.who.may("read")) return;
    asking = true;
    try {
      show(shown, (await context.api.get<Counts>("/api/v2/alerting/counts")).open);
    } catch {
      set(shown, "hidden", true); // a number that may be wrong is worse than none
    } finally {
      asking = false;
    }
  };
  const tick = (): void => {
    placed ||= shown.isConnected;
    if (placed && !shown.isConnected) end();
    else void ask();
  };
  const timer = window.setInterval(tick, EVERY);
  // The bar takes the badge in after this returns.
  const unheard = context.live.on("alerts", () => queueMicrotask(tick));
  const end = (): void => {
    window.clearInterval(timer);
    unheard();
  };
  void ask();
  return shown;
}

function show(badge: HTMLElement, open: number): void {
  set(badge, "hidden", open === 0);
  text(badge, open > 99 ? "99+" : String(open));
  set(badge, "aria-label", `${open} open ${open === 1 ? "alert" : "alerts"}`);
  set(badge, "title", `${open} open ${open === 1 ? "alert" : "alerts"}: nobody has taken them on`);
}
