// Which series are a bot's: those of its targets.

import { type Kind, KINDS, metrics, PROCESS } from "./kinds";
import type { Api } from "../shell/api";
import type { Overview, Target } from "../shell/model";
import { quoted } from "../shell/prom";

/** The shortest window of a rate, in seconds, and how many scrapes one holds at least. */
const WINDOW = 30;
const SCRAPES = 4;

export class Scope {
  private constructor(
    private readonly matchers: string,
    private readonly window: number,
  ) {}

  /** The scope of a bot; null where none of its targets is known. */
  static of(overview: Overview, bot: string): Scope | null {
    const mine = overview.targets.filter((target) => target.bot === bot);
    if (!mine.length) return null;
    return new Scope(`${oneOf("job", mine.map((row) => row.job))}, ${oneOf("instance", mine.map((row) => row.instance))}`, windowOf(mine));
  }

  /** All bots at once, told apart by job and instance. */
  static all(overview: Overview): Scope {
    return new Scope("", windowOf(overview.targets));
  }

  get selector(): string {
    return `{${this.matchers}}`;
  }

  /** Put the matchers, the window, and the range of a table into an expression. */
  fill(expr: string, range = 3600): string {
    const scoped = this.matchers ? expr.replaceAll("$s", this.matchers) : expr.replaceAll(/\$s,? ?/g, "");
    return scoped.replaceAll("$w", `${this.window}s`).replaceAll("$r", `${Math.round(range)}s`);
  }
}

function windowOf(targets: Target[]): number {
  return Math.ceil(Math.max(WINDOW, ...targets.map((row) => SCRAPES * row.interval)));
}

function oneOf(label: string, values: string[]): string {
  const known = [...new Set(values)];
  if (known.length === 1) return `${label}=${quoted(known[0]!)}`;
  return `${label}=~${quoted(known.map((value) => value.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&")).join("|"))}`;
}

/** The names of a bot's metrics. */
export async function names(api: Api, scope: Scope): Promise<Set<string>> {
  const answer = await api.get<{ data: string[] }>(`/api/v1/label/__name__/values?match[]=${encodeURIComponent(scope.selector)}`);
  return new Set(answer.data);
}

export function kindOf(known: Set<string>): Kind | undefined {
  return KINDS.find((kind) => known.has(kind.sign));
}

/** Tell apart what can be drawn: the metrics that the bot has of those that its panels and tables read. */
export function drawable(known: Set<string>): string {
  const read = metrics(JSON.stringify([kindOf(known), PROCESS]));
  return [...new Set(read)].filter((name) => known.has(name)).join();
}

/** Whether all that an expression reads was ever measured. */
export function measured(expr: string, known: Set<string>): boolean {
  return metrics(expr).every((name) => known.has(name));
}
