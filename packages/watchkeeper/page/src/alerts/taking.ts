// Acknowledge: who takes an alert on, until when, and why.

import { h } from "../shell/dom";
import type { Context } from "../shell/view";
import { Dialog, field } from "./dialog";
import { lengthOf } from "./lengths";

const UNTIL: [string, string][] = [["", "until it is over"], ["30m", "for 30 minutes"], ["1h", "for 1 hour"], ["4h", "for 4 hours"], ["1d", "for 1 day"]];

/** Ask for the words of an acknowledgement of some alerts, and send it. */
export function acknowledge(root: HTMLElement, context: Context, fingerprints: string[], what: string, done: () => void): void {
  const name = context.who.name;
  const who = h("input", { value: name, maxlength: 80, autocomplete: "name", readonly: Boolean(name) }) as HTMLInputElement;
  const until = h("select", {}, ...UNTIL.map(([value, label]) => h("option", { value }, label))) as HTMLSelectElement;
  const note = h("textarea", { rows: 2, maxlength: 500, autofocus: true }) as HTMLTextAreaElement;
  const fields = [h("p", { class: "what" }, what), field("Comment", note, "What you know, what you will do"), field("It holds", until), field("Your name", who, name ? "You are logged in" : "")];
  const dialog = new Dialog(fingerprints.length > 1 ? `Acknowledge ${fingerprints.length} alerts` : "Acknowledge this alert", "Acknowledge", fields, async () => {
    const length = lengthOf(until.value);
    await context.api.post("/api/v2/alerting/acknowledge", { who: who.value, fingerprints, note: note.value, ...(length === null ? {} : { seconds: length }) });
    context.say(fingerprints.length > 1 ? `${fingerprints.length} alerts acknowledged` : "Acknowledged: everybody who was told hears of it");
    done();
  });
  dialog.open(root);
  note.focus();
}
