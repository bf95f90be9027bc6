// The colours of the theme, for what is drawn on a canvas.

const RESHADED = "watchkeeper-colours";

/** A colour of the style sheet, by its custom property. */
export function ink(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Tell all drawings that the colours changed. */
export function reshade(): void {
  document.dispatchEvent(new Event(RESHADED));
}

/** Draw again when the colours change; the answer ends it. */
export function onColours(draw: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", draw);
  document.addEventListener(RESHADED, draw);
  return () => {
    system.removeEventListener("change", draw);
    document.removeEventListener(RESHADED, draw);
  };
}
