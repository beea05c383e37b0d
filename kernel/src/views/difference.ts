import { tableHtml } from "../display/html";
import type { MimeBundle } from "../display/mimeBundle";
import { type DifferenceRow, type JsonNumber, VIEW_MIME, type View, type ViewDifference } from "../protocol";
import { drawingBundle } from "./drawing";
import { drawGrid } from "./grid/drawGrid";
import type { GridSource } from "./grid/source";
import type { LiveResult } from "./live/handles";
import { shownValues } from "./live/handles";
import { formatNumber } from "./statistics";

/** Two runs compared, as `pg.diffRuns` returns them. */
export interface DifferenceLike {
  readonly nodes: readonly NodeDifferenceLike[];
  readonly changed: readonly NodeDifferenceLike[];
  readonly first: { readonly node: string } | null;
  readonly grids: Readonly<
    Partial<
      Record<Kind, { readonly nodes: readonly string[]; readonly values: readonly (readonly number[])[] }>
    >
  >;
  readonly incomparable: readonly unknown[];
  readonly tokens: readonly string[] | null;
  toString(): string;
}

interface NodeDifferenceLike {
  readonly node: string;
  readonly operator: string;
  readonly relative: number;
  readonly norm: number;
  readonly maxChange: number;
}

type Kind = "states" | "mlp" | "attention";

const KINDS = {
  states: { title: "block", palette: "purples" },
  mlp: { title: "MLP", palette: "greens" },
  attention: { title: "attention", palette: "reds" },
} as const;

/** So many nodes are kept in the notebook. */
const MOST_ROWS = 300;
/** So many are written as a table where there is no picture. */
const MOST_LINES = 40;

/** A difference in all its forms: layer × token where the model's blocks are known, and its nodes. */
export function differenceBundle(diff: DifferenceLike): MimeBundle {
  const difference = tableOf(diff);
  const source = gridOfDifference(diff);
  const truncated = leftOut(difference, diff);
  if (source) {
    const drawing = drawGrid(source);
    const view: View = { ...drawing.view, kind: "difference", statistics: null, difference, truncated };
    return drawingBundle({ ...drawing, view, text: `${diff}` });
  }
  const view: View = {
    kind: "difference",
    node: "difference of two runs",
    shape: [],
    dtype: "float64",
    dims: [],
    tokens: null,
    statistics: null,
    truncated,
    clip: null,
    difference,
    handle: shownValues.add({ kind: "result", result: resultOf(diff, []) }),
  };
  return {
    data: { [VIEW_MIME]: view, "text/html": html(difference), "text/plain": `${diff}` },
    metadata: {},
  };
}

/** Layer × token of the blocks, their MLPs and attentions; null for models whose blocks are not known. */
function gridOfDifference(diff: DifferenceLike): GridSource | null {
  const kinds = (Object.keys(KINDS) as Kind[]).flatMap((kind) => {
    const grid = diff.grids[kind];
    return grid ? [{ ...KINDS[kind], ...grid }] : [];
  });
  const [first] = kinds;
  if (!first) return null;
  const layers = first.nodes.length;
  const tokens = first.values[0].length;
  const labels =
    diff.tokens?.length === tokens ? [...diff.tokens] : first.values[0].map((_, at) => String(at));
  return {
    title: "difference of two runs",
    measured: "‖b−a‖/‖a‖",
    rows: { name: "token", title: "token", labels },
    columns: { name: "layer", title: "layer", labels: first.nodes.map((_, layer) => String(layer)) },
    maps: kinds.map(({ title, palette, values }) => ({
      title,
      palette,
      // Tokens go down.
      values: Float64Array.from(
        { length: tokens * layers },
        (_, i) => values[i % layers][Math.floor(i / layers)],
      ),
      errors: null,
    })),
    reference: 0,
    origin: "same",
    starred: [],
    n: null,
    summary: [
      `${diff.changed.length} of ${diff.nodes.length} nodes changed`,
      diff.first ? `first ${diff.first.node}` : "",
    ].filter((part) => part !== ""),
    result: resultOf(
      diff,
      kinds.map(({ nodes }) => nodes),
    ),
  };
}

/** Code that looks at the values behind a cell. */
function resultOf(shown: DifferenceLike, nodes: readonly (readonly string[])[]): LiveResult {
  return {
    shown,
    code: (name, { panel, row, column }) => {
      const node = nodes[panel]?.[column] ?? "";
      return [
        `// ${node}, token ${row}: relative change`,
        `const { a, b, difference } = await ${name}.values(${JSON.stringify(node)});`,
        `const norm = (value: Tensor) => Number(value.select(1, ${row}).float().linalg_vector_norm().item());`,
        "console.log(norm(difference) / norm(a));",
        "difference",
      ].join("\n");
    },
  };
}

function tableOf({ nodes, changed, first, incomparable }: DifferenceLike): ViewDifference {
  return {
    compared: nodes.length,
    changed: changed.length,
    first: first?.node ?? null,
    incomparable: incomparable.length,
    rows: largest(changed, first?.node ?? null).map(
      ({ node, operator, relative, norm, maxChange }): DifferenceRow => ({
        node,
        operator,
        relative: jsonNumber(relative),
        norm: jsonNumber(norm),
        maxChange: jsonNumber(maxChange),
      }),
    ),
  };
}

/** The first and those of largest relative change, in execution order. */
function largest(changed: readonly NodeDifferenceLike[], first: string | null): NodeDifferenceLike[] {
  if (changed.length <= MOST_ROWS) return [...changed];
  const rank = ({ node, relative }: NodeDifferenceLike) =>
    node === first || Number.isNaN(relative) ? Number.POSITIVE_INFINITY : relative;
  const least = changed.map(rank).sort((one, other) => (other > one ? 1 : other < one ? -1 : 0))[
    MOST_ROWS - 1
  ];
  const above = changed.filter((node) => rank(node) > least).length;
  let equals = MOST_ROWS - above;
  return changed.filter((node) => rank(node) > least || (rank(node) === least && equals-- > 0));
}

function leftOut({ rows, changed, incomparable }: ViewDifference, { nodes }: DifferenceLike): string | null {
  const parts = [
    rows.length < changed
      ? `the ${rows.length} of ${changed} changed nodes of largest relative change`
      : changed < nodes.length
        ? `the ${changed} of ${nodes.length} nodes that changed`
        : "",
    incomparable > 0 ? `without ${incomparable} whose shapes are others in the other run` : "",
  ].filter((part) => part !== "");
  return parts.length > 0 ? parts.join("; ") : null;
}

/** For readers without the extension. */
function html({ first, rows, changed, compared }: ViewDifference): string {
  const shown = [...rows]
    .sort((one, other) => Number(other.relative) - Number(one.relative))
    .slice(0, MOST_LINES)
    .map(({ node, operator, relative, norm, maxChange }) => [
      node === first ? `${node} (first)` : node,
      operator,
      ...[relative, norm, maxChange].map((value) => formatNumber(Number(value))),
    ]);
  const table = tableHtml(["node", "operator", "‖b − a‖ / ‖a‖", "‖b − a‖", "max |b − a|"], shown);
  const more = changed > shown.length ? `; the ${shown.length} of largest relative change` : "";
  return `<div>difference of two runs: ${changed} of ${compared} nodes changed${more}</div>${table}`;
}

function jsonNumber(value: number): JsonNumber {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? value : "Infinity";
}
