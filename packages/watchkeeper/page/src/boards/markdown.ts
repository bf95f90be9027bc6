// The part of Markdown that texts of boards need, as elements; nothing of a text becomes HTML.

import { h } from "../shell/dom";

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

/** Headings, lists, paragraphs, bold, italic, code, links to http, https and places of this page. */
export function markdown(text: string): HTMLElement {
  const box = h("div", { class: "markdown" });
  for (const block of text.split(/\n\s*\n|(?=^#{1,6} )|(?<=^#{1,6} .*)\n/m)) {
    if (block.trim()) box.append(blockOf(block.trim()));
  }
  return box;
}

function blockOf(block: string): HTMLElement {
  const heading = /^(#{1,6}) (.*)$/.exec(block);
  if (heading) return h(`h${Math.min(6, heading[1]!.length + 2)}`, {}, ...inline(heading[2]!));
  const lines = block.split("\n");
  if (lines.every((line) => /^\s*[-*] /.test(line))) return h("ul", {}, ...lines.map((line) => h("li", {}, ...inline(line.replace(/^\s*[-*] /, "")))));
  if (lines.every((line) => /^\s*\d+[.)] /.test(line))) return h("ol", {}, ...lines.map((line) => h("li", {}, ...inline(line.replace(/^\s*\d+[.)] /, "")))));
  return h("p", {}, ...inline(lines.join(" ")));
}

function inline(text: string): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    parts.push(text.slice(from, match.index), formatted(match));
    from = match.index + match[0].length;
  }
  return [...parts, text.slice(from)];
}

function formatted([whole, code, bold, italic, name, address]: RegExpMatchArray): Node | string {
  if (code) return h("code", {}, code);
  if (bold) return h("strong", {}, bold);
  if (italic) return h("em", {}, italic);
  if (name && address && /^(https?:\/\/|#\/)/.test(address)) return h("a", { href: address, rel: "noreferrer" }, name);
  return whole!;
}
