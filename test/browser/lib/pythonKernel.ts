/**
 * Python cells that speak the catalogue's protocol and display views, so that the extension can be tested with graphs
 * of any size and with content no honest kernel would send. They need no more than ipykernel.
 */

/** Opens the catalogue comm and answers a page that asks again. Expects `graphs`. */
const OPEN_COMM = `
from comm import create_comm
def snapshot(): return {"type": "snapshot", "graphs": graphs}
try:
    catalog
except NameError:
    catalog = create_comm("graphpatch.catalog", data=snapshot())
    catalog.on_msg(lambda message: catalog.send(snapshot()))
else:
    catalog.send(snapshot())
`;

/** A Llama-shaped graph: `layers` layers of about 33 nodes, and in each MLP a long series of `extra` operators. */
export function announceModel({
  layers,
  extra = 0,
  id = "graph-1",
}: {
  layers: number;
  extra?: number;
  id?: string;
}): string {
  return `
def node(module, name, kind="operator", operator=None, shape=(1, 13, 576), dtype="float32", type=""):
    base = name.rsplit("_", 1)[0] if name.rsplit("_", 1)[-1].isdigit() else name
    path = f"{module}.{name}" if module else name
    operator = operator or (f"aten::{base}.Tensor" if kind == "operator" else kind)
    return {"name": path, "kind": kind, "operator": operator, "shape": list(shape) if shape is not None else None,
            "dtype": dtype, "module": module, "moduleType": type, "code": f"const {name} = {base}(x); // model.ts:{len(path)}"}
def linear(module, wide, n=576):
    return [node(module, "input", "argument", shape=(1, 13, n), type="Linear"), node(module, "weight", "parameter", shape=(wide, n), type="Linear"),
            node(module, "linear", operator="aten::linear", shape=(1, 13, wide), type="Linear"), node(module, "output", "output", shape=(1, 13, wide), type="Linear")]
def layer(index, extra):
    at = f"model.layers_{index}"
    attention = f"{at}.self_attn"
    mlp = f"{at}.mlp"
    nodes = [node(at, "hidden_states", "argument", type="LlamaDecoderLayer"), node(f"{at}.input_layernorm", "pow", shape=(1, 13, 576), type="LlamaRMSNorm"),
             node(f"{at}.input_layernorm", "mean", shape=(1, 13, 1), type="LlamaRMSNorm"), node(f"{at}.input_layernorm", "output", "output", type="LlamaRMSNorm")]
    nodes += [node(attention, "hidden_states", "argument", type="LlamaAttention")]
    for part in ("q_proj", "k_proj", "v_proj"): nodes += linear(f"{attention}.{part}", 576)
    nodes += [node(attention, "matmul", shape=(1, 9, 13, 13), type="LlamaAttention"), node(attention, "mul", shape=(1, 9, 13, 13), type="LlamaAttention"),
              node(attention, "softmax", operator="aten::softmax.int", shape=(1, 9, 13, 13), type="LlamaAttention"), node(attention, "matmul_1", shape=(1, 9, 13, 64), type="LlamaAttention")]
    nodes += linear(f"{attention}.o_proj", 576) + [node(attention, "output", "output", type="LlamaAttention"), node(at, "add", type="LlamaDecoderLayer")]
    nodes += linear(f"{mlp}.gate_proj", 1536) + [node(f"{mlp}.act_fn", "silu", operator="aten::silu", shape=(1, 13, 1536), type="SiLU")]
    nodes += [node(f"{mlp}.act_fn", f"mul_{i}" if i else "mul", shape=(1, 13, 1536), type="SiLU") for i in range(extra)]
    nodes += [node(mlp, "mul", shape=(1, 13, 1536), type="LlamaMLP"), node(mlp, "output", "output", type="LlamaMLP"), node(at, "add_1", type="LlamaDecoderLayer"), node(at, "output", "output", type="LlamaDecoderLayer")]
    return nodes
nodes = [node("", "input_ids", "input", shape=(1, 13), dtype="int64"), node("model.embed_tokens", "weight", "parameter", shape=(49152, 576), type="Embedding"), node("model.embed_tokens", "embedding", operator="aten::embedding", type="Embedding")]
for index in range(${layers}): nodes += layer(index, ${extra})
nodes += [node("model.norm", "output", "output", type="LlamaRMSNorm"), node("lm_head", "linear", operator="aten::linear", shape=(1, 13, 49152), type="Linear"), node("", "output|logits", "output", shape=(1, 13, 49152))]
graphs = [{"id": "${id}", "label": "LlamaForCausalLM", "nodes": nodes}]
${OPEN_COMM}
len(nodes)`;
}

/** Tells the page which nodes the last run touched. */
export function announcePatched(patched: string[], probed: string[], id = "graph-1"): string {
  return `catalog.send({"type": "patched", "id": "${id}", "patched": ${JSON.stringify(patched)}, "probed": ${JSON.stringify(probed)}})`;
}

/** Opens the catalogue with exactly these graphs. */
export function announceGraphs(graphs: unknown): string {
  return `import json\ngraphs = json.loads(${JSON.stringify(JSON.stringify(graphs))})\n${OPEN_COMM}`;
}

/** Displays a MIME bundle as it is. */
export function displayBundle(bundle: Record<string, unknown>): string {
  return `import json\nfrom IPython.display import display\ndisplay(json.loads(${JSON.stringify(JSON.stringify(bundle))}), raw=True)`;
}
