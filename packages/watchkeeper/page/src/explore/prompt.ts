// A line for PromQL: offers names while one writes, remembers what was asked.

import { h, set } from "../shell/dom";
import { keep, kept } from "../shell/memory";
import type { Catalogue } from "./catalogue";
import { wanted, type Offer, type Want } from "./complete";

const HISTORY = "explore.history";
const MOST_REMEMBERED = 50;
let count = 0;

export function remembered(): string[] {
  try {
    const held: unknown = JSON.parse(kept(HISTORY) ?? "[]");
    return Array.isArray(held) ? held.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

export function remember(query: string): void {
  const rest = remembered().filter((one) => one !== query);
  keep(HISTORY, JSON.stringify([query, ...rest].slice(0, MOST_REMEMBERED)));
}

export class Prompt {
  readonly box: HTMLElement;
  readonly input: HTMLTextAreaElement;
  private readonly menu: HTMLElement;
  private offers: Offer[] = [];
  private chosen = -1;
  private want: Want | null = null;
  private turn = 0;

  constructor(private readonly catalogue: Catalogue, name: string, private readonly entered: (query: string) => void) {
    const id = `offers-${++count}`;
    this.menu = h("ul", { class: "offers", id, role: "listbox", "aria-label": "Completions", hidden: true });
    this.input = h("textarea", {
      class: "prompt", rows: 1, spellcheck: "false", autocomplete: "off", autocapitalize: "off", role: "combobox", "aria-label": name,
      "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list", placeholder: "PromQL, such as rate(mev_swaps_detected_total[1m])",
    }) as HTMLTextAreaElement;
    this.box = h("div", { class: "prompt-box" }, this.input, this.menu);
    this.input.addEventListener("input", () => this.changed());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.input.addEventListener("blur", () => this.close());
    this.menu.addEventListener("pointerdown", (event) => this.picked(event));
  }

  get query(): string {
    return this.input.value.trim();
  }

  set query(text: string) {
    this.input.value = text;
    this.grow();
  }

  /** Offer what was asked before. */
  async past(): Promise<void> {
    this.input.focus();
    this.want = { kind: "name", from: 0, word: this.input.value, metric: "", label: "" };
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
    this.open(remembered().map((text) => ({ text, about: "asked before" })));
  }

  private changed(): void {
    this.grow();
    void this.offer();
  }

  private grow(): void {
    this.input.rows = Math.min(8, this.input.value.split("\n").length);
  }

  private async offer(forced = false): Promise<void> {
    const turn = ++this.turn;
    const want = wanted(this.input.value, this.input.selectionStart);
    if (!want || (!forced && want.kind === "name" && !want.word)) return this.close();
    try {
      const offers = await this.catalogue.offers(want);
      if (turn !== this.turn) return;
      this.want = want;
      this.open(offers);
    } catch {
      this.close(); // one can write without being offered anything
    }
  }

  private open(offers: Offer[]): void {
    if (document.activeElement !== this.input || !offers.length) return this.close();
    this.offers = offers;
    this.chosen = -1;
    this.menu.replaceChildren(...offers.map((offer, place) => this.row(offer, place)));
    this.menu.hidden = false;
    set(this.input, "aria-expanded", "true");
  }

  private row(offer: Offer, place: number): HTMLElement {
    return h("li", { role: "option", id: `${this.menu.id}-${place}`, "aria-selected": "false" }, h("span", {}, offer.text), h("small", {}, offer.about));
  }

  private close(): void {
    this.turn++;
    this.menu.hidden = true;
    this.chosen = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  private pressed(event: KeyboardEvent): void {
    const open = !this.menu.hidden;
    if (event.key === " " && event.ctrlKey) void this.offer(true);
    else if (open && event.key === "ArrowDown") this.move(1);
    else if (open && event.key === "ArrowUp") this.move(-1);
    else if (open && event.key === "Escape") this.close();
    else if (open && (event.key === "Enter" || event.key === "Tab") && this.chosen >= 0) this.take(this.chosen);
    else if (event.key === "Enter" && !event.shiftKey) this.enter();
    else return;
    event.preventDefault();
  }

  private enter(): void {
    this.close();
    this.entered(this.query);
  }

  private move(way: number): void {
    this.menu.children[this.chosen]?.setAttribute("aria-selected", "false");
    this.chosen = (this.chosen + way + this.offers.length + (this.chosen < 0 && way < 0 ? 1 : 0)) % this.offers.length;
    const row = this.menu.children[this.chosen]!;
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", row.id);
  }

  private picked(event: Event): void {
    event.preventDefault(); // the focus stays in the line
    const row = (event.target as Element).closest("li");
    if (row) this.take([...this.menu.children].indexOf(row));
  }

  private take(place: number): void {
    const [offer, want] = [this.offers[place], this.want];
    if (!offer || !want) return;
    this.input.setRangeText(offer.written ?? offer.text, want.from, this.input.selectionStart, "end");
    this.grow();
    this.close();
  }
}
