// The door: the first user, the login, and one's own account.

import "./login.css";
import "../users/users.css";

import { h } from "../shell/dom";
import { field, form } from "../shell/forms";
import { moment } from "../shell/format";
import type { Context, View } from "../shell/view";
import type { Session } from "../shell/who";
import { tokens } from "../users/tokens";

export const view: View = {
  title: "Login",
  mount(root, _, context) {
    const draw = (): void => root.replaceChildren(...door(context));
    const end = watched(context, draw);
    draw();
    void context.who.ask(context.api).catch(() => undefined);
    return end;
  },
};

/** Draw again only when somebody else is known than before, so that a half-filled form stays. */
function watched(context: Context, draw: () => void): () => void {
  const mark = (): string => JSON.stringify([context.who.session.user, context.who.session.setup, context.who.session.users]);
  let shown = mark();
  return context.who.on(() => {
    if (mark() === shown) return;
    shown = mark();
    draw();
  });
}

function door(context: Context): HTMLElement[] {
  const { session } = context.who;
  if (session.user && session.way === "session") return account(context, session);
  return session.setup ? first(context) : entrance(context);
}

function input(name: string, type: string, complete: string): HTMLElement {
  return h("input", { name, type, required: true, autocomplete: complete, ...(name === "name" ? { autocapitalize: "none", spellcheck: "false" } : {}) });
}

function first(context: Context): HTMLElement[] {
  const fields = [
    field("Setup code", h("input", { name: "code", required: true, autocomplete: "off", class: "mono", autocapitalize: "characters", spellcheck: "false" }), "The keeper's log tells it at each start while there is no user."),
    field("Your name", input("name", "text", "username"), "a-z, 0-9, and . _ @ -"),
    field("Your password", input("password", "password", "new-password"), "At least 10 characters, and not your name. There is no default."),
  ];
  return [
    h("div", { class: "door box" },
      h("h1", {}, "Make the first user"),
      h("p", {}, "Until somebody has a login, everybody on this machine may look and nobody may change anything. The first user is an admin, who can then make others."),
      form("setup", "Make the first user", fields, async (values) => entered(context, await context.api.post<Session>("/api/setup", values))),
      h("p", { class: "muted" }, h("a", { href: "#/" }, "Only look"))),
  ];
}

function entrance(context: Context): HTMLElement[] {
  const fields = [field("Name", input("name", "text", "username")), field("Password", input("password", "password", "current-password"))];
  return [
    h("div", { class: "door box" },
      h("h1", {}, "Log in"),
      form("login", "Log in", fields, async (values) => entered(context, await context.api.post<Session>("/api/login", values)))),
  ];
}

function entered(context: Context, session: Session): void {
  context.who.take(session);
  context.say(`Welcome, ${session.user}. You are ${session.role}.`);
  const next = new URLSearchParams(location.hash.split("?")[1] ?? "").get("next") ?? "";
  context.go(next.startsWith("#/") && !next.startsWith("#/login") ? next : "#/");
}

function account(context: Context, session: Session): HTMLElement[] {
  const out = h("button", { type: "button", id: "logout", class: "button" }, "Log out");
  out.addEventListener("click", () => void left(context));
  const may: Record<string, string> = { read: "look", ingest: "send samples", operate: "silence, acknowledge, edit boards", administer: "manage users and see the trail" };
  const facts = h("dl", { class: "facts" }, ...Object.entries({ "You are": session.role, "You may": session.rights.map((right) => may[right] ?? right).join("; "), "Logged in until": session.ends ? moment(session.ends) : "–" }).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  const own = tokens(context, session.user);
  return [
    h("div", { class: "headline" }, h("h1", {}, session.user), out),
    h("div", { class: "accountpair" }, h("section", { "aria-label": "Your login" }, h("h2", {}, "Your login"), facts), h("section", { "aria-label": "Password" }, h("h2", {}, "Change your password"), password(context))),
    own,
  ];
}

function password(context: Context): HTMLElement {
  const fields = [field("The old one", input("old", "password", "current-password")), field("The new one", input("new", "password", "new-password"), "At least 10 characters. All your other logins end.")];
  const made = form("password", "Change it", fields, async (values) => {
    context.who.take(await context.api.post<Session>("/api/password", values));
    made.reset();
    context.say("Your password is changed; your other logins have ended.");
  });
  made.classList.add("box");
  return made;
}

async function left(context: Context): Promise<void> {
  try {
    await context.api.post("/api/logout");
    const session = await context.who.ask(context.api);
    context.say("You are logged out.");
    context.go(session.rights.includes("read") ? "#/" : "#/login");
  } catch (problem) {
    context.say((problem as Error).message, "bad");
  }
}
