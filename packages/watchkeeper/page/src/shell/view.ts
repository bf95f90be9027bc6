// What the shell and the views know of each other.

import type { Api } from "./api";
import type { Live } from "./live";
import type { Who } from "./who";

export interface Context {
  api: Api;
  live: Live;
  who: Who;
  /** Open another view, for example `#/bot/arbbot`. */
  go(hash: string): void;
  /** Tell the visitor what was done, or why it was not; read out by screen readers. */
  say(text: string, kind?: "good" | "bad"): void;
}

export interface View {
  title: string;
  /** Show the view in root; args are the parts of the hash behind the route. Return what ends it. */
  mount(root: HTMLElement, args: string[], context: Context): () => void;
}
