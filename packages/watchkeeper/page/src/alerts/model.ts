// What /api/v2/alerting and /api/v2/silences tell; times are RFC 3339 texts.

export type Standing = "pending" | "firing" | "acknowledged" | "silenced" | "inhibited" | "muted" | "resolved";
export type Labels = Record<string, string>;

export interface Taken {
  who: string;
  at: string;
  until: string | null;
  note: string;
}

export interface Alert {
  fingerprint: string;
  labels: Labels;
  annotations: Labels;
  startsAt: string;
  generatorURL?: string;
  standing: Standing;
  since: string;
  acknowledgement: Taken | null;
  receivers: { name: string }[];
  status: { silencedBy: string[]; inhibitedBy: string[]; mutedBy: string[] };
}

export interface Escalation {
  policy: string;
  steps: string[];
  step: number;
  rounds: number;
  startedAt: string;
  nextAt: string | null;
  done: boolean;
  told: string[];
}

export interface Group {
  key: string;
  route: string;
  receiver: string;
  channels: string[];
  labels: Labels;
  nextLook: string;
  escalation: Escalation | null;
  alerts: Alert[];
}

export type Counts = Record<"open" | Exclude<Standing, "resolved">, number>;

export interface Sheet {
  time: string;
  counts: Counts;
  groups: Group[];
  over: Alert[];
}

export interface Event {
  at: string;
  kind: string;
  detail: string;
  who: string;
}

export interface Telling {
  at: string;
  receiver: string;
  channel: string;
  place: number;
  status: "firing" | "resolved";
  reason: string;
  people: string[];
  state: string;
  tries: number;
  error: string;
  nextTry: string | null;
  doneAt: string | null;
}

export interface Story {
  events: Event[];
  told: Telling[];
}

export interface Matcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual: boolean;
}

export interface Silence {
  id: string;
  status: { state: "active" | "pending" | "expired" };
  matchers: Matcher[];
  startsAt: string;
  endsAt: string;
  createdBy: string;
  comment: string;
}

/** A time of the API as Unix seconds. */
export function seconds(stamp: string): number {
  return Date.parse(stamp) / 1000;
}

export function summary(alert: Alert): string {
  return alert.annotations["summary"] ?? alert.labels["alertname"] ?? "alert";
}
