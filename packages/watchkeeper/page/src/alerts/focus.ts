// The focus goes back to where it was, also when what stood there was drawn anew or became its counterpart.

const TWINS: Record<string, string> = { ack: "let", let: "ack" };

/** Focus what bears this `data-focus`, or what has taken its place; tell whether there is such a thing. */
export function refocus(root: ParentNode, place: string | undefined): boolean {
  if (!place) return false;
  const [kind = "", ...rest] = place.split("-");
  const twin = TWINS[kind];
  for (const name of twin ? [place, `${twin}-${rest.join("-")}`] : [place]) {
    root.querySelector<HTMLElement>(`[data-focus="${CSS.escape(name)}"]`)?.focus();
    if ((document.activeElement as HTMLElement | null)?.dataset["focus"] === name) return true;
  }
  return false;
}
