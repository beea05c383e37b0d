import type { ViewHistogram } from "@graphpatch/kernel/protocol";
import type { TranslationBundle } from "@jupyterlab/translation";
import { element } from "../elements";
import { formatValue } from "../numbers";

const SVG = "http://www.w3.org/2000/svg";
const BAR = 4;
const HEIGHT = 32;

/** How often values occur, as small bars between the smallest and the largest; heights are square roots, or rare values would not be seen. */
export function histogram({ from, to, counts }: ViewHistogram, trans: TranslationBundle): HTMLElement {
  const most = Math.max(1, ...counts);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("width", String(counts.length * BAR));
  svg.setAttribute("height", String(HEIGHT));
  svg.setAttribute("role", "img");
  const peak = counts.indexOf(most);
  const step = (to - from) / counts.length;
  svg.setAttribute(
    "aria-label",
    trans.__(
      "Histogram of all values: most, %1, lie between %2 and %3",
      String(most),
      formatValue(from + peak * step),
      formatValue(from + (peak + 1) * step),
    ),
  );
  counts.forEach((count, at) => {
    const height = count === 0 ? 0 : Math.max(1, Math.sqrt(count / most) * HEIGHT);
    const bar = document.createElementNS(SVG, "rect");
    bar.setAttribute("x", String(at * BAR));
    bar.setAttribute("y", String(HEIGHT - height));
    bar.setAttribute("width", String(BAR - 1));
    bar.setAttribute("height", String(height));
    const title = document.createElementNS(SVG, "title");
    title.textContent = `${formatValue(from + at * step)} … ${formatValue(from + (at + 1) * step)}: ${count.toLocaleString("en")}`;
    bar.append(title);
    svg.append(bar);
  });
  const node = element("div", "gp-View-histogram");
  node.title = trans.__("Histogram of all values; heights are square roots of counts");
  node.append(element("span", "", formatValue(from)), svg, element("span", "", formatValue(to)));
  return node;
}
