// The silence editor: what it mutes is shown before it is kept.

import { ApiError } from "../shell/api";
import { h, text } from "../shell/dom";
import { moment } from "../shell/format";
import type { Context } from "../shell/view";
import { Dialog, field } from "./dialog";
import { lengthOf, typed } from "./lengths";
import { matcher, query, sign, SIGNS, type Sign } from "./matchers";
import { type Alert, type Matcher, seconds, type Silence, summary } from "./model";

/** How long somebody may type before what it would match is asked for, in ms. */
const PAUSE = 250;
const SHOWN = 8;
const QUICK = ["30m", "1h", "4h", "1d"];

/** What the editor begins with: matchers, or a silence to change. */
export interface Draft {
  matchers: Matcher[];
  silence?: Silence;
}

export class Editor {
  private readonly rows = h("ul", { class: "matchers", "aria-label": "Matchers" });
  private readonly length = h("input", { value: "2h", size: 8, autocomplete: "off", spellcheck: false, "aria-label": "Duration" }) as HTMLInputElement;
  private readonly ends = h("small", { "aria-live": "polite" });
  private readonly author: HTMLInputElement;
  private readonly comment = h("textarea", { rows: 2, maxlength: 500 }) as HTMLTextAreaElement;
  private readonly count = h("p", { class: "preview-count", role: "status" }, "Looking what it matches");
  private readonly matched = h("ul", { class: "preview-list" });
  private readonly dialog: Dialog;
  private timer = 0;
  private asked = 0;

  constructor(private readonly root: HTMLElement, private readonly context: Context, private readonly draft: Draft, private readonly done: () => void) {
    const name = context.who.name || (draft.silence?.createdBy ?? "");
    this.author = h("input", { value: name, maxlength: 80, autocomplete: "name", readonly: Boolean(context.who.name) }) as HTMLInputElement;
    if (draft.silence) {
      this.comment.value = draft.silence.comment;
      this.length.value = typed(seconds(draft.silence.endsAt) - context.live.now());
    }
    for (const one of draft.matchers.length ? draft.matchers : [matcher("alertname", "=", "")]) this.rows.append(this.row(one));
    this.dialog = new Dialog(draft.silence ? "Change this silence" : "New silence", draft.silence ? "Save" : "Silence", this.fields(), () => this.save());
    this.dialog.onClose(() => window.clearTimeout(this.timer));
    this.length.addEventListener("input", () => this.check());
    this.comment.addEventListener("input", () => this.check());
    this.author.addEventListener("input", () => this.check());
  }

  open(): void {
    this.dialog.open(this.root);
    (this.draft.matchers.length ? this.comment : this.rows.querySelector("input"))?.focus();
    this.changed();
  }

  private fields(): HTMLElement[] {
    const add = h("button", { type: "button", class: "button quiet" }, "+ Add a matcher");
    add.addEventListener("click", () => {
      const row = this.row(matcher("", "=", ""));
      this.rows.append(row);
      row.querySelector("input")?.focus();
      this.changed();
    });
    const quick = QUICK.map((length) => {
      const button = h("button", { type: "button", class: "button quiet" }, length);
      button.addEventListener("click", () => {
        this.length.value = length;
        this.check();
      });
      return button;
    });
    const long = h("div", { class: "field" }, h("span", {}, "Duration"), h("div", { class: "quick" }, this.length, ...quick), this.ends);
    const preview = h("section", { class: "preview", "aria-label": "What it matches now" }, this.count, this.matched);
    return [h("div", { class: "field" }, h("span", {}, "Mutes every alert with all of"), this.rows, add), long, field("Comment", this.comment, "Why, for those who wonder later"), field("Author", this.author), preview];
  }

  private row(one: Matcher): HTMLElement {
    const name = h("input", { class: "input name", value: one.name, placeholder: "label", "aria-label": "Label", autocomplete: "off", spellcheck: false });
    const op = h("select", { class: "input op", "aria-label": "Comparison" }, ...SIGNS.map((each) => h("option", { value: each, selected: each === sign(one) }, each)));
    const value = h("input", { class: "input value", value: one.value, placeholder: "value", "aria-label": "Value", autocomplete: "off", spellcheck: false });
    const remove = h("button", { type: "button", class: "button quiet", "aria-label": `Remove the matcher ${one.name}` }, "✕");
    const row = h("li", {}, name, op, value, remove);
    remove.addEventListener("click", () => {
      const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("input");
      row.remove();
      (next ?? this.comment).focus();
      this.changed();
    });
    row.addEventListener("input", () => this.changed());
    return row;
  }

  private matchers(): Matcher[] {
    return [...this.rows.children].map((row) => {
      const [name, value] = row.querySelectorAll("input");
      return matcher(name!.value.trim(), row.querySelector("select")!.value as Sign, value!.value);
    });
  }

  private changed(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.preview(), PAUSE);
    this.check();
  }

  /** Say what is missing; the keeper has the last word. */
  private check(): void {
    const length = lengthOf(this.length.value);
    text(this.ends, length === null ? "For example 30m, 2h or 1d 12h" : `Ends ${moment(this.start() + length)}`);
    const named = this.matchers();
    this.dialog.submit.disabled = length === null || !this.comment.value.trim() || !this.author.value.trim() || !named.length || named.some((one) => !one.name);
  }

  /** When it begins: a silence that is changed keeps its beginning, so that it stays the same one. */
  private start(): number {
    return this.context.live.now();
  }

  private async preview(): Promise<void> {
    const turn = ++this.asked;
    const named = this.matchers().filter((one) => one.name);
    if (!named.length) return this.show([], "It names nothing yet");
    try {
      const { alerts } = await this.context.api.get<{ alerts: Alert[] }>(`/api/v2/alerting/alerts?${query(named)}`);
      if (turn !== this.asked) return;
      this.show(alerts, alerts.length ? `Mutes ${alerts.length} ${alerts.length === 1 ? "alert" : "alerts"} now` : "Matches no alert now");
    } catch (problem) {
      if (turn === this.asked) this.show([], problem instanceof ApiError ? problem.message : "The keeper does not answer");
    }
  }

  private show(alerts: Alert[], words: string): void {
    text(this.count, words);
    this.matched.replaceChildren(...alerts.slice(0, SHOWN).map((one) => h("li", {}, h("b", {}, summary(one)), ` ${one.standing}`)));
    if (alerts.length > SHOWN) this.matched.append(h("li", {}, `and ${alerts.length - SHOWN} more`));
  }

  private async save(): Promise<void> {
    const now = this.context.live.now();
    const old = this.draft.silence;
    const begins = old && old.status.state === "active" ? old.startsAt : new Date(now * 1000).toISOString();
    await this.context.api.post("/api/v2/silences", {
      ...(old ? { id: old.id } : {}),
      matchers: this.matchers(),
      startsAt: begins,
      endsAt: new Date((now + (lengthOf(this.length.value) ?? 0)) * 1000).toISOString(),
      createdBy: this.author.value.trim(),
      comment: this.comment.value.trim(),
    });
    this.context.say(old ? "The silence was changed" : "Silenced: nobody is told while it holds");
    this.done();
  }
}
