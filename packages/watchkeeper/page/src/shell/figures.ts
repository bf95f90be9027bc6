// Headline numbers of a bot.

import { h, list, set } from "./dom";
import { amount } from "./format";
import type { Figure } from "./model";

/** Each figure keeps its element; only its number changes. */
export function figures(holder: HTMLElement, rows: Figure[]): void {
  list(holder, rows.map(({ id, title }) => ({ id, title })), (row) => row.id, (row) =>
    h("div", { class: "figure" }, h("span", {}, row.title), h("b", {}, "")),
  );
  rows.forEach((row, place) => {
    const number = holder.children[place]?.querySelector("b");
    if (!number) return;
    const [value, unit = ""] = amount(row.value, row.unit).split("\u202f");
    if (number.textContent !== value + unit) number.replaceChildren(value ?? "", h("small", {}, unit));
    set(number, "class", typeof row.value === "string" && row.value.startsWith("-") ? "negative" : undefined);
  });
}
