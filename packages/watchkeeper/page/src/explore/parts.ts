// Controls that the explorer, the boards and the profiles have in common.

import { h } from "../shell/dom";

type Attributes = Parameters<typeof h>[1];

export function button(name: string, pressed: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const { class: look = "", ...rest } = attributes ?? {};
  const made = h("button", { type: "button", class: `button ${String(look)}`.trim(), ...rest }, name) as HTMLButtonElement;
  made.addEventListener("click", pressed);
  return made;
}


/** A labelled list to choose from; `changed` gets the chosen value. */
export function choice(name: string, rows: [string, string | number][], chosen: string | number, changed: (value: string) => void): HTMLElement {
  const options = rows.map(([label, value]) => h("option", { value, selected: String(value) === String(chosen) }, label));
  const select = h("select", { class: "input", "aria-label": name, name: name.toLowerCase().replaceAll(" ", "-") }, ...options) as HTMLSelectElement;
  select.addEventListener("change", () => changed(select.value));
  return h("label", { class: "choice" }, h("span", {}, name), select);
}

/** The list with a row for the present value, where it is none of those that are offered. */
export function including(rows: [string, number][], value: number, name: (value: number) => string): [string, number][] {
  return rows.some(([, known]) => known === value) ? rows : [...rows, [name(value), value]];
}

/** Ask again and again while somebody looks; `every` is told in ms each time. Returns the end of it. */
export function repeated(ask: () => void, every: () => number): () => void {
  let timer = 0;
  const wait = (): void => {
    const pause = every();
    timer = window.setTimeout(turn, pause || 1000);
  };
  const turn = (): void => {
    if (every() && !document.hidden) ask();
    wait();
  };
  wait();
  return () => window.clearTimeout(timer);
}
