// What stands around every view: where one can go, whether the keeper answers, who looks.

import { renew } from "./ages";
import { h, set, text } from "./dom";
import { moment } from "./format";
import { icon } from "./status";
import { themeButton } from "./theme";
import type { Context } from "./view";
import type { Right } from "./who";

const ROOMS: { route: string; title: string; right?: Right }[] = [
  { route: "overview", title: "Overview" },
  { route: "alerts", title: "Alerts" },
  { route: "explore", title: "Explore" },
  { route: "boards", title: "Boards" },
  { route: "profiles", title: "Profiles" },
  { route: "keeper", title: "Keeper" },
  { route: "users", title: "Users", right: "administer" },
];
/** A saying stays this long, in ms; a bad one until it is closed by the next. */
const SAID = 6000;
const BADGES = import.meta.glob<{ badge: (context: Context) => HTMLElement }>("../alerts/badge.ts");

export class Frame {
  readonly main = h("main", { id: "main", tabindex: -1 });
  private readonly rooms = h("nav", { id: "rooms", class: "rooms", "aria-label": "Pages" });
  private readonly link = h("span", { id: "link", class: "link", role: "status" }, "connecting");
  private readonly visitor = h("span", { id: "visitor", class: "visitor" });
  private readonly lost = h("p", { id: "lost", class: "lost-keeper", role: "alert", hidden: true });
  private readonly said = h("div", { id: "said", class: "said", role: "status", "aria-live": "polite" });
  private title = "";
  private saying = 0;

  constructor(private readonly context: () => Context) {
    const skip = h("button", { type: "button", class: "skip" }, "Skip to the content");
    skip.addEventListener("click", () => this.main.focus());
    const tools = h("div", { class: "tools" }, this.link, themeButton(), this.visitor);
    const bar = h("header", { class: "bar" }, h("a", { class: "mark", href: "#/" }, "Watchkeeper"), this.rooms, tools);
    document.body.prepend(skip, bar, this.lost, this.main, this.said);
  }

  /** Follow the stream and the visitor; called once everything is there. */
  follow(): void {
    const { live, who } = this.context();
    live.on("overall", () => this.state());
    live.onLink(() => this.state());
    who.on(() => this.drawVisitor());
    this.drawRooms();
    this.drawVisitor();
    setInterval(() => renew(live.now()), 1000);
    // Fresh elements show their age at once, not at the next second.
    new MutationObserver(() => renew(live.now())).observe(this.main, { childList: true, subtree: true });
  }

  moved(route: string, title: string): void {
    this.title = title;
    const room = route === "bot" ? "overview" : route;
    for (const link of this.rooms.querySelectorAll("a")) set(link, "aria-current", link.dataset["route"] === room ? "page" : undefined);
    this.rooms.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.state();
  }

  say(words: string, kind: "good" | "bad" = "good"): void {
    window.clearTimeout(this.saying);
    const close = h("button", { type: "button", class: "button quiet", "aria-label": "Close this message" }, "✕");
    close.addEventListener("click", () => this.said.replaceChildren());
    this.said.replaceChildren(h("div", { class: `saying ${kind}` }, h("p", {}, words), close));
    if (kind === "good") this.saying = window.setTimeout(() => this.said.replaceChildren(), SAID);
  }

  /** The tab's title and icon; a page that hears nothing from the keeper does not know its state. */
  private state(): void {
    const { live } = this.context();
    const alive = live.state === "connected";
    const status = alive ? (live.overview?.overall.status ?? "unknown") : "unknown";
    set(this.link, "data-alive", String(alive));
    text(this.link, alive ? "live" : "no answer");
    document.body.classList.toggle("lost", !alive);
    const asked = live.overview !== null && !alive;
    set(this.lost, "hidden", !asked);
    if (asked) text(this.lost, `The keeper does not answer since ${moment(live.stateSince)}. What is shown was true then; this page comes back by itself.`);
    set(document.getElementById("icon")!, "href", icon(status));
    document.title = `${status} – ${this.title ? `${this.title} – ` : ""}Watchkeeper`;
  }

  private drawRooms(): void {
    const { who } = this.context();
    const shown = ROOMS.filter((room) => !room.right || who.may(room.right));
    const now = this.rooms.querySelector<HTMLElement>("[aria-current]")?.dataset["route"];
    this.rooms.replaceChildren(
      ...shown.map(({ route, title }) => h("a", { href: route === "overview" ? "#/" : `#/${route}`, "data-route": route, "aria-current": route === now ? "page" : undefined }, title)),
    );
    for (const load of Object.values(BADGES)) {
      void load().then(({ badge }) => this.rooms.querySelector('[data-route="alerts"]')?.append(badge(this.context())));
    }
  }

  private drawVisitor(): void {
    const { who } = this.context();
    const admin = this.rooms.querySelector('[data-route="users"]') !== null;
    if (admin !== who.may("administer")) this.drawRooms();
    const { user, role, setup } = who.session;
    if (user && who.session.way === "session") {
      this.visitor.replaceChildren(h("a", { class: "me", href: "#/login", title: "Your login" }, user, h("small", {}, role)));
    } else {
      this.visitor.replaceChildren(h("a", { class: "me", href: "#/login" }, setup ? "Set up logins" : "Log in"));
    }
  }
}
