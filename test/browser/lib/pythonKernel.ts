/**
 * Python cells that speak the catalogue's protocol and display views, so that the extension can be tested with graphs
 * of any size and with content no honest kernel would send. They need no more than ipykernel.
 */

/** Writes nodes (dictionaries) as the columns in which a graph travels. A node without `inputs` is computed from the one before it. */
const ENCODE = `
def encode(id, label, nodes, aliases=(), schemas=()):
    texts, shapes = {}, {}
    def text(value): return -1 if value is None else texts.setdefault(value, len(texts))
    def shape(value, dims): return -1 if value is None else shapes.setdefault((tuple(value), dims and tuple(dims)), len(shapes))
    kinds = ["operator", "argument", "output", "parameter", "buffer", "input", "number"]
    def short(node):
        name, module = node["name"], node["module"]
        if module and name.startswith(module + "."): return name[len(module):]
        return "=" + name if name[:1] in (".", "=") else name
    inputs = [node.get("inputs", [at - 1] if at and node["kind"] not in ("parameter", "input") else []) for at, node in enumerate(nodes)]
    table = {column: [text(node.get(column)) for node in nodes] for column in ("operator", "dtype", "device", "module", "moduleType", "code")}
    table.update(id=id, label=label, name=[short(node) for node in nodes], kind=[kinds.index(node["kind"]) for node in nodes],
                 shape=[shape(node["shape"], node.get("dims")) for node in nodes], inputCounts=[len(one) for one in inputs],
                 inputs=[place for one in inputs for place in one], aliases=list(aliases), schemas=list(schemas))
    table.update(texts=list(texts), shapes=[{"shape": list(s), "dims": d and list(d)} for s, d in shapes])
    return table
`;

/** Opens the catalogue comm and answers a page that asks. Expects `graphs`. */
const OPEN_COMM = `
from comm import create_comm
asked, probes, picture, value = [], {}, None, None
def snapshot(): return {"type": "snapshot", "graphs": graphs}
def tell_probes(id): catalog.send({"type": "probes", "id": id, "probes": [{"node": n, "runs": r} for n, r in probes.items()]})
def answer(message):
    data = message["content"]["data"]
    asked.append(data)
    kind, id, node = data["type"], data.get("id"), data.get("node")
    if kind == "resync":
        catalog.send(snapshot())
        for graph in graphs: tell_probes(graph["id"])
    elif kind == "probe": probes.setdefault(node, 0); tell_probes(id)
    elif kind == "unprobe": probes.pop(node, None); tell_probes(id)
    elif kind == "picture": catalog.send({"type": "picture", "id": id, "node": node, "runs": probes.get(node, 0), "bundle": picture})
    elif kind == "value": catalog.send({"type": "value", "id": id, "node": node, "value": value})
try:
    catalog
except NameError:
    catalog = create_comm("graphpatch.catalog", data=snapshot())
    catalog.on_msg(answer)
else:
    catalog.send(snapshot())
`;

export interface ModelSize {
  layers: number;
  extra?: number;
  id?: string;
}

/** Makes a graph known to pages, and shows its number of nodes. */
export function announceModel(size: ModelSize): string {
  return `${defineModel(size)}\n${ANNOUNCE}`;
}

/** Tells pages of the graph that {@link defineModel} made. */
export const ANNOUNCE = `${OPEN_COMM}
len(nodes)`;

/** A Llama-shaped graph: `layers` layers of about 33 nodes, and in each MLP a long series of `extra` operators. */
export function defineModel({ layers, extra = 0, id = "graph-1" }: ModelSize): string {
  return `${ENCODE}
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
DIMS = {2: ["batch", "token"], 3: ["batch", "token", "hidden"], 4: ["batch", "head", "query", "key"]}
for at, one in enumerate(nodes):
    one["device"] = "cpu"
    if one["kind"] not in ("parameter",): one["dims"] = DIMS.get(len(one["shape"]))
    if one["operator"] == "aten::linear": one["inputs"] = [at - 2, at - 1]
SCHEMAS = [("aten::linear", "aten::linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor"), ("aten::softmax.int", "aten::softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor")]
ALIASES = [(f"blocks.{n['module'].split('_')[1].split('.')[0]}.attn.hook_pattern", at) for at, n in enumerate(nodes) if n["operator"] == "aten::softmax.int"]
graphs = [encode("${id}", "LlamaForCausalLM", nodes, ALIASES, SCHEMAS)]`;
}

/** Tells the page what the last run did. */
export function announceRun(patched: string[], probed: string[], fired = true, id = "graph-1"): string {
  const patches = [{ patch: "AddPatch [0, 3]", fired, maxChange: fired ? "0.5" : null }];
  const marks = [
    ...patched.map((node) => ({ node, patches, isProbed: false })),
    ...probed.map((node) => ({ node, patches: [], isProbed: true })),
  ];
  return `import json\ncatalog.send({"type": "ran", "id": "${id}", "marks": json.loads(${JSON.stringify(JSON.stringify(marks))})})`;
}

/** Opens the catalogue with one graph of exactly these nodes. */
export function announceNodes(nodes: unknown, label = "Model"): string {
  return `${ENCODE}\nimport json\ngraphs = [encode("graph-1", ${JSON.stringify(label)}, json.loads(${JSON.stringify(JSON.stringify(nodes))}))]\n${OPEN_COMM}`;
}

/** Displays a MIME bundle as it is. */
export function displayBundle(bundle: Record<string, unknown>): string {
  return `import json\nfrom IPython.display import display\ndisplay(json.loads(${JSON.stringify(JSON.stringify(bundle))}), raw=True)`;
}
