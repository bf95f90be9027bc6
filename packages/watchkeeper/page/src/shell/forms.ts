// Forms and buttons that say what became of what was asked.

import { ApiError } from "./api";
import { h, set, text } from "./dom";
import type { Right } from "./who";
import type { Context } from "./view";

/** A labelled field around an input; `hint` stands below it. */
export function field(label: string, input: HTMLElement, hint = ""): HTMLElement {
  return h("label", { class: "field" }, h("span", {}, label), input, hint ? h("small", {}, hint) : null);
}

/** A form that asks once at a time and shows why it was refused; `send` may throw. */
export function form(id: string, submit: string, fields: HTMLElement[], send: (values: Record<string, string>) => Promise<void>): HTMLFormElement {
  const wrong = h("p", { class: "wrong", role: "alert" });
  const button = h("button", { type: "submit", class: "button main" }, submit) as HTMLButtonElement;
  const made = h("form", { id, class: "form" }, ...fields, wrong, h("div", {}, button)) as HTMLFormElement;
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(made)].map(([name, value]) => [name, String(value)]));
    button.disabled = true;
    text(wrong, "");
    send(values)
      .catch((problem: unknown) => text(wrong, (problem as Error).message))
      .finally(() => {
        button.disabled = false;
      });
  });
  return made;
}

/**
 * A button for a deed that needs a right. Who lacks it sees the button and reads why it does nothing:
 * it keeps the focus and its words, which a disabled button would not.
 */
export function deed(context: Context, right: Right, words: string, act: () => Promise<unknown>, look = ""): HTMLButtonElement {
  const button = h("button", { type: "button", class: `button ${look}` }, words) as HTMLButtonElement;
  const why = context.who.why(right);
  if (why) {
    set(button, "aria-disabled", "true");
    button.title = why;
  }
  button.addEventListener("click", () => {
    if (why) return context.say(why, "bad");
    button.disabled = true;
    act()
      .catch((problem: unknown) => context.say(refusal(problem), "bad"))
      .finally(() => {
        button.disabled = false;
      });
  });
  return button;
}

export function refusal(problem: unknown): string {
  return problem instanceof ApiError ? problem.message : `this page failed: ${String(problem)}`;
}

/** Ask before something that cannot be taken back; the button asks itself, without a window. */
export function twice(button: HTMLButtonElement, question: string): HTMLButtonElement {
  const words = button.textContent ?? "";
  let armed = 0;
  button.addEventListener(
    "click",
    (event) => {
      if (armed || button.getAttribute("aria-disabled")) return;
      event.stopImmediatePropagation();
      text(button, question);
      armed = window.setTimeout(() => {
        armed = 0;
        text(button, words);
      }, 5000);
    },
    { capture: true },
  );
  return button;
}
