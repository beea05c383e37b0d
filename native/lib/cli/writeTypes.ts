import { renameSync, statSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { nodeTypeFile, PatchableGraph } from "../graph";
import { AutoModelForCausalLM } from "../models";
import { torch } from "../torch";

/** Tokens that a model is captured on; which ones they are changes no name. */
const TOKENS = [[0, 1, 2, 3]];

/**
 * `graphpatch types`: writes the names of a graph's nodes as a declaration file, to stdout or to `--out`.
 * @returns the exit status.
 * @throws Error for options that are not known; MissingFileError, CorruptFileError and the like as loading does.
 */
export async function writeTypes(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { out: { type: "string", short: "o" }, name: { type: "string" } },
  });
  if (positionals.length !== 1) throw new Error("types takes one model");
  const graph = await openModel(positionals[0]);
  const text = nodeTypeFile(graph, values.name ?? interfaceName(graph.label));
  if (values.out === undefined) {
    await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
    return 0;
  }
  const unfinished = `${values.out}.${process.pid}`;
  writeFileSync(unfinished, text);
  renameSync(unfinished, values.out);
  return 0;
}

/** A graph from its file, or of a model from a transformers directory or a GGUF file. */
async function openModel(path: string): Promise<PatchableGraph> {
  const isModel = path.endsWith(".gguf") || statSync(path, { throwIfNoEntry: false })?.isDirectory();
  if (!isModel) return PatchableGraph.load(path);
  const model = await AutoModelForCausalLM.fromPretrained(path);
  const graph: PatchableGraph = await PatchableGraph.capture(model, { input_ids: torch.tensor(TOKENS) });
  return graph;
}

/** `GPT2LMHeadModelNodes`. */
function interfaceName(label: string): string {
  const identifier = label.replace(/[^\p{ID_Continue}$]/gu, "").replace(/^\d+/, "");
  return `${identifier}Nodes`;
}
