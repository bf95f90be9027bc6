// What may be written at the cursor of a PromQL text. Pure.

export interface Want {
  kind: "name" | "label" | "value";
  /** What is replaced: from here to the cursor. */
  from: number;
  word: string;
  /** The metric whose labels are wanted; empty where none is written. */
  metric: string;
  label: string;
}

export interface Offer {
  text: string;
  /** What it is, beside it. */
  about: string;
  /** What is written; text where it is left out. */
  written?: string;
}

const FUNCTIONS = (
  "abs absent absent_over_time avg avg_over_time bottomk ceil changes clamp clamp_max clamp_min count count_over_time count_values day_of_week delta deriv " +
  "exp floor group histogram_quantile hour idelta increase irate label_join label_replace last_over_time ln log10 log2 max max_over_time min min_over_time " +
  "predict_linear quantile quantile_over_time rate resets round scalar sgn sort sort_desc sqrt stddev stddev_over_time sum sum_over_time time timestamp topk vector year"
).split(" ");
const WORDS = ["by", "without", "offset", "on", "ignoring", "group_left", "group_right", "bool", "and", "or", "unless"];
const MOST = 40;

/** Tell what is being written; null inside a text or a number, where nothing can be offered. */
export function wanted(text: string, cursor: number): Want | null {
  const before = text.slice(0, cursor);
  const value = /([a-zA-Z_][\w]*)\s*(?:=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)$/.exec(before);
  const metric = metricBefore(before);
  if (value && open(before) !== -1) return { kind: "value", from: cursor - value[2]!.length, word: value[2]!, metric, label: value[1]! };
  const word = /[a-zA-Z_:][\w:]*$/.exec(before)?.[0] ?? "";
  const from = cursor - word.length;
  if (/[\d.]$/.test(before.slice(0, from)) || quoted(before)) return null;
  const inLabels = open(before) !== -1 || /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*$/.test(before);
  return { kind: inLabels ? "label" : "name", from, word, metric, label: "" };
}

/** Where the brace that is not closed yet is; -1 without one. */
function open(before: string): number {
  const bare = before.replace(/"(?:[^"\\]|\\.)*"/g, (text) => "_".repeat(text.length));
  const brace = bare.lastIndexOf("{");
  return brace > bare.lastIndexOf("}") ? brace : -1;
}

function quoted(before: string): boolean {
  return (before.replace(/\\./g, "").match(/"/g) ?? []).length % 2 === 1;
}

function metricBefore(before: string): string {
  const brace = open(before);
  const head = brace >= 0 ? before.slice(0, brace) : before;
  return /([a-zA-Z_:][\w:]*)\s*$/.exec(head)?.[1] ?? "";
}

export interface Names {
  name: string;
  about: string;
}

/** Offer metrics, functions and words; those that begin with the word come first. */
export function namesFor(word: string, metrics: Names[]): Offer[] {
  const offers: Offer[] = [
    ...metrics.map((one) => ({ text: one.name, about: one.about })),
    ...FUNCTIONS.map((text) => ({ text, about: "function", written: `${text}(` })),
    ...WORDS.map((text) => ({ text, about: "keyword" })),
  ];
  return fitting(word, offers);
}

export function fitting(word: string, offers: Offer[]): Offer[] {
  const low = word.toLowerCase();
  const rank = ({ text }: Offer): number => (text.toLowerCase().startsWith(low) ? 0 : text.toLowerCase().includes(low) ? 1 : scattered(low, text.toLowerCase()) ? 2 : 3);
  const ranked = offers.map((offer) => [rank(offer), offer] as const).filter(([place, offer]) => place < 3 && offer.text !== word);
  return ranked.sort(([one], [other]) => one - other).slice(0, MOST).map(([, offer]) => offer);
}

/** Whether the letters come in this order: `mvrpc` finds `mev_rpc_calls_total`. */
function scattered(letters: string, text: string): boolean {
  let at = 0;
  for (const letter of letters) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return letters.length > 2;
}
