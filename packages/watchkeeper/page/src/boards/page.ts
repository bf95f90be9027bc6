// One board: shown over a time, edited, exported.

import { button, choice, including, repeated } from "../explore/parts";
import { lengthOf, RANGES } from "../explore/state";
import { ApiError } from "../shell/api";
import { h } from "../shell/dom";
import { moment } from "../shell/format";
import type { Context } from "../shell/view";
import { attempt, copied, fetched, removed } from "./desk";
import { Editor, type Draft } from "./editor";
import type { Time } from "./faces";
import type { Board } from "./model";
import { Remarks } from "./remarks";
import { Wall } from "./wall";

/** Drafts that were left without saving, until the page is loaded again. */
const drafts = new Map<string, Draft>();

export class BoardPage {
  private readonly head = h("div", { class: "board-head" });
  private readonly wall: Wall;
  private readonly remarks: Remarks;
  private board: Board | null = null;
  private draft: Draft | null = null;
  private editor: Editor | null = null;
  private stop = (): void => undefined;

  constructor(private readonly root: HTMLElement, private readonly id: string, private readonly context: Context) {
    this.wall = new Wall({ api: context.api, zoomed: (start, end) => this.zoom(start, end) });
    this.remarks = new Remarks(context, () => this.ask());
    root.append(this.head, this.wall.box, this.remarks.box);
  }

  async load(): Promise<void> {
    const held = drafts.get(this.id);
    drafts.delete(this.id);
    try {
      if (this.id !== "new") this.board = await fetched(this.context, this.id);
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      return this.root.replaceChildren(h("h1", {}, "Boards"), h("p", { class: "empty-box" }, `${problem.message}. `, h("a", { href: "#/boards" }, "All boards")));
    }
    if (held) this.context.say("What you had not saved is here again");
    if (held || !this.board) this.edit(held ?? { id: "new", version: 0, content: { title: "New board", widgets: [] } });
    else this.show();
    this.stop = repeated(() => this.ask(), () => (this.until === null ? (this.content.refresh ?? 5) * 1000 : 0));
  }

  end(): void {
    this.stop();
    if (this.editor?.changed && this.draft) drafts.set(this.id, this.draft);
    this.editor?.end();
    this.wall.end();
  }

  /** The hash changed: another time is wanted, or another view, which is not this one's business. */
  follow = (): void => {
    if (location.hash.split("?")[0] !== this.address) return;
    this.tell();
    this.ask();
  };

  private get address(): string {
    return `#/boards/${encodeURIComponent(this.id)}`;
  }

  private get content() {
    return this.draft?.content ?? this.board?.board ?? { title: "" };
  }

  private get given(): URLSearchParams {
    return new URLSearchParams(location.hash.split("?")[1] ?? "");
  }

  private get range(): number {
    return Number(this.given.get("range")) || (this.content.range ?? 3600);
  }

  private get until(): number | null {
    return Number(this.given.get("end")) || null;
  }

  private readonly time = (): Time => {
    const end = this.until ?? this.context.live.now();
    return { start: end - this.range, end };
  };

  private zoom(start: number, end: number): void {
    this.goTo(Math.max(10, Math.round(end - start)), Math.round(end));
  }

  private goTo(range: number, end: number | null): void {
    const pairs = new URLSearchParams([["range", String(range)], ...(end === null ? [] : [["end", String(end)] as [string, string]])]);
    history.pushState(null, "", `${this.address}?${pairs.toString()}`);
    this.follow();
  }

  private show(): void {
    this.draft = this.editor = null;
    this.tell();
    this.wall.show(this.content.widgets ?? []);
    this.ask();
  }

  private edit(draft: Draft): void {
    this.draft = draft;
    this.editor = new Editor(draft, { context: this.context, wall: this.wall, time: this.time, ask: () => this.ask(), saved: (board) => this.saved(board), left: () => this.left() });
    this.tell();
    this.editor.show();
  }

  private saved(board: Board): void {
    this.editor = null;
    if (board.id !== this.id) return this.context.go(`#/boards/${board.id}`);
    this.board = board;
    this.show();
  }

  private left(): void {
    this.editor = null;
    if (!this.board) return this.context.go("#/boards");
    void attempt(this.context, () => fetched(this.context, this.id)).then((board) => {
      this.board = board ?? this.board;
      this.show();
    });
  }

  private ask(): void {
    const time = this.time();
    void this.remarks.ask(time).catch(() => undefined).then(() => this.wall.update(time, this.remarks.rows));
  }

  private tell(): void {
    const { content } = this;
    const back = h("a", { href: "#/boards" }, "Boards");
    const title = h("div", {}, h("p", { class: "window" }, back), h("h1", {}, content.title), content.description ? h("p", { class: "window" }, content.description) : null);
    this.head.replaceChildren(h("div", { class: "board-title" }, title, this.times()), this.editor ? this.editor.box : this.deeds());
  }

  private times(): HTMLElement {
    const range = choice("Range", including(RANGES, this.range, lengthOf), this.range, (value) => this.goTo(Number(value), this.until));
    const end = this.until;
    const now = button("Now", () => this.goTo(this.content.range ?? 3600, null), { disabled: end === null });
    return h("div", { class: "moving" }, end === null ? null : h("span", { class: "window" }, `${moment(end - this.range)} to ${moment(end)}`), range, now);
  }

  private deeds(): HTMLElement {
    const board = this.board!;
    const why = this.context.who.why("operate");
    const own = why || (board.fixed ? "This board comes with the keeper: duplicate it to change the copy" : "");
    const off = (reason: string) => ({ disabled: reason !== "", title: reason || undefined });
    const edit = button("Edit", () => this.edit({ id: board.id, version: board.version, content: structuredClone(board.board) }), off(own));
    const copy = button("Duplicate", () => void attempt(this.context, () => copied(this.context, board.id)).then((made) => made && this.context.go(`#/boards/${made.id}`)), off(why));
    const away = button("Delete", () => void this.remove(), { class: "danger", ...off(own) });
    const path = `/api/boards/${encodeURIComponent(board.id)}`;
    const yaml = h("a", { class: "button quiet", href: `${path}/yaml`, download: `${board.id}.yaml` }, "Export YAML");
    const grafana = h("a", { class: "button quiet", href: `${path}/grafana`, download: `${board.id}.json` }, "Export for Grafana");
    return h("div", { class: "group" }, edit, copy, away, yaml, grafana, own ? h("small", { class: "hint" }, own) : null);
  }

  private async remove(): Promise<void> {
    const board = this.board!;
    if (!window.confirm(`Delete the board “${board.board.title}”? This cannot be undone.`)) return;
    const done = await attempt(this.context, async () => (await removed(this.context, board.id), true));
    if (done) this.context.go("#/boards");
  }
}
