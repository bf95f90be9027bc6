// What can be asked: names, labels and their values, fetched when first wanted and again after a minute.

import type { Api } from "../shell/api";
import { fitting, namesFor, type Names, type Offer, type Want } from "./complete";

const STALE = 60_000;
const MOST_KEPT = 60;

type Metadata = Record<string, { type: string; help: string }[]>;

export class Catalogue {
  private readonly held = new Map<string, { at: number; told: Promise<unknown> }>();

  constructor(private readonly api: Api) {}

  async offers(want: Want): Promise<Offer[]> {
    if (want.kind === "name") return namesFor(want.word, await this.metrics());
    const found = want.kind === "label" ? await this.labels(want.metric) : await this.values(want.label, want.metric);
    return fitting(want.word, found.filter((name) => name !== "__name__").map((text) => ({ text, about: want.kind, ...(want.kind === "value" ? { written: escaped(text) } : {}) })));
  }

  async metrics(): Promise<Names[]> {
    const [names, about] = await Promise.all([this.ask<string[]>("/api/v1/label/__name__/values"), this.ask<Metadata>("/api/v1/metadata")]);
    return names.map((name) => ({ name, about: described(about, name) }));
  }

  private labels(metric: string): Promise<string[]> {
    return this.ask(`/api/v1/labels${chosen(metric)}`);
  }

  private values(label: string, metric: string): Promise<string[]> {
    return this.ask(`/api/v1/label/${encodeURIComponent(label)}/values${chosen(metric)}`);
  }

  private ask<T>(path: string): Promise<T> {
    const known = this.held.get(path);
    if (known && Date.now() - known.at < STALE) return known.told as Promise<T>;
    const told = this.api.get<{ data: T }>(path).then((answer) => answer.data);
    told.catch(() => this.held.delete(path));
    this.held.set(path, { at: Date.now(), told });
    if (this.held.size > MOST_KEPT) this.held.delete([...this.held.keys()][0]!);
    return told;
  }
}

function chosen(metric: string): string {
  return metric ? `?${new URLSearchParams([["match[]", metric]]).toString()}` : "";
}

function described(about: Metadata, name: string): string {
  const found = about[name]?.[0] ?? about[name.replace(/_(bucket|sum|count|total)$/, "")]?.[0];
  return found ? `${found.type}${found.help ? `: ${found.help}` : ""}` : "metric";
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}
