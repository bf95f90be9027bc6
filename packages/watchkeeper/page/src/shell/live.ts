// The live stream: the whole overview at first, then the sections that changed. It comes back by itself.

import type { Overview } from "./model";

/** A keeper that says nothing for this long is taken for lost, in ms. */
const SILENT = 6000;
const RETRY = 1500;

export type Kind = keyof Overview | "change";
export type Listener = (overview: Overview, sections: ReadonlySet<string>) => void;

/**
 * What the keeper tells, as it tells it.
 *
 * `on("alerts", fn)` is called when that section changed, and at once where it is known already;
 * `change` is any section. `onLink(fn)` is called when `state` changed.
 */
export class Live {
  state: "connected" | "reconnecting" = "reconnecting";
  /** Unix time in seconds of the last change of state. */
  stateSince = Date.now() / 1000;
  /** How far the keeper's clock is ahead of this machine's, in seconds. */
  ahead = 0;
  private source: EventSource | null = null;
  private told: Overview | null = null;
  private lastId = "";
  private heard = Date.now();
  private timer = 0;
  private readonly listeners = new Map<Kind, Set<Listener>>();
  private readonly linked = new Set<() => void>();

  get overview(): Overview | null {
    return this.told;
  }

  /** The keeper's time, Unix seconds. */
  now(): number {
    return Date.now() / 1000 + this.ahead;
  }

  on(kind: Kind, listener: Listener): () => void {
    const group = this.listeners.get(kind) ?? new Set();
    this.listeners.set(kind, group.add(listener));
    if (this.told) listener(this.told, new Set(Object.keys(this.told)));
    return () => group.delete(listener);
  }

  onLink(listener: () => void): () => void {
    this.linked.add(listener);
    return () => this.linked.delete(listener);
  }

  open(): void {
    this.close();
    const resume = this.lastId ? `?last_id=${encodeURIComponent(this.lastId)}` : "";
    const source = new EventSource(`/api/events${resume}`);
    source.addEventListener("overview", (event) => this.take(event, true));
    source.addEventListener("changes", (event) => this.take(event, false));
    source.addEventListener("still", () => this.hear());
    // The browser tries again by itself, except after an answer that is no stream.
    source.addEventListener("error", () => this.link("reconnecting"));
    this.source = source;
    this.heard = Date.now();
    this.timer = window.setInterval(() => this.check(), 1000);
  }

  close(): void {
    window.clearInterval(this.timer);
    this.source?.close();
    this.source = null;
  }

  private take(event: MessageEvent<string>, whole: boolean): void {
    const part = JSON.parse(event.data) as Partial<Overview>;
    this.told = whole || !this.told ? (part as Overview) : { ...this.told, ...part };
    this.lastId = event.lastEventId;
    if (part.time !== undefined) this.ahead = part.time - Date.now() / 1000;
    this.hear();
    const sections = new Set(Object.keys(part));
    for (const kind of [...sections, "change"]) this.tell(kind as Kind, sections);
  }

  private hear(): void {
    this.heard = Date.now();
    if (this.told) this.link("connected");
  }

  private tell(kind: Kind, sections: ReadonlySet<string>): void {
    if (this.told) for (const listener of [...(this.listeners.get(kind) ?? [])]) listener(this.told, sections);
  }

  private check(): void {
    const lost = Date.now() - this.heard;
    const closed = this.source?.readyState === EventSource.CLOSED;
    if (lost < SILENT && !closed) return;
    this.link("reconnecting");
    if (closed ? lost > RETRY : lost > SILENT) this.open();
  }

  private link(state: "connected" | "reconnecting"): void {
    if (state === this.state) return;
    this.state = state;
    this.stateSince = Date.now() / 1000;
    for (const listener of [...this.linked]) listener();
  }
}
