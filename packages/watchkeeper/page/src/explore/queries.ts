// The list of queries: each with its line, its error in the engine's words, and how to take it away.

import { h, text } from "../shell/dom";
import type { Catalogue } from "./catalogue";
import type { Outcome } from "./curves";
import { button } from "./parts";
import { Prompt, remember } from "./prompt";
import { MOST_QUERIES } from "./state";

interface Row {
  box: HTMLElement;
  prompt: Prompt;
  said: HTMLElement;
}

export class Queries {
  readonly box: HTMLElement;
  private readonly holder = h("div", { class: "query-list" });
  private readonly more = button("Add a query", () => this.add(""), { class: "quiet" });
  private rows: Row[] = [];

  constructor(private readonly catalogue: Catalogue, private readonly entered: (queries: string[]) => void) {
    const run = button("Run", () => this.enter(), { class: "main" });
    this.box = h("section", { class: "queries", "aria-label": "Queries" }, this.holder, h("div", { class: "group" }, run, this.more, h("small", { class: "hint" }, "Enter runs, Shift+Enter breaks the line, Ctrl+Space offers names")));
  }

  show(queries: string[]): void {
    if (this.rows.length === queries.length && this.rows.every((row, place) => row.prompt.query === queries[place])) return;
    this.rows.forEach((row) => row.box.remove());
    this.rows = [];
    for (const query of queries) this.add(query, false);
  }

  tell(outcomes: Outcome[]): void {
    this.rows.forEach((row, place) => {
      const found = outcomes[place];
      const words = found?.error || (found && this.rows[place]!.prompt.query ? [`${found.found} series`, ...found.notes].join(" · ") : "");
      text(row.said, words);
      row.said.classList.toggle("error", Boolean(found?.error));
      row.prompt.input.setAttribute("aria-invalid", String(Boolean(found?.error)));
    });
  }

  focus(): void {
    this.rows.at(-1)?.prompt.input.focus();
  }

  private add(query: string, focus = true): void {
    const prompt = new Prompt(this.catalogue, `Query ${this.rows.length + 1}`, () => this.enter());
    const said = h("output", { class: "verdict" });
    const past = button("History", () => void prompt.past(), { class: "quiet", "aria-label": "History of queries" });
    const away = button("×", () => this.remove(row), { class: "quiet", "aria-label": "Remove the query" });
    const row: Row = { box: h("div", { class: "query" }, prompt.box, past, away, said), prompt, said };
    prompt.query = query;
    this.rows.push(row);
    this.holder.append(row.box);
    this.more.disabled = this.rows.length >= MOST_QUERIES;
    if (focus) prompt.input.focus();
  }

  private remove(row: Row): void {
    row.box.remove();
    this.rows = this.rows.filter((one) => one !== row);
    if (!this.rows.length) this.add("");
    this.enter();
  }

  private enter(): void {
    const queries = this.rows.map((row) => row.prompt.query);
    queries.filter(Boolean).forEach(remember);
    this.entered(queries);
  }
}
