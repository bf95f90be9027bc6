// Trees of calls, as numbers: who is how wide, who belongs to which module, what each function took. Pure.

/** One call. base is there where two profiles are compared; then amounts are per second. */
export interface Call {
  name: string;
  value: number;
  own: number;
  base?: number;
  children: Call[];
}

/** One call's place: left and width are shares of the whole graph. */
export interface Placed {
  call: Call;
  parent: Placed | null;
  depth: number;
  left: number;
  width: number;
}

export interface Row {
  name: string;
  own: number;
  total: number;
  ownBase: number;
  totalBase: number;
}

/** What the server tells of two profiles, which has no own amounts: those are what no call explains. */
export interface Pair {
  name: string;
  value: number;
  base: number;
  children: Pair[];
}

export function withOwn(pair: Pair): Call {
  const explained = pair.children.reduce((sum, child) => sum + child.value, 0);
  return { name: pair.name, value: pair.value, base: pair.base, own: Math.max(0, pair.value - explained), children: pair.children.map(withOwn) };
}

export function ownBase(call: Call): number {
  const explained = call.children.reduce((sum, child) => sum + (child.base ?? 0), 0);
  return Math.max(0, (call.base ?? 0) - explained);
}

/** How wide a call is; where two profiles are compared, what vanished keeps a width, too. */
export function weight(call: Call): number {
  return call.base === undefined ? call.value : (call.value + call.base) / 2;
}

/** Place the calls below one that fills the whole width; those narrower than `least` are left out. */
export function placed(root: Call, least: number): Placed[] {
  const found: Placed[] = [];
  const all = weight(root) || 1;
  const visit = (call: Call, parent: Placed | null, left: number): void => {
    const at: Placed = { call, parent, depth: parent ? parent.depth + 1 : 0, left, width: weight(call) / all };
    found.push(at);
    let next = left;
    for (const child of call.children) {
      const width = weight(child) / all;
      if (width >= least) visit(child, at, next);
      next += width;
    }
  };
  visit(root, null, 0);
  return found;
}

/** The calls from the root to one of them, itself included; empty where it is not below the root. */
export function pathTo(root: Call, wanted: Call): Call[] {
  if (root === wanted) return [root];
  for (const child of root.children) {
    const below = pathTo(child, wanted);
    if (below.length) return [root, ...below];
  }
  return [];
}

/** The module of `package.module.Class.function`: at most two names, none of them a class. */
export function moduleOf(name: string): string {
  if (name.includes("=") || !name.includes(".")) return "";
  const names = name.split(".").slice(0, -1);
  const classes = names.findIndex((part) => /^[A-Z<]/.test(part) || /^_[A-Z]/.test(part));
  return names.slice(0, classes < 0 ? names.length : classes).slice(0, 2).join(".");
}

/** The last names of a function, enough to know it again. */
export function shortName(name: string): string {
  return name.includes("=") ? name : name.split(".").slice(-2).join(".");
}

/** What each function took itself and with all it called; one that calls itself counts once. */
export function functions(root: Call): Row[] {
  const rows = new Map<string, Row>();
  const visit = (call: Call, above: Set<string>): void => {
    const row = rows.get(call.name) ?? { name: call.name, own: 0, total: 0, ownBase: 0, totalBase: 0 };
    rows.set(call.name, row);
    row.own += call.own;
    row.ownBase += ownBase(call);
    if (!above.has(call.name)) {
      row.total += call.value;
      row.totalBase += call.base ?? 0;
    }
    const inside = new Set(above).add(call.name);
    for (const child of call.children) visit(child, inside);
  };
  for (const child of root.children) visit(child, new Set());
  // A thread's name stands above the calls and is none.
  return [...rows.values()].filter((row) => !row.name.includes("="));
}

/** The modules by what they took themselves, greatest first. */
export function modules(root: Call): [string, number][] {
  const sums = new Map<string, number>();
  for (const row of functions(root)) {
    const name = moduleOf(row.name);
    sums.set(name, (sums.get(name) ?? 0) + Math.max(row.own, row.ownBase));
  }
  return [...sums].sort((one, other) => other[1] - one[1]);
}

/** Whether a name, or that of any call, holds the searched words, letters of both cases alike. */
export function matches(name: string, words: string): boolean {
  return words !== "" && name.toLowerCase().includes(words.toLowerCase());
}

/** What the matching calls took together; a call below a match is in it already. */
export function matched(call: Call, words: string): number {
  if (matches(call.name, words)) return call.value;
  return call.children.reduce((sum, child) => sum + matched(child, words), 0);
}
