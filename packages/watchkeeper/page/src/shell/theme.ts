// Light, dark, or as the system has it; the choice outlives a reload.

import { reshade } from "../charts/ink";
import { h, set } from "./dom";
import { keep, kept } from "./memory";

const NAMES: Record<string, [string, string]> = { auto: ["◐", "Auto"], light: ["☀", "Light"], dark: ["☾", "Dark"] };

export function themeButton(): HTMLElement {
  const button = h("button", { type: "button", id: "theme", class: "button quiet", title: "Colours: follow the system, light or dark" });
  const show = (wanted: string): void => {
    const name = wanted in NAMES ? wanted : "auto";
    set(document.documentElement, "data-theme", name === "auto" ? undefined : name);
    const [sign, word] = NAMES[name]!;
    button.replaceChildren(h("span", { "aria-hidden": "true" }, sign), h("span", { class: "word" }, word));
    button.dataset["name"] = name;
  };
  button.addEventListener("click", () => {
    const names = Object.keys(NAMES);
    const next = names[(names.indexOf(button.dataset["name"] ?? "") + 1) % names.length]!;
    keep("theme", next);
    show(next);
    reshade();
  });
  show(kept("theme") ?? "auto");
  return button;
}
