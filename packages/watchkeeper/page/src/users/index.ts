// People: who may do what, tokens of programs, and the trail of what was done.

import "../login/login.css";
import "./users.css";

import { h } from "../shell/dom";
import { deed, field, form, refusal, twice } from "../shell/forms";
import { moment } from "../shell/format";
import { tablebox } from "../shell/scroll";
import type { Context, View } from "../shell/view";
import { tokens } from "./tokens";
import { trail } from "./trail";

interface User {
  name: string;
  role: string;
  disabled: boolean;
  created: number;
  changed: number;
}

const ROLES = ["viewer", "operator", "admin"];
const TITLES = ["name", "role", "state", "made", ""];

export const view: View = {
  title: "Users",
  mount(root, _, context) {
    const why = context.who.why("administer");
    if (why) root.append(h("h1", {}, "Users"), h("p", { class: "empty-box" }, `${why}.`));
    else root.append(h("h1", {}, "Users"), people(context), tokens(context), trail(context));
    return () => undefined;
  },
};

function people(context: Context): HTMLElement {
  const body = h("tbody", {});
  const refresh = async (): Promise<void> => {
    try {
      const { users } = await context.api.get<{ users: User[] }>("/api/users");
      body.replaceChildren(...users.map((user) => line(context, user, refresh)));
    } catch (problem) {
      context.say(refusal(problem), "bad");
    }
  };
  void refresh();
  const head = h("tr", {}, ...TITLES.map((title) => h("th", { scope: "col" }, title)));
  return h("section", { "aria-label": "Users" }, tablebox("Users", h("table", { class: "table", id: "people" }, h("thead", {}, head), body)), maker(context, refresh));
}

function line(context: Context, user: User, changed: () => Promise<void>): HTMLElement {
  const path = `/api/users/${encodeURIComponent(user.name)}`;
  const change = async (what: object, words: string): Promise<void> => {
    try {
      await context.api.patch(path, what);
      context.say(words);
    } finally {
      await changed(); // what was refused is shown as it is again
    }
  };
  const role = h("select", { class: "input", "aria-label": `Role of ${user.name}` }, ...ROLES.map((name) => h("option", { selected: name === user.role }, name))) as HTMLSelectElement;
  role.addEventListener("change", () => change({ role: role.value }, `${user.name} is ${role.value} now.`).catch((problem: unknown) => context.say(refusal(problem), "bad")));
  const toggle = deed(context, "administer", user.disabled ? "Enable" : "Disable", () => change({ disabled: !user.disabled }, `${user.name} ${user.disabled ? "may log in again" : "cannot log in any more"}.`));
  const remove = twice(deed(context, "administer", "Remove", async () => {
    await context.api.delete(path);
    context.say(`${user.name} is removed.`);
    await changed();
  }, "danger"), "Remove for good?");
  return h("tr", { "data-user": user.name }, h("td", {}, h("b", {}, user.name)), h("td", {}, role), h("td", {}, user.disabled ? "disabled" : "may log in"), h("td", {}, moment(user.created)), h("td", { class: "number deeds" }, toggle, " ", remove));
}

function maker(context: Context, changed: () => Promise<void>): HTMLElement {
  const role = h("select", { name: "role" }, ...ROLES.map((name) => h("option", {}, name)));
  const fields = [field("Name", h("input", { name: "name", required: true, autocomplete: "off", autocapitalize: "none" })), field("Role", role), field("Password", h("input", { name: "password", type: "password", required: true, autocomplete: "new-password" }), "At least 10 characters; they can change it.")];
  const made = form("newuser", "Make a user", fields, async (values) => {
    await context.api.post("/api/users", values);
    context.say(`${values["name"]} can log in now.`);
    made.reset();
    await changed();
  });
  made.classList.add("box", "row");
  return made;
}
