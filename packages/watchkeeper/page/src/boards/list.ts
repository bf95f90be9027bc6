// All boards; new ones are made, copied and brought from files here.

import { button } from "../explore/parts";
import { h } from "../shell/dom";
import { moment } from "../shell/format";
import { tablebox } from "../shell/scroll";
import type { Context } from "../shell/view";
import { attempt, brought, copied } from "./desk";
import type { Board, BoardRow } from "./model";

export function list(root: HTMLElement, context: Context): void {
  const holder = h("div");
  const why = context.who.why("operate");
  const allowed = { disabled: why !== "", title: why || undefined };
  const fresh = button("New board", () => context.go("#/boards/new"), { class: "main", ...allowed });
  root.append(h("h1", {}, "Boards"), h("div", { class: "group" }, fresh, bring(context, why), why ? h("small", { class: "hint" }, why) : null), holder);
  void attempt(context, async () => {
    const { boards } = await context.api.get<{ boards: BoardRow[] }>("/api/boards");
    const heads = [..."board widgets tags by changed".split(" ").map((name) => h("th", { scope: "col" }, name)), h("th", { scope: "col" }, h("span", { class: "unseen" }, "deeds"))];
    holder.replaceChildren(tablebox("Boards", h("table", { class: "table boards-table" }, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...boards.map((board) => row(board, context, allowed))))));
  });
}

function row(board: BoardRow, context: Context, allowed: Record<string, string | boolean | undefined>): HTMLElement {
  const copy = button("Duplicate", () => void attempt(context, () => copied(context, board.id)).then(opened(context)), { class: "quiet", "aria-label": `Duplicate ${board.title}`, ...allowed });
  const fixed = board.fixed ? h("span", { class: "tag" }, "comes with the keeper") : null;
  return h(
    "tr",
    { "data-id": board.id },
    h("td", {}, h("a", { href: `#/boards/${board.id}` }, board.title), " ", fixed),
    h("td", {}, String(board.widgets)),
    h("td", {}, ...board.tags.map((tag) => h("span", { class: "tag" }, tag))),
    h("td", {}, board.fixed ? "" : board.author || "nobody known"),
    h("td", {}, board.fixed ? "" : moment(board.changed)),
    h("td", {}, copy),
  );
}

function opened(context: Context): (board: Board | null) => void {
  return (board) => board && context.go(`#/boards/${board.id}`);
}

/** The button that brings a file. */
function bring(context: Context, why: string): HTMLElement {
  const input = h("input", { type: "file", accept: ".yaml,.yml", class: "unseen", "aria-label": "Import a board from YAML", disabled: why !== "" }) as HTMLInputElement;
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) void attempt(context, async () => brought(context, await file.text())).then(opened(context));
    input.value = "";
  });
  return h("label", { class: `button bring${why ? " off" : ""}`, title: why || undefined }, "Import YAML", input);
}
