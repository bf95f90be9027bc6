// Numbers and times in human units.

import type { Amount, Unit } from "./model";

const THIN = "\u202f";
const WEI = 18;

/** A length of time: "12 s", "3 m 12 s", "4 h 2 m", "3 d 4 h". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} m`;
  if (minutes) return `${minutes} m ${whole % 60} s`;
  return `${whole} s`;
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const DAY = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

/** A moment: the time of day, with the date where it was not today. */
export function moment(at: number, now: number = Date.now() / 1000): string {
  const date = new Date(at * 1000);
  const today = date.toDateString() === new Date(now * 1000).toDateString();
  return today ? CLOCK.format(date) : `${DAY.format(date)}, ${CLOCK.format(date)}`;
}

/** Three significant digits, without an exponent. */
function digits(value: number): string {
  const size = Math.abs(value);
  const places = size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4;
  return value.toLocaleString("en", { maximumFractionDigits: places });
}

function scaled(value: number, steps: [number, string][]): string {
  const size = Math.abs(value);
  const [factor, name] = steps.find(([least]) => size >= least) ?? steps[steps.length - 1]!;
  return `${digits(value / factor)}${THIN}${name}`.trimEnd();
}

const SECONDS: [number, string][] = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"]];
const BYTES: [number, string][] = [[2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]];
const COUNTS: [number, string][] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];

function count(value: number): string {
  return Math.abs(value) >= 1e4 ? scaled(value, COUNTS) : digits(value);
}

/** Wei as ether, from the exact integer: four significant places after the leading zeros. */
export function ether(wei: bigint): string {
  const sign = wei < 0n ? "\u2212" : "";
  const text = (wei < 0n ? -wei : wei).toString().padStart(WEI + 1, "0");
  const whole = text.slice(0, -WEI);
  const part = text.slice(-WEI);
  const zeros = part.length - part.replace(/^0+/, "").length;
  const places = whole === "0" ? Math.min(WEI, Math.max(4, zeros + 3)) : 4;
  const shown = whole === "0" && places > 9 ? "" : part.slice(0, places).replace(/0+$/, "");
  if (whole === "0" && places > 9) return `${sign}${digits(Number(wei < 0n ? -wei : wei) / 1e9)}${THIN}gwei`;
  return `${sign}${BigInt(whole).toLocaleString("en")}${shown ? "." + shown : ""}${THIN}ETH`;
}

/** Cents below ten thousand, three digits and a letter above. */
function dollars(value: number): string {
  if (value >= 1e4) return scaled(value, COUNTS);
  return value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: value < 1 ? 4 : 2 });
}

/** A number with its unit; an unknown one is a dash. */
export function amount(value: Amount | undefined, unit: Unit): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "\u2013";
  if (unit === "wei") return ether(typeof value === "string" ? BigInt(value) : BigInt(Math.round(value)));
  const number = Number(value);
  if (unit === "seconds") return number === 0 ? `0${THIN}s` : scaled(number, SECONDS);
  if (unit === "bytes") return scaled(number, BYTES);
  if (unit === "ratio") return `${digits(number * 100)}${THIN}%`;
  if (unit === "dollars") return `${number < 0 ? "\u2212" : ""}$${dollars(Math.abs(number))}`;
  if (unit === "per_second") return `${count(number)}${THIN}/s`;
  return count(number);
}

/** Wei to a plain number of ether, for drawing only. */
export function drawn(value: Amount, unit: Unit): number | null {
  if (value === null) return null;
  return unit === "wei" ? Number(value) / 1e18 : Number(value);
}

/** A drawn number back in words. */
export function label(value: number, unit: Unit): string {
  if (unit === "wei") return `${digits(value)}${THIN}ETH`;
  return amount(value, unit);
}
