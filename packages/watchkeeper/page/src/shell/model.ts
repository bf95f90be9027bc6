// What the keeper's /api/overview and /api/events tell. Times are Unix seconds.

export type Status = "healthy" | "degraded" | "unhealthy" | "unknown" | "up" | "down";
export type Unit = "per_second" | "seconds" | "wei" | "ratio" | "bytes" | "count" | "dollars" | "none";

/** Wei come as decimal strings, everything else as numbers; null is not known. */
export type Amount = number | string | null;

export interface Whole {
  status: Status;
  reason: string;
  since: number;
  subject: string;
}

export interface Part {
  name: string;
  status: Status;
  reason: string;
  since: number;
  severity: string;
  trend: string;
  depends: string[];
}

export interface Bot {
  name: string;
  status: Status;
  reason: string;
  since: number;
  board: string;
  service: string;
  version: string;
  started: number;
  components: Part[];
  silence: Part[];
}

export interface Target {
  job: string;
  instance: string;
  bot: string;
  url: string;
  status: Status;
  since: number;
  reason: string;
  last_scrape: number;
  duration: number;
  samples: number;
  interval: number;
}

export interface Figure {
  id: string;
  title: string;
  unit: Unit;
  value: Amount;
}

export interface Alert {
  fingerprint: string;
  status: "firing" | "resolved";
  labels: Record<string, string>;
  annotations: Record<string, string>;
  starts_at: number;
  ends_at: number | null;
}

export interface Flip {
  at: number;
  subject: string;
  from_state: string;
  to_state: string;
  reason: string;
  severity: string;
}

export interface Overview {
  time: number;
  version: string;
  started: number;
  overall: Whole;
  bots: Bot[];
  targets: Target[];
  figures: Record<string, Figure[]>;
  alerts: Alert[];
  flips: Flip[];
  keeper: Record<string, number | string | null>;
}

export interface Line {
  label: string;
  values: Amount[];
  /** A line to compare with. */
  dashed?: boolean;
}
