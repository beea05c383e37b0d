import {
  type CatalogGraph,
  type CatalogNode,
  decodeGraph,
  encodeGraph,
  type GraphTable,
} from "@graphpatch/kernel/protocol";
import { parentPath } from "../browser/tree";

/** A node for specs: what is not given is a float32 operator named after the last part of its path. */
export function node(name: string, changes: Partial<CatalogNode> = {}): CatalogNode {
  const module = parentPath(name);
  const label = name.slice(module === "" ? 0 : module.length + 1);
  return {
    name,
    kind: "operator",
    operator: `aten::${label.replace(/_\d+$/, "")}.Tensor`,
    shape: [1, 13, 576],
    dims: null,
    dtype: "float32",
    device: "cpu",
    module,
    moduleType: "",
    code: null,
    ...changes,
  };
}

/** Nodes as a graph in which each is computed from the one before it. */
export function graphOf(nodes: readonly CatalogNode[], id = "graph-1"): GraphTable {
  return encodeGraph({
    id,
    label: "GPT2LMHeadModel",
    nodes: nodes.map((one, at) => ({ ...one, inputs: at === 0 || one.kind === "parameter" ? [] : [at - 1] })),
    aliases: nodes.some(({ name }) => name.endsWith("attn.softmax"))
      ? [["blocks.0.attn.hook_pattern", nodes.findIndex(({ name }) => name.endsWith("attn.softmax"))]]
      : [],
    schemas: [["aten::tanh.Tensor", "aten::tanh(Tensor self) -> Tensor"]],
  });
}

/** A small model: two dozen layers, GELU as GPT-2 computes it, an attention pattern and a tuple. */
export function smallGraph(layers = 24, id = "graph-1"): CatalogGraph {
  return decodeGraph(smallTable(layers, id));
}

/** The same as it travels. */
export function smallTable(layers = 24, id = "graph-1"): GraphTable {
  const nodes = [
    node("input_ids", {
      kind: "input",
      operator: "input",
      dtype: "int64",
      shape: [1, 13],
      dims: ["batch", "token"],
    }),
  ];
  for (let layer = 0; layer < layers; layer++) {
    const at = `transformer.h_${layer}`;
    nodes.push(
      node(`${at}.attn.softmax`, { moduleType: "GPT2Attention", shape: [1, 12, 13, 13] }),
      ...["mul", "pow", "mul_1", "add", "mul_2", "tanh", "add_1", "mul_3"].map((name) =>
        node(`${at}.mlp.act.${name}`, { moduleType: "NewGELUActivation", code: `${name}(x)` }),
      ),
      node(`${at}.mlp.c_fc.weight`, { kind: "parameter", operator: "parameter", shape: [576, 1536] }),
    );
  }
  nodes.push(
    node("output", { kind: "output", operator: "output", shape: null, dtype: null }),
    node("output|logits", { kind: "output", operator: "output", shape: [1, 13, 50257] }),
  );
  return graphOf(nodes, id);
}
