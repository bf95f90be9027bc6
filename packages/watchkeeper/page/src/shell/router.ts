// From the hash to a view; each view's code comes when it is first wanted.

import { h } from "./dom";
import type { Context, View } from "./view";

const ROOMS = import.meta.glob<{ view: View }>("../*/index.ts");

/** `#/bot/arbbot?x=1` is the route `bot` with the argument `arbbot`; what follows `?` is the view's own. */
export function parts(hash: string): { route: string; args: string[] } {
  const [path = ""] = hash.replace(/^#\/?/, "").split("?");
  const [route = "", ...args] = path.split("/").filter(Boolean).map(decoded);
  return { route: route || "overview", args };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Shows one view at a time below `root`. */
export class Router {
  private end: () => void = () => undefined;
  private wanted = 0;
  private shown = "";

  constructor(
    private readonly root: HTMLElement,
    private readonly context: Context,
    private readonly moved: (route: string, title: string) => void,
  ) {
    window.addEventListener("hashchange", () => void this.show());
  }

  /** Show what the hash says; a view that is shown already is left alone unless `again`. */
  async show(again = false): Promise<void> {
    const { route, args } = parts(location.hash);
    const place = [route, ...args].join("/");
    if (place === this.shown && !again) return;
    this.shown = place;
    const turn = ++this.wanted;
    const view = await this.fetch(route);
    if (turn !== this.wanted) return; // somebody went on meanwhile
    this.end();
    const room = h("div", { class: `room ${route}` });
    this.root.replaceChildren(room);
    window.scrollTo(0, 0);
    this.moved(route, view.title);
    this.end = view.mount(room, args, this.context);
  }

  private async fetch(route: string): Promise<View> {
    const load = ROOMS[`../${route}/index.ts`];
    if (!load) return lost;
    try {
      return (await load()).view;
    } catch {
      return gone; // the keeper was replaced by one with another page, or does not answer
    }
  }
}

const lost: View = {
  title: "Not found",
  mount(root) {
    root.append(h("h2", {}, "There is no such page"), h("p", {}, h("a", { href: "#/" }, "Go to the overview")));
    return () => undefined;
  },
};

const gone: View = {
  title: "Not loaded",
  mount(root) {
    const again = h("button", { type: "button", class: "button" }, "Load the page again");
    again.addEventListener("click", () => location.reload());
    root.append(h("h2", {}, "This part of the page could not be loaded"), h("p", {}, "The keeper may be starting, or was updated. "), again);
    return () => undefined;
  },
};
