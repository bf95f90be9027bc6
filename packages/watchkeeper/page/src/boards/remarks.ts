// Annotations of the time that a board shows: listed, added, removed.

import { button } from "../explore/parts";
import { ApiError } from "../shell/api";
import { h, text } from "../shell/dom";
import { moment } from "../shell/format";
import type { Context } from "../shell/view";
import type { Time } from "./faces";
import type { Annotation } from "./model";

const AHEAD = 5;

export class Remarks {
  readonly box: HTMLElement;
  rows: Annotation[] = [];
  private readonly list = h("ul", { class: "remarks" });
  private readonly title = h("summary", {}, "Annotations");

  constructor(private readonly context: Context, private readonly changed: () => void) {
    this.box = h("details", { class: "remarks-box" }, this.title, this.list, this.form());
  }

  async ask({ start, end }: Time): Promise<void> {
    // What was written a moment ago may be ahead of the time that the page believes in.
    const asked = new URLSearchParams({ start: start.toFixed(3), end: (end + AHEAD).toFixed(3), limit: "100" });
    const told = await this.context.api.get<{ annotations: Annotation[] }>(`/api/annotations?${asked.toString()}`);
    this.rows = told.annotations;
    text(this.title, `Annotations (${this.rows.length})`);
    const mark = JSON.stringify(this.rows);
    if (mark === this.list.dataset["mark"]) return;
    this.list.dataset["mark"] = mark;
    this.list.replaceChildren(...this.rows.map((row) => this.row(row)));
  }

  private row(row: Annotation): HTMLElement {
    const who = [row.bot, row.author].filter(Boolean).join(", by ");
    const away = button("Remove", () => void this.remove(row), this.allowed({ class: "quiet" }));
    return h("li", {}, h("time", {}, moment(row.at) + (row.until ? ` to ${moment(row.until)}` : "")), h("span", {}, row.text), h("small", {}, who), away);
  }

  private form(): HTMLElement {
    const said = h("input", { class: "input", maxlength: 2000, required: true, placeholder: "What happened now, such as: deployed 1.4", "aria-label": "Annotation" }) as HTMLInputElement;
    const add = h("button", { type: "submit", class: "button", ...this.allowed({}) }, "Annotate now");
    const form = h("form", { class: "group annotate" }, said, add);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.write(() => this.context.api.post("/api/annotations", { text: said.value })).then((done) => done && (said.value = ""));
    });
    return form;
  }

  private remove(row: Annotation): Promise<boolean> {
    return this.write(() => this.context.api.delete(`/api/annotations/${row.id}`));
  }

  private async write(deed: () => Promise<unknown>): Promise<boolean> {
    try {
      await deed();
      this.changed();
      return true;
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      this.context.say(problem.message, "bad");
      return false;
    }
  }

  private allowed(attributes: Record<string, string>) {
    const why = this.context.who.why("operate");
    return { ...attributes, disabled: why !== "", title: why || undefined };
  }
}
