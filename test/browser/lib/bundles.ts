/** MIME bundles as the kernel writes them. */
const VIEW_MIME = "application/vnd.graphpatch.view.v1+json";
const PLOTLY_MIME = "application/vnd.plotly.v1+json";

export const TOKENS = ["The", " E", "iff", "el", " Tower", " is", " located", " in", " the", " city", " of"];

/** Values as plotly writes them: base64 of 32-bit floats, with the shape as text. */
export function typed(values: number[], shape: number[]): { dtype: "f4"; bdata: string; shape: string } {
  const bytes = Buffer.from(Float32Array.from(values).buffer);
  return { dtype: "f4", bdata: bytes.toString("base64"), shape: shape.join(", ") };
}

/** Repeatable values of both signs that look like an activation. */
export function activationValues(rows: number, columns: number): number[] {
  return Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    return Math.sin(column * 0.7 + row) * Math.cos(column * 0.13) * (1 + row / rows) - 0.1;
  });
}

function bundle(view: Record<string, unknown>, figure: unknown): Record<string, unknown> {
  return { [VIEW_MIME]: view, [PLOTLY_MIME]: figure, "text/plain": `${view.node} as text` };
}

const STATISTICS = { min: -2.07, max: 1.91, mean: -0.1, std: 0.63, nan: 0, inf: 0 };

export function activationBundle(
  changes: Record<string, unknown> = {},
  values?: number[],
): Record<string, unknown> {
  const [rows, columns] = [TOKENS.length, 192];
  return bundle(
    {
      kind: "activation",
      node: "model.layers_14.mlp.act_fn.silu",
      shape: [1, rows, 1536],
      dtype: "float32",
      dims: ["batch", "token", "hidden"],
      tokens: TOKENS,
      statistics: STATISTICS,
      truncated: "every 8th of 1536 hidden",
      clip: null,
      ...changes,
    },
    {
      data: [
        {
          type: "heatmap",
          z: typed(values ?? activationValues(rows, columns), [rows, columns]),
          x: Array.from({ length: columns }, (_, at) => at * 8),
        },
      ],
      layout: {},
    },
  );
}

export function attentionBundle(tokens: string[] = TOKENS): Record<string, unknown> {
  const size = tokens.length;
  const values = Array.from({ length: size * size }, (_, at) => {
    const [query, key] = [Math.floor(at / size), at % size];
    return key > query ? 0 : (key === 0 ? 3 : 1 + ((query * 7 + key * 3) % 5) / 5) / (query * 1.4 + 3);
  });
  return bundle(
    {
      kind: "attention",
      node: "model.layers_3.self_attn.softmax",
      shape: [1, 9, size, size],
      dtype: "float32",
      dims: ["batch", "head", "query", "key"],
      tokens,
      statistics: { ...STATISTICS, min: 0, max: 1, mean: 1 / size },
      truncated: "head 4 of 9",
      clip: null,
    },
    { data: [{ type: "heatmap", z: typed(values, [size, size]) }], layout: {} },
  );
}

export function lineBundle(): Record<string, unknown> {
  const steps = Array.from({ length: 30 }, (_, at) => at);
  return bundle(
    {
      kind: "line",
      node: "Loss while optimising the patch",
      shape: [30],
      dtype: "float32",
      dims: ["step"],
      tokens: null,
      statistics: null,
      truncated: null,
      clip: null,
    },
    {
      data: [
        { type: "scatter", x: steps, y: steps.map((step) => 9 * Math.exp(-step / 6) + 0.1 * Math.sin(step)) },
      ],
      layout: { xaxis: { title: { text: "step" } }, yaxis: { title: { text: "loss" } } },
    },
  );
}

/** All heads of an attention pattern, as small pictures that share a colour scale. */
export function headsBundle(heads: number): Record<string, unknown> {
  const whole = attentionBundle();
  const [viewMime, plotlyMime] = Object.keys(whole);
  const { data } = whole[plotlyMime] as { data: object[] };
  const figure = {
    data: Array.from({ length: heads }, () => ({ ...data[0], coloraxis: "coloraxis" })),
    layout: {
      coloraxis: { cmin: 0, cmax: 1 },
      annotations: Array.from({ length: heads }, (_, head) => ({ text: `head ${head}` })),
    },
  };
  return { ...whole, [viewMime]: { ...(whole[viewMime] as object), truncated: null }, [plotlyMime]: figure };
}

/** A causal trace of made-up numbers, as ROME draws it: the peak at the subject's last token. */
export function gridBundle(): Record<string, unknown> {
  const layers = Array.from({ length: 12 }, (_, layer) => String(layer));
  const panels = [
    { title: "state", palette: "purples", middle: 4, token: 4, height: 0.6 },
    { title: "MLP", palette: "greens", middle: 5, token: 4, height: 0.4 },
    { title: "attention", palette: "reds", middle: 8, token: 10, height: 0.3 },
  ];
  const size = [TOKENS.length, layers.length];
  const maps = panels.map(({ middle, token, height }) =>
    TOKENS.flatMap((_, row) =>
      layers.map(
        (__, layer) => 0.05 + height * Math.exp(-((layer - middle) ** 2) / 12 - (row - token) ** 2 / 2),
      ),
    ),
  );
  const view = {
    kind: "grid",
    node: "causal trace",
    shape: [3, ...size],
    dtype: "float64",
    dims: ["map", "token", "layer"],
    tokens: TOKENS,
    statistics: null,
    truncated: null,
    clip: null,
    grid: {
      measured: "p(answer)",
      rows: { name: "token", title: "token", labels: TOKENS },
      columns: { name: "layer", title: "layer", labels: layers },
      panels: panels.map(({ title, palette }) => ({ title, palette })),
      starred: [1, 2, 3, 4],
      reference: 0.05,
      origin: "corrupted",
      n: 10,
    },
  };
  const axis = (at: number) => `coloraxis${at === 0 ? "" : at + 1}`;
  return bundle(view, {
    data: maps.map((values, at) => ({ type: "heatmap", z: typed(values, size), coloraxis: axis(at) })),
    layout: Object.fromEntries(
      maps.map((values, at) => [axis(at), { cmin: 0.05, cmax: Math.max(...values) }]),
    ),
  });
}

/** A logit lens, as the kernel writes it. */
export function lensBundle(): Record<string, unknown> {
  const cell = (tag: string, texts: string[]) =>
    `<tr>${texts.map((text) => `<${tag}>${text}</${tag}>`).join("")}</tr>`;
  const rows = Array.from({ length: 6 }, (_, layer) => [
    String(layer),
    `${(2 ** layer * 1.5).toFixed(2)} %`,
    String(40 - 8 * layer),
    layer > 3 ? "&quot; Paris&quot;" : "&quot; the&quot;",
    `${(10 + layer * 12).toFixed(2)} %`,
  ]);
  const html = `<table><thead>${cell("th", ["layer", "target", "rank", "top 1", "p"])}</thead><tbody>${rows.map((row) => cell("td", row)).join("")}</tbody></table>`;
  return {
    [VIEW_MIME]: {
      kind: "table",
      node: "logit lens",
      shape: [],
      dtype: "text",
      dims: [],
      tokens: null,
      statistics: null,
      truncated: null,
      clip: null,
    },
    "text/html": html,
    "text/plain": "logit lens as text",
  };
}
