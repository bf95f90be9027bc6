// The live stream: the whole overview at first, then the sections that changed.

import type { Overview } from "./shell/model";

/** A keeper that says nothing for this long is taken for lost, in ms. */
const SILENT = 6000;
const RETRY = 1500;

export interface Following {
  changed: (overview: Overview, sections: Set<keyof Overview>) => void;
  /** Told on every change of the link; since is a Unix time in seconds. */
  linked: (alive: boolean, since: number) => void;
}

export class Stream {
  private source: EventSource | null = null;
  private overview: Partial<Overview> = {};
  private lastId = "";
  private heard = Date.now();
  private alive: boolean | null = null;

  constructor(private readonly following: Following) {
    this.open();
    setInterval(() => this.check(), 1000);
  }

  private open(): void {
    this.source?.close();
    const resume = this.lastId ? `?last_id=${encodeURIComponent(this.lastId)}` : "";
    const source = new EventSource(`/api/events${resume}`);
    source.addEventListener("overview", (event) => this.take(event, true));
    source.addEventListener("changes", (event) => this.take(event, false));
    // The browser tries again by itself, except after an answer that is no stream.
    source.addEventListener("error", () => this.link(false));
    this.source = source;
    this.heard = Date.now();
  }

  private take(event: MessageEvent<string>, whole: boolean): void {
    const part = JSON.parse(event.data) as Partial<Overview>;
    this.overview = whole ? part : { ...this.overview, ...part };
    this.lastId = event.lastEventId;
    this.heard = Date.now();
    this.link(true);
    this.following.changed(this.overview as Overview, new Set(Object.keys(part) as (keyof Overview)[]));
  }

  private check(): void {
    const lost = Date.now() - this.heard;
    if (lost < SILENT && this.source?.readyState !== EventSource.CLOSED) return;
    this.link(false);
    if (this.source?.readyState === EventSource.CLOSED ? lost > RETRY : lost > SILENT) this.open();
  }

  private link(alive: boolean): void {
    if (alive === this.alive) return;
    this.alive = alive;
    this.following.linked(alive, Date.now() / 1000);
  }
}
