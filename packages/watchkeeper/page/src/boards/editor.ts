// A board while it is edited: a draft that is saved at one stroke, at the version that was read.

import { button, choice, including } from "../explore/parts";
import { lengthOf, RANGES } from "../explore/state";
import { ApiError } from "../shell/api";
import { h } from "../shell/dom";
import type { Context } from "../shell/view";
import { added, attempt, fetched, replaced } from "./desk";
import type { Time } from "./faces";
import { Form } from "./form";
import { arranged, bottom } from "./grid";
import { nameOf, placeOf, type Board, type Content, type Place, type Widget } from "./model";
import { mover, resizer, type Put } from "./pads";
import type { Wall } from "./wall";

/** What is edited; a board that was never saved has the id `new`. */
export interface Draft {
  id: string;
  version: number;
  content: Content;
}

export interface Home {
  context: Context;
  wall: Wall;
  time(): Time;
  /** Show the answers again. */
  ask(): void;
  saved(board: Board): void;
  left(): void;
}

export class Editor {
  readonly box: HTMLElement;
  private readonly conflict = h("div", { class: "conflict", role: "alert" });
  private dirty = false;
  /** The widgets as they were when the present drag began. */
  private before: { drag: object; widgets: Widget[] } | null = null;

  constructor(private readonly draft: Draft, private readonly home: Home) {
    const tools = h("div", { class: "group" }, button("Add a widget", () => this.add(), {}), button("Save", () => void this.save(), { class: "main" }), button("Discard", () => this.discard(), { class: "quiet" }));
    this.box = h("section", { class: "editor", "aria-label": "Edit the board" }, this.about(), tools, this.conflict);
    window.addEventListener("beforeunload", this.warn);
  }

  get changed(): boolean {
    return this.dirty;
  }

  show(): void {
    const { wall } = this.home;
    wall.show(this.widgets);
    wall.box.classList.add("editing");
    wall.frames.forEach((frame, row) => frame.head.append(...this.handles(row)));
    this.home.ask();
  }

  end(): void {
    window.removeEventListener("beforeunload", this.warn);
    this.home.wall.box.classList.remove("editing");
  }

  private get widgets(): Widget[] {
    return this.draft.content.widgets ?? [];
  }

  private readonly warn = (event: BeforeUnloadEvent): void => {
    if (this.dirty) event.preventDefault();
  };

  private set(part: Partial<Content>): void {
    this.draft.content = { ...this.draft.content, ...part };
    this.dirty = true;
  }

  private about(): HTMLElement {
    const { content } = this.draft;
    const line = (name: string, value: string, changed: (value: string) => void): HTMLElement => {
      const input = h("input", { class: "input", value, "aria-label": name }) as HTMLInputElement;
      input.addEventListener("input", () => changed(input.value));
      return h("label", { class: "choice grow" }, h("span", {}, name), input);
    };
    const tags = (value: string): void => this.set({ tags: value.split(",").map((tag) => tag.trim()).filter(Boolean) });
    return h("div", { class: "controls" }, line("Board's title", content.title, (title) => this.set({ title })), line("Description", content.description ?? "", (description) => this.set({ description })), line("Tags, by commas", (content.tags ?? []).join(", "), tags), ...this.paces());
  }

  /** How much time is shown at first, and how often it is asked again. */
  private paces(): HTMLElement[] {
    const { range = 3600, refresh = 5 } = this.draft.content;
    const shown = choice("Time shown", including(RANGES, range, lengthOf), range, (value) => this.set({ range: Number(value) }));
    const paces: [string, number][] = [["5 s", 5], ["10 s", 10], ["30 s", 30], ["1 min", 60], ["5 min", 300]];
    return [shown, choice("Asked every", including(paces, refresh, lengthOf), refresh, (value) => this.set({ refresh: Number(value) }))];
  }

  private handles(row: number): HTMLElement[] {
    const { wall } = this.home;
    const widget = (): Widget => this.widgets[row]!;
    const name = nameOf(widget());
    const put: Put = (place, drag) => this.put(row, place, drag);
    wall.frames[row]!.box.append(resizer(name, wall.box, widget, put));
    const edit = button("Edit", () => this.edit(row), { class: "quiet", "aria-label": `Edit ${name}` });
    const copy = button("Copy", () => this.insert({ ...widget() }), { class: "quiet", "aria-label": `Copy ${name}` });
    const away = button("×", () => this.remove(row), { class: "quiet", "aria-label": `Remove ${name}` });
    return [h("span", { class: "group widget-tools" }, edit, copy, away), mover(name, wall.box, widget, put)];
  }

  private put(row: number, place: Place, drag?: object): void {
    if (!drag || drag !== this.before?.drag) this.before = { drag: drag ?? {}, widgets: this.widgets };
    const now = placeOf(this.widgets[row]!);
    if (now.x === place.x && now.y === place.y && now.w === place.w && now.h === place.h) return;
    this.set({ widgets: arranged(this.before.widgets, row, place) });
    this.home.wall.place(this.widgets);
  }

  private edit(row: number): void {
    new Form(this.widgets[row]!, this.home.context, () => this.home.time(), (written) => {
      this.set({ widgets: this.widgets.map((widget, place) => (place === row ? { ...written, place: placeOf(widget) } : widget)) });
      this.show();
    }).open();
  }

  private add(): void {
    new Form({ kind: "series", queries: [] }, this.home.context, () => this.home.time(), (written) => this.insert(written)).open();
  }

  /** Put a widget below all others. */
  private insert(widget: Widget): void {
    const place = { ...placeOf(widget), x: 0, y: bottom(this.widgets) };
    this.set({ widgets: [...this.widgets, { ...widget, place }] });
    this.show();
    this.home.wall.frames.at(-1)?.box.scrollIntoView({ block: "nearest" });
  }

  private remove(row: number): void {
    this.set({ widgets: this.widgets.filter((_, place) => place !== row) });
    this.show();
  }

  private discard(): void {
    this.end();
    this.home.left();
  }

  private async save(): Promise<void> {
    const { context } = this.home;
    const { id, version, content } = this.draft;
    try {
      this.saved(id === "new" ? await added(context, content) : await replaced(context, id, version, content));
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      if (problem.status === 409 && id !== "new") await this.tellConflict(problem.message);
      else context.say(problem.message, "bad");
    }
  }

  private saved(board: Board): void {
    this.dirty = false;
    this.end();
    this.home.context.say("The board is saved", "good");
    this.home.saved(board);
  }

  /** Somebody else was faster: nothing of either is lost unless one says so. */
  private async tellConflict(words: string): Promise<void> {
    const { context } = this.home;
    const theirs = await attempt(context, () => fetched(context, this.draft.id));
    if (!theirs) return;
    const copy = button("Save mine as another board", () => void attempt(context, () => added(context, { ...this.draft.content, title: `${this.draft.content.title} (mine)`.slice(0, 120) })).then((board) => board && this.saved(board)));
    const mine = button("Replace theirs by mine", () => void attempt(context, () => replaced(context, this.draft.id, theirs.version, this.draft.content)).then((board) => board && this.saved(board)), { class: "danger" });
    const other = button("Drop mine, show theirs", () => this.discard());
    this.conflict.replaceChildren(h("p", {}, `Not saved: ${words}. Somebody else has saved “${theirs.board.title}” meanwhile.`), h("div", { class: "group" }, copy, mine, other));
  }
}
