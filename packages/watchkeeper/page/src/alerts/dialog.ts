// A form in a window of its own: Escape and the close button end it, the focus goes back to where it was.

import { h, text } from "../shell/dom";
import { ApiError } from "../shell/api";
import { refocus } from "./focus";

/**
 * Show a form; `send` does what it is for and may throw ApiError, whose words are shown.
 *
 * Fields are labelled by the caller. Only one dialog is open at a time.
 */
export class Dialog {
  readonly wrong = h("p", { class: "wrong", role: "alert" });
  readonly submit: HTMLButtonElement;
  private readonly element: HTMLDialogElement;
  private readonly from = document.activeElement as HTMLElement | null;
  private readonly closers: (() => void)[] = [];

  constructor(title: string, verb: string, fields: HTMLElement[], private readonly send: () => Promise<void>) {
    const heading = h("h2", { id: "dialog-title" }, title);
    this.submit = h("button", { type: "submit", class: "button main" }, verb) as HTMLButtonElement;
    const cancel = h("button", { type: "button", class: "button" }, "Cancel");
    cancel.addEventListener("click", () => this.close());
    const form = h("form", { method: "dialog", novalidate: true }, heading, ...fields, this.wrong, h("div", { class: "dialog-foot" }, cancel, this.submit));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.finish();
    });
    this.element = h("dialog", { class: "dialog", "aria-labelledby": "dialog-title" }, form) as HTMLDialogElement;
    this.element.addEventListener("close", () => this.gone());
  }

  /** Put it into the view, so that it goes with it, and open it. */
  open(root: HTMLElement): void {
    root.append(this.element);
    this.element.showModal();
  }

  close(): void {
    this.element.close();
  }

  onClose(closer: () => void): void {
    this.closers.push(closer);
  }

  private async finish(): Promise<void> {
    if (this.submit.disabled) return;
    this.submit.disabled = true;
    text(this.wrong, "");
    try {
      await this.send();
      this.close();
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      text(this.wrong, problem.message);
    } finally {
      this.submit.disabled = false;
    }
  }

  private gone(): void {
    this.element.remove();
    this.closers.forEach((closer) => closer());
    if (this.from?.isConnected) this.from.focus();
    else if (!refocus(document, this.from?.dataset["focus"])) document.getElementById("main")?.focus();
  }
}

export function field(label: string, control: HTMLElement, hint = ""): HTMLElement {
  return h("label", { class: "field" }, h("span", {}, label), control, hint ? h("small", {}, hint) : null);
}
