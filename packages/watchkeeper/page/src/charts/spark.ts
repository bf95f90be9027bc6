// A sparkline: the shape of a number's recent past, without axes.

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [160, 36];

/** Draw values oldest first; null is a gap. `say` is its text for those who do not see it. */
export function spark(values: (number | null)[], say: string): SVGSVGElement {
  const known = values.filter((value): value is number => value !== null);
  const [least, most] = [Math.min(0, ...known), Math.max(...known, 0)];
  const place = (at: number): number => (at / Math.max(1, values.length - 1)) * WIDTH;
  const height = (value: number): number => HEIGHT - 2 - ((value - least) / (most - least || 1)) * (HEIGHT - 4);
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "spark", role: "img", "aria-label": say, preserveAspectRatio: "none" }) as SVGSVGElement;
  for (const run of runs(values)) {
    const points = run.map(([at, value]) => `${place(at).toFixed(1)},${height(value).toFixed(1)}`);
    const [first, last] = [place(run[0]![0]).toFixed(1), place(run.at(-1)![0]).toFixed(1)];
    svg.append(
      element("path", { d: `M${first},${height(0).toFixed(1)}L${points.join("L")}L${last},${height(0).toFixed(1)}Z`, class: "under" }),
      element("path", { d: `M${points.join("L")}`, class: "over" }),
    );
  }
  return svg;
}

/** The stretches without a gap, as places and values. */
function runs(values: (number | null)[]): [number, number][][] {
  const found: [number, number][][] = [];
  let open: [number, number][] | null = null;
  values.forEach((value, at) => {
    if (value === null) open = null;
    else if (open) open.push([at, value]);
    else found.push((open = [[at, value]]));
  });
  return found;
}

export function element(name: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
