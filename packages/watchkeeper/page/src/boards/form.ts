// The form of one widget, with a preview that follows what is written.

import { UNITS } from "../charts/units";
import { Catalogue } from "../explore/catalogue";
import { button, choice } from "../explore/parts";
import { Prompt } from "../explore/prompt";
import { h } from "../shell/dom";
import type { Context } from "../shell/view";
import { Frame } from "./frame";
import type { Time, Tools } from "./faces";
import { KINDS, placeOf, type Kind, type Query, type Widget } from "./model";

const MOST_QUERIES = 10;

interface Line {
  box: HTMLElement;
  prompt: Prompt;
  legend: HTMLInputElement;
}

export class Form {
  private readonly dialog: HTMLDialogElement;
  private readonly fields = h("div", { class: "form-fields" });
  private readonly preview = h("div", { class: "form-preview", "aria-label": "Preview", role: "group" });
  private readonly catalogue: Catalogue;
  private lines: Line[] = [];
  private shown: Frame | null = null;

  /** done gets the widget as it was written; it is not called where the form is left. */
  constructor(private widget: Widget, private readonly context: Context, private readonly time: () => Time, private readonly done: (widget: Widget) => void) {
    this.catalogue = new Catalogue(context.api);
    const apply = button("Apply", () => this.apply(), { class: "main" });
    const foot = h("div", { class: "group" }, apply, button("Preview", () => this.look()), button("Cancel", () => this.dialog.close(), { class: "quiet" }));
    this.dialog = h("dialog", { class: "form", "aria-label": "Widget" }, h("h2", {}, "Widget"), this.fields, this.preview, foot) as HTMLDialogElement;
    this.dialog.addEventListener("close", () => this.end());
    this.fields.addEventListener("change", () => this.look());
  }

  open(): void {
    document.body.append(this.dialog);
    this.build();
    this.dialog.showModal();
    this.look();
  }

  private build(): void {
    const { widget } = this;
    const change = (part: Partial<Widget>, again = false): void => {
      this.widget = { ...this.written(), ...part };
      if (again) this.build();
    };
    const title = field("Title", widget.title ?? "", (value) => change({ title: value }));
    const kind = choice("Kind", KINDS, widget.kind, (value) => change({ kind: value as Kind }, true));
    const row = h("div", { class: "controls" }, kind, title, ...this.looks(change));
    this.lines = [];
    this.fields.replaceChildren(row, ...this.inside(change));
  }

  /** Unit and scale, where numbers are shown. */
  private looks(change: (part: Partial<Widget>) => void): HTMLElement[] {
    const { kind, unit = "none", scale = "linear" } = this.widget;
    if (kind === "text" || kind === "flame") return [];
    const units = choice("Unit", UNITS.map(([value, name]): [string, string] => [name, value]), unit, (value) => change({ unit: value as NonNullable<Widget["unit"]> }));
    const scales = choice("Scale", [["linear", "linear"], ["logarithmic", "log"]], scale, (value) => change({ scale: value as "linear" | "log" }));
    return kind === "series" ? [units, scales] : [units];
  }

  private inside(change: (part: Partial<Widget>) => void): HTMLElement[] {
    const { kind, text = "", bot = "", queries = [] } = this.widget;
    if (kind === "text") return [area(text, (value) => change({ text: value }))];
    if (kind === "flame") {
      const bots = (this.context.live.overview?.bots ?? []).map((one) => one.name);
      const rows = [...new Set([...bots, ...(bot ? [bot] : [])])].map((name): [string, string] => [name, name]);
      return [choice("Bot", [["the first one", ""], ...rows], bot, (value) => change({ bot: value }))];
    }
    const list = h("div", { class: "query-list" });
    for (const query of queries.length ? queries : [{ expr: "" }]) this.line(list, query);
    return [list, button("Add a query", () => this.line(list, { expr: "" }), { class: "quiet" })];
  }

  private line(list: HTMLElement, query: Query): void {
    if (this.lines.length >= MOST_QUERIES) return;
    const number = this.lines.length + 1;
    const prompt = new Prompt(this.catalogue, `Query ${number}`, () => this.look());
    prompt.query = query.expr;
    const legend = h("input", { class: "input", value: query.legend ?? "", placeholder: "legend, such as {stage}", "aria-label": `Legend ${number}` }) as HTMLInputElement;
    const away = button("×", () => this.without(line), { class: "quiet", "aria-label": `Remove query ${number}` });
    const line: Line = { box: h("div", { class: "query with-legend" }, prompt.box, legend, away), prompt, legend };
    this.lines.push(line);
    list.append(line.box);
  }

  private without(line: Line): void {
    line.box.remove();
    this.lines = this.lines.filter((one) => one !== line);
    this.look();
  }

  /** The widget as the fields tell it; what its kind does not have is left out. */
  private written(): Widget {
    const { kind, title = "", unit = "none", scale = "linear", text = "", bot = "" } = this.widget;
    const shared: Widget = { kind, title, place: placeOf(this.widget) };
    if (kind === "text") return { ...shared, text };
    if (kind === "flame") return { ...shared, bot };
    const typed = this.lines.map((line) => ({ expr: line.prompt.query, legend: line.legend.value.trim() })).filter((query) => query.expr);
    const queries = this.lines.length ? typed : (this.widget.queries ?? []);
    return { ...shared, unit, queries, ...(kind === "series" ? { scale } : {}) };
  }

  private look(): void {
    const tools: Tools = { api: this.context.api, zoomed: () => undefined };
    this.shown?.end();
    this.shown = new Frame(this.written(), tools);
    this.preview.replaceChildren(this.shown.box);
    void this.shown.update(this.time(), []);
  }

  private apply(): void {
    this.done(this.written());
    this.dialog.close();
  }

  private end(): void {
    this.shown?.end();
    this.dialog.remove();
  }
}

function field(name: string, value: string, changed: (value: string) => void): HTMLElement {
  const input = h("input", { class: "input", value, maxlength: 200, "aria-label": name }) as HTMLInputElement;
  input.addEventListener("change", () => changed(input.value));
  return h("label", { class: "choice grow" }, h("span", {}, name), input);
}

function area(value: string, changed: (value: string) => void): HTMLElement {
  const input = h("textarea", { class: "input", rows: 8, maxlength: 20_000, "aria-label": "Text" }) as HTMLTextAreaElement;
  input.value = value;
  input.addEventListener("change", () => changed(input.value));
  return h("label", { class: "choice" }, h("span", {}, "Text in Markdown"), input);
}
