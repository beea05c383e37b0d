import type { GridAxis } from "../../protocol";
import type { LiveResult } from "../live/handles";
import { formatNumber } from "../statistics";
import {
  type GridMap,
  type GridSource,
  mean,
  measure,
  type SweepLike,
  type TraceLike,
  transpose,
} from "./source";

/** What the pictures of a causal trace are called and coloured, as in ROME (Meng et al. 2022, `causal_trace.py`). */
const TRACE_KINDS = {
  states: { title: "state", palette: "purples" },
  mlp: { title: "MLP", palette: "greens" },
  attention: { title: "attention", palette: "reds" },
} as const;

/** A cell of a picture. */
type Cell = Parameters<LiveResult["code"]>[1];

/** Which part of a sweep's results a picture shows: rows, columns, and one panel for each place of the first axis of three. */
function layout(axes: SweepLike["axes"]): {
  panels: SweepLike["axes"][number] | null;
  rows: GridAxis;
  columns: GridAxis;
  turned: boolean;
} {
  const plane = axes.length > 2 ? axes.slice(1) : axes;
  const [first, second] = plane;
  // Tokens go down, as text is easiest to read there; whatever they are crossed with goes across.
  const turned = second.name === "token" && first.name !== "token";
  const axis = ({ name, labels }: SweepLike["axes"][number]): GridAxis => ({
    name,
    title: name,
    labels: [...labels],
  });
  return {
    panels: axes.length > 2 ? axes[0] : null,
    rows: axis(turned ? second : first),
    columns: axis(turned ? first : second),
    turned,
  };
}

/** Maps of one sweep: one, or one for each place of the first of three axes. */
function mapsOf(
  sweep: SweepLike,
  { panels, rows, columns, turned }: ReturnType<typeof layout>,
): { maps: GridMap[]; n: number | null } {
  const [height, width] = [rows.labels.length, columns.labels.length];
  const size = height * width;
  const counts = panels?.labels.length ?? 1;
  const { values, errors, n } = measure(sweep.samples);
  const part = (all: Float64Array, i: number) => {
    const own = all.slice(i * size, (i + 1) * size);
    return turned ? transpose(own, width, height) : own;
  };
  const maps = Array.from(
    { length: counts },
    (_, i): GridMap => ({
      title: panels ? `${panels.name} ${panels.labels[i]}` : "",
      palette: "diverging",
      values: part(values, i),
      errors: errors && part(errors, i),
    }),
  );
  return { maps, n };
}

/**
 * The grid of a sweep over two or three axes: colours are differences from the base run.
 * @throws RangeError for another number of axes
 */
export function gridOfSweep(sweep: SweepLike): GridSource {
  if (sweep.axes.length !== 2 && sweep.axes.length !== 3) {
    throw new RangeError(`a grid has two or three axes; this sweep has ${sweep.axes.length}`);
  }
  const place = layout(sweep.axes);
  const { maps, n } = mapsOf(sweep, place);
  const base = mean(sweep.base);
  const indices = ({ panel, row, column }: Cell) => {
    const inPlane = place.turned ? [column, row] : [row, column];
    return place.panels ? [panel, ...inPlane] : inPlane;
  };
  const missing = sweep.samples.filter(({ length }) => length === 0).length;
  const summary = [`base run ${formatNumber(base)}`];
  if (missing > 0) summary.push(`${missing} of ${sweep.samples.length} cells not run`);
  return {
    title: sweep.label,
    measured: sweep.label,
    rows: place.rows,
    columns: place.columns,
    maps,
    reference: Number.isFinite(base) ? base : null,
    origin: "base",
    starred: [],
    n,
    summary,
    result: sweep.runs
      ? { shown: sweep, code: (name, cell) => cellCode(name, sweep, indices(cell)) }
      : undefined,
  };
}

/** Code that looks into a cell and runs it again. */
function cellCode(name: string, { axes, label, samples }: SweepLike, index: readonly number[]): string {
  const places = axes.map(({ name: axis, labels }, i) => {
    const text = labels[index[i]];
    return text === String(index[i]) ? `${axis} ${text}` : `${axis} ${index[i]} ${JSON.stringify(text)}`;
  });
  const cell = index.reduce((before, at, axis) => before * axes[axis].labels.length + at, 0);
  return [
    `// ${places.join(", ")}: ${label} ${formatNumber(mean(samples[cell]))} in the picture`,
    `const cell = ${name}.cell(${index.join(", ")});`,
    "console.log(cell.patches);",
    "await cell.run()",
  ].join("\n");
}

/** The grids of a causal trace side by side, in ROME's order and colours, their scales from the corrupted run's score up. */
export function gridOfTrace(trace: TraceLike): GridSource {
  const { clean, corrupted, grids, subject, window } = trace;
  const kinds = (["states", "mlp", "attention"] as const).filter((kind) => grids[kind]);
  const parts = kinds.map((kind) => {
    const sweep = grids[kind] as SweepLike;
    const place = layout(sweep.axes);
    const { maps, n } = mapsOf(sweep, place);
    return { place, n, map: { ...maps[0], ...TRACE_KINDS[kind] } };
  });
  const [{ place, n }] = parts;
  const windowed = kinds.some((kind) => kind !== "states") && window !== undefined && window > 1;
  const [from, to] = subject ?? [0, 0];
  const sweeps = kinds.map((kind) => grids[kind] as SweepLike);
  return {
    title: "causal trace",
    measured: measuredOf(trace, sweeps[0].label),
    rows: place.rows,
    columns: { ...place.columns, title: windowed ? `layer (MLP, attention: centre of ${window})` : "layer" },
    maps: parts.map(({ map }) => map),
    reference: corrupted.mean,
    origin: "corrupted",
    starred: Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i),
    n,
    summary: [
      `clean ${formatNumber(clean)}`,
      `corrupted ${formatNumber(corrupted.mean)}${Number.isNaN(corrupted.stderr) ? "" : ` ± ${formatNumber(corrupted.stderr)}`}`,
      // Of several texts, not all have a token in each role.
      ...(n === null ? [`n = ${corrupted.n}, fewer in some cells`] : []),
    ],
    result: sweeps.every(({ runs }) => runs)
      ? {
          shown: trace,
          // Layers go across and tokens down: the axes of the grids are layer and token.
          code: (name, { panel, row, column }) =>
            cellCode(`${name}.grids.${kinds[panel]}`, sweeps[panel], [column, row]),
        }
      : undefined,
  };
}

/** "p(Paris)" as in ROME, "p(token 6342)" where the text is not known. */
function measuredOf({ target, answer }: TraceLike, label: string): string {
  const what = answer?.trim() ? answer.trim() : target === undefined ? "answer" : `token ${target}`;
  return label.startsWith("log") ? `log p(${what})` : `p(${what})`;
}

export function isTraceLike(value: unknown): value is TraceLike {
  const { clean, corrupted, grids } = (value ?? {}) as Partial<TraceLike>;
  if (typeof clean !== "number" || typeof corrupted?.mean !== "number" || typeof grids !== "object")
    return false;
  const kinds = Object.keys(TRACE_KINDS) as (keyof typeof TRACE_KINDS)[];
  return grids !== null && kinds.some((kind) => isSweepLike(grids[kind]));
}

export function isSweepLike(value: unknown): value is SweepLike {
  const { label, axes, samples, base } = (value ?? {}) as Partial<SweepLike>;
  return typeof label === "string" && [axes, samples, base].every(Array.isArray);
}
