// The little that is needed of a view library: make, change in place, keep lists by key.

type Child = Node | string | null;
type Attributes = Record<string, string | number | boolean | undefined>;

/** Make an element; attributes that are false or undefined are left out. */
export function h(name: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) set(element, key, value);
  element.append(...children.filter((child): child is Node | string => child !== null));
  return element;
}

export function set(element: Element, key: string, value: string | number | boolean | undefined): void {
  const wanted = value === undefined || value === false ? null : value === true ? "" : String(value);
  if (wanted === element.getAttribute(key)) return;
  if (wanted === null) element.removeAttribute(key);
  else element.setAttribute(key, wanted);
}

/** Change a text only where it differs, so that selections and screen readers are left in peace. */
export function text(element: Element, value: string): void {
  if (element.textContent !== value) element.textContent = value;
}

export function find<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element as T;
}

/** Make the children of a list follow its rows: one element per key, in order, made again when its row changed. */
export function list<Row>(parent: Element, rows: Row[], key: (row: Row) => string, make: (row: Row) => HTMLElement): void {
  const held = new Map([...parent.children].map((child) => [(child as HTMLElement).dataset["key"], child]));
  rows.forEach((row, place) => {
    const [name, mark] = [key(row), JSON.stringify(row)];
    let element = held.get(name) as HTMLElement | undefined;
    held.delete(name);
    if (!element || element.dataset["mark"] !== mark) {
      const fresh = make(row);
      fresh.dataset["key"] = name;
      fresh.dataset["mark"] = mark;
      element?.remove();
      element = fresh;
    }
    if (parent.children[place] !== element) parent.insertBefore(element, parent.children[place] ?? null);
  });
  held.forEach((child) => child.remove());
}
