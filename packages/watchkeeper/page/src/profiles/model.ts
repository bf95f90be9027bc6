// What /api/profiles answers, as far as it is shown. Times are Unix seconds, totals nanoseconds of processor time.

import type { Call, Pair } from "../charts/calls";

export interface ProfileRow {
  bot: string;
  at: number;
  seconds: number;
  total: number;
}

export interface ProfileRows {
  profiles: ProfileRow[];
  failures: Record<string, string>;
}

export interface FlameTold {
  seconds: number;
  kind: string;
  unit: string;
  root: Call;
}

export interface DiffTold {
  seconds: number;
  base_seconds: number;
  kind: string;
  unit: string;
  root: Pair;
}
