// What the overview shows of each bot beside its state: profit, pace and its recent past, speed.

import { type Headline, KINDS } from "../bot/kinds";
import { Scope } from "../bot/scope";
import type { Api } from "../shell/api";
import type { Overview, Target, Unit } from "../shell/model";
import { grid, instant, onGrid, range } from "../shell/prom";

export interface Number {
  title: string;
  unit: Unit;
  value: number;
}

export interface Pulse {
  profit?: Number;
  pace?: Number;
  speed?: Number;
  /** The pace over the last quarter of an hour, oldest first. */
  past: (number | null)[];
}

const PAST = 900;
const STEP = 15;

/** Ask for all bots at once: a few questions, however many bots there are. */
export async function pulses(api: Api, overview: Overview): Promise<Map<string, Pulse>> {
  const found = new Map<string, Pulse>();
  const scope = Scope.all(overview);
  const of = (labels: Record<string, string>): Pulse | null => {
    const bot = owner(overview.targets, labels);
    if (!bot) return null;
    const pulse = found.get(bot) ?? { past: [] };
    found.set(bot, pulse);
    return pulse;
  };
  const number = async (name: "profit" | "pace" | "speed", asked: Headline): Promise<void> => {
    for (const { labels, value } of await instant(api, scope.fill(asked.expr))) {
      const pulse = of(labels);
      if (pulse) pulse[name] = { title: asked.title, unit: asked.unit, value };
    }
  };
  for (const kind of KINDS) {
    await Promise.all([number("profit", kind.profit), number("pace", kind.pace), number("speed", kind.speed)]);
    // Under stress the keeper refuses ranges and answers the rest.
    await past(api, scope.fill(kind.pace.expr), of).catch(() => undefined);
  }
  return found;
}

async function past(api: Api, expr: string, of: (labels: Record<string, string>) => Pulse | null): Promise<void> {
  const now = Date.now() / 1000;
  const times = grid(now - PAST, now, STEP);
  for (const series of await range(api, expr, times[0]!, times.at(-1)!, STEP)) {
    const pulse = of(series.labels);
    if (pulse) pulse.past = onGrid(series, times);
  }
}

/** The bot that a series is of, by its target. */
export function owner(targets: Target[], labels: Record<string, string>): string | undefined {
  return targets.find((row) => row.job === labels["job"] && row.instance === labels["instance"])?.bot;
}
