// Hand a text to the browser as a file.

import { h } from "../shell/dom";

export function download(name: string, kind: string, content: string): void {
  const address = URL.createObjectURL(new Blob([content], { type: kind }));
  const link = h("a", { href: address, download: name });
  link.click();
  // The browser reads the content after the click.
  window.setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
