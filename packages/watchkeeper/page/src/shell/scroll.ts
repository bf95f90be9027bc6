// Boxes that scroll: the keyboard reaches them, and new contents leave them where they were scrolled to.

import { h, set } from "./dom";

const watcher = new ResizeObserver((seen) => {
  for (const { target } of seen) measure(target.closest("[data-scrolls]"));
});

/** A box is a stop of the Tab key only while it hides something. */
function measure(box: Element | null): void {
  if (!box) return;
  const hides = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
  set(box, "tabindex", hides ? 0 : undefined);
}

/** Let the keyboard reach a box that scrolls and holds nothing to stop at. */
export function scrolling(box: HTMLElement, name: string): HTMLElement {
  set(box, "data-scrolls", true);
  set(box, "aria-label", name);
  for (const one of [box, ...box.children]) watcher.observe(one);
  return box;
}

export function tablebox(name: string, ...children: HTMLElement[]): HTMLElement {
  return scrolling(h("div", { class: "tablebox", role: "group" }, ...children), name);
}

/** Replace what a holder shows; a box that scrolls stays, with its focus and its place, and gets new contents. */
export function refill(holder: HTMLElement, ...fresh: HTMLElement[]): void {
  const old = [...holder.children];
  if (old.length !== fresh.length) return holder.replaceChildren(...fresh);
  fresh.forEach((box, place) => {
    const held = old[place]!;
    if (!held.matches(".tablebox") || !box.matches(".tablebox")) return held.replaceWith(box);
    held.replaceChildren(...box.children);
    for (const child of held.children) watcher.observe(child);
  });
}
