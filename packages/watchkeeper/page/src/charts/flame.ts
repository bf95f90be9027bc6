// A flame graph, the outermost call on top: zoomed by a click or Enter, walked by the arrow keys, searched.

import "./flame.css";

import { h, text } from "../shell/dom";
import { matched, matches, moduleOf, modules, pathTo, placed, shortName, type Call, type Placed } from "./calls";
import { changed, cost, percent } from "./costs";

/** Narrower calls, in pixels, cannot be seen or hit. */
const NARROWEST = 2;
const COLOURS = 8;

export interface Scale {
  /** What amounts are in: `nanoseconds` of processor time, or `count`. */
  unit: string;
}

type Shown = Placed & { element: HTMLElement };

export class FlameGraph {
  readonly box: HTMLElement;
  private readonly stage = h("div", { class: "flame-stage", role: "tree", "aria-label": "Flame graph" });
  private readonly tip = h("div", { class: "flame-tip", role: "status" });
  private readonly key = h("ul", { class: "flame-key" });
  private readonly watcher = new ResizeObserver(() => this.fit());
  private root: Call | null = null;
  private top: Call | null = null;
  private colours = new Map<string, number>();
  private shown: Shown[] = [];
  private words = "";
  private width = 0;

  constructor(private scale: Scale = { unit: "nanoseconds" }) {
    this.box = h("div", { class: "flame" }, this.key, this.tip, this.stage);
    this.stage.addEventListener("click", (event) => this.zoomTo(this.under(event.target)));
    this.stage.addEventListener("keydown", (event) => this.walk(event));
    this.stage.addEventListener("pointerover", (event) => this.tell(this.under(event.target)));
    this.stage.addEventListener("focusin", (event) => this.tell(this.under(event.target)));
    this.stage.addEventListener("pointerleave", () => this.tell(null));
    this.watcher.observe(this.stage);
  }

  /** Show a tree; one whose calls have a base is coloured by what changed. */
  show(root: Call, scale: Scale = this.scale): void {
    this.scale = scale;
    this.root = this.top = root;
    const ranked = modules(root).slice(0, COLOURS - 1);
    this.colours = new Map(ranked.map(([name], place) => [name, place]));
    this.key.replaceChildren(...(this.compares ? changeKey() : this.moduleKey(ranked)));
    this.draw();
    this.tell(null);
  }

  /** Mark the calls whose names hold the words; returns their share of the whole. */
  search(words: string): number {
    this.words = words.trim();
    for (const one of this.shown) this.mark(one);
    return this.root && this.root.value > 0 ? matched(this.root, this.words) / this.root.value : 0;
  }

  /** Show the whole again. */
  reset(): void {
    this.zoomTo(this.shown[0] ?? null, true);
  }

  get zoomed(): boolean {
    return this.top !== this.root;
  }

  destroy(): void {
    this.watcher.disconnect();
    this.box.remove();
  }

  private get compares(): boolean {
    return this.root?.base !== undefined;
  }

  private fit(): void {
    if (Math.abs(this.stage.clientWidth - this.width) > 1) this.draw();
  }

  private draw(): void {
    if (!this.root || !this.top) return;
    this.width = this.stage.clientWidth || 800;
    const above = pathTo(this.root, this.top).slice(0, -1);
    const outer = above.map((call, depth): Placed => ({ call, parent: null, depth, left: 0, width: 1 }));
    outer.forEach((one, place) => (one.parent = outer[place - 1] ?? null));
    const inner = placed(this.top, NARROWEST / this.width);
    for (const one of inner) one.depth += above.length;
    inner[0]!.parent = outer.at(-1) ?? null;
    this.shown = [...outer, ...inner].map((one) => Object.assign(one, { element: this.made(one, one.depth < above.length) }));
    const deepest = this.shown.reduce((most, one) => Math.max(most, one.depth), 0);
    this.stage.style.setProperty("--rows", String(deepest + 1));
    this.stage.replaceChildren(...this.shown.map((one) => one.element));
    this.shown[above.length]?.element.setAttribute("tabindex", "0");
  }

  private made(at: Placed, outer: boolean): HTMLElement {
    const { call } = at;
    const sign = this.compares ? changed(call).sign : "";
    const look = this.compares ? changed(call).look : `m${this.colours.get(moduleOf(call.name)) ?? COLOURS - 1}`;
    const element = h(
      "div",
      { class: `call ${look}${outer ? " outer" : ""}`, role: "treeitem", tabindex: -1, "aria-level": at.depth + 1, "aria-label": this.told(at).join(", "), "data-name": call.name },
      sign + shortName(call.name),
    );
    element.style.setProperty("--left", `${at.left * 100}%`);
    element.style.setProperty("--width", `${at.width * 100}%`);
    element.style.setProperty("--depth", String(at.depth));
    element.classList.toggle("found", matches(call.name, this.words));
    return element;
  }

  private mark(one: Shown): void {
    one.element.classList.toggle("found", matches(one.call.name, this.words));
  }

  private under(target: EventTarget | null): Shown | null {
    return this.shown.find((one) => one.element === target) ?? null;
  }

  /** Fill the width with a call; the one that fills it already gives way to the whole. */
  private zoomTo(at: Shown | null, whole = false): void {
    if (!at || !this.root) return;
    this.top = whole || at.call === this.top ? this.root : at.call;
    this.draw();
    this.focus(at.call);
  }

  private focus(call: Call): void {
    const found = this.shown.find((one) => one.call === call);
    if (!found) return;
    for (const one of this.stage.querySelectorAll("[tabindex='0']")) one.setAttribute("tabindex", "-1");
    found.element.setAttribute("tabindex", "0");
    found.element.focus({ preventScroll: false });
  }

  private walk(event: KeyboardEvent): void {
    const at = this.under(event.target);
    if (!at) return;
    if (event.key === "Enter" || event.key === " ") this.zoomTo(at);
    else if (event.key === "Escape" || event.key === "Home") this.reset();
    else {
      const next = this.beside(at, event.key);
      if (!next) return;
      this.focus(next.call);
    }
    event.preventDefault();
  }

  private beside(at: Shown, key: string): Placed | undefined | null {
    const level = this.shown.filter((one) => one.depth === at.depth);
    const place = level.indexOf(at);
    if (key === "ArrowUp") return at.parent;
    if (key === "ArrowDown") return this.shown.find((one) => one.parent === at);
    if (key === "ArrowLeft") return level[place - 1];
    return key === "ArrowRight" ? level[place + 1] : undefined;
  }

  private tell(at: Placed | null): void {
    const hint = this.compares ? "Width: the mean of both ranges." : "Width: processor time.";
    text(this.tip, at ? this.told(at).join(" · ") : `${hint} Click or Enter zooms, Esc shows the whole.`);
  }

  private told(at: Placed): string[] {
    const { call } = at;
    const whole = this.root?.value ?? 0;
    if (call.base !== undefined) {
      return [call.name, `now ${cost(call.value, this.scale.unit, true)}`, `before ${cost(call.base, this.scale.unit, true)}`, changed(call).words];
    }
    const total = `total ${cost(call.value, this.scale.unit)} (${percent(call.value, whole)})`;
    return [call.name, total, `own ${cost(call.own, this.scale.unit)} (${percent(call.own, whole)})`];
  }

  private moduleKey(ranked: [string, number][]): HTMLElement[] {
    const whole = this.root?.value ?? 0;
    const rows = ranked.map(([name, own], place) => keyed(`m${place}`, name || "built in", percent(own, whole)));
    return [...rows, keyed(`m${COLOURS - 1}`, "others", "")];
  }
}

function changeKey(): HTMLElement[] {
  return [keyed("grew3", "▲ takes more than before", ""), keyed("same", "as before", ""), keyed("shrank3", "▼ takes less than before", "")];
}

function keyed(look: string, name: string, share: string): HTMLElement {
  return h("li", {}, h("span", { class: `swatch ${look}` }), name, share ? h("b", {}, share) : null);
}
