// API tokens: who has which, for what, until when; a new one is told once.

import { since } from "../shell/ages";
import { h } from "../shell/dom";
import { deed, field, form, refusal, twice } from "../shell/forms";
import { moment } from "../shell/format";
import { tablebox } from "../shell/scroll";
import type { Context } from "../shell/view";
import type { Right } from "../shell/who";

interface Token {
  id: string;
  user: string;
  name: string;
  scopes: Right[];
  created: number;
  ends: number | null;
  used: number | null;
}

const SCOPES: Right[] = ["read", "ingest", "operate", "administer"];
const LIVES: [string, string][] = [["30 days", "2592000"], ["1 day", "86400"], ["1 year", "31536000"], ["without end", ""]];
const TITLES = ["name", "of", "may", "made", "last used", "ends", ""];

/** The section of tokens: everybody's for an admin, else one's own. `only` leaves out other people's. */
export function tokens(context: Context, only = ""): HTMLElement {
  const body = h("tbody", {});
  const told = h("div", { class: "told", "aria-live": "polite" });
  const refresh = async (): Promise<void> => {
    try {
      const { tokens: rows } = await context.api.get<{ tokens: Token[] }>("/api/tokens");
      const shown = rows.filter((row) => !only || row.user === only);
      body.replaceChildren(...(shown.length ? shown.map((row) => line(context, row, refresh)) : [h("tr", {}, h("td", { colspan: TITLES.length, class: "muted" }, "No token is kept."))]));
    } catch (problem) {
      context.say(refusal(problem), "bad");
    }
  };
  void refresh();
  const head = h("tr", {}, ...TITLES.map((title) => h("th", { scope: "col" }, title)));
  return h("section", { "aria-label": "API tokens" }, h("h2", {}, "API tokens"), tablebox("API tokens", h("table", { class: "table", id: "tokens" }, h("thead", {}, head), body)), told, maker(context, told, refresh));
}

function line(context: Context, row: Token, changed: () => Promise<void>): HTMLElement {
  const remove = twice(deed(context, "read", "Remove", async () => {
    await context.api.delete(`/api/tokens/${encodeURIComponent(row.id)}`);
    context.say(`The token ${row.name} is removed.`);
    await changed();
  }, "danger"), "Remove it for good?");
  const scopes = row.scopes.map((scope) => h("span", { class: "tag" }, scope));
  return h("tr", {}, h("td", {}, row.name), h("td", {}, row.user), h("td", {}, ...scopes), h("td", {}, moment(row.created)), h("td", {}, row.used ? since(row.used, "", " ago") : "never"), h("td", {}, row.ends ? moment(row.ends) : "never"), h("td", { class: "number" }, remove));
}

function maker(context: Context, told: HTMLElement, changed: () => Promise<void>): HTMLElement {
  const boxes = SCOPES.filter((scope) => context.who.may(scope)).map((scope) => h("label", { class: "check" }, h("input", { type: "checkbox", name: "scopes", value: scope, checked: scope === "read" }), scope));
  const life = h("select", { name: "life" }, ...LIVES.map(([words, seconds]) => h("option", { value: seconds }, words)));
  const fields = [field("Name", h("input", { name: "name", required: true, autocomplete: "off" })), h("fieldset", { class: "checks" }, h("legend", {}, "May"), ...boxes), field("Ends after", life)];
  const made = form("newtoken", "Make a token", fields, async (values) => {
    const scopes = new FormData(made).getAll("scopes");
    const { token } = await context.api.post<{ token: string }>("/api/tokens", { name: values["name"], scopes, expires_in: values["life"] ? Number(values["life"]) : null });
    told.replaceChildren(h("p", { class: "box" }, "Copy it now; it is told this once: ", h("code", { class: "mono secret" }, token)));
    made.reset();
    await changed();
  });
  made.classList.add("box", "row");
  return made;
}
