import { basename } from "node:path";
import { setImmediate } from "node:timers/promises";
import { ArgumentError, CorruptFileError } from "../../errors";
import { onDevice } from "../../placement/devices";
import { Progress } from "../../progress";
import type { Tensor } from "../../tensor/tensor";
import type { WeightsProgress } from "../../weights/progress";
import { SafetensorsFile } from "../../weights/safetensors";
import type { CapturedGraph } from "../capture";
import { nodesOnDevice } from "../graphOnDevice";
import type { ConstantSpec } from "../spec";
import { GRAPH_KEY } from "./format";
import { canHaveAlignment, canHaveStrides, withLayout } from "./layout";
import { type NamedTensor, readDescription } from "./readDescription";
import { checkDevices } from "./savedDevices";

/** How long loading may keep the thread before timers and messages get their turn. */
const TURN_MS = 50;

/**
 * Reads a graph that {@link saveGraph} wrote. Its tensors are mapped and not read; changing one does not change the file.
 * Parameters are frozen, as those of loaded models are.
 *
 * @param device where everything shall be, by its full name; where it was unless given
 * @throws MissingFileError, CorruptFileError, UnsafeFileError, UnknownOperatorError
 * @throws DeviceError for a device that this machine lacks.
 * @throws ArgumentError for a safetensors file that holds no graph.
 */
export async function loadGraph(
  path: string,
  { onProgress, device }: { onProgress?: (progress: WeightsProgress) => void; device?: string } = {},
): Promise<CapturedGraph> {
  const file = new SafetensorsFile(path);
  const text = file.metadata.get(GRAPH_KEY);
  if (text === undefined) {
    throw new ArgumentError(
      `${path} has weights but no graph: AutoModelForCausalLM.fromPretrained() opens the folder of a model, and PatchableGraph.capture() makes a graph of it`,
    );
  }
  const { tensors: stored, spec, ...graph } = readDescription(text, path);
  const tensors = device === undefined ? stored : stored.map((tensor) => ({ ...tensor, device }));
  const nodes = device === undefined ? spec.nodes : nodesOnDevice(spec.nodes, device);
  checkDevices({ tensors, nodes }, path);
  const constants = await readConstants(file, tensors, onProgress);
  const loaded: CapturedGraph = { ...graph, spec: { ...spec, nodes, constants } };
  checkClaims(loaded, path);
  return loaded;
}

async function readConstants(
  file: SafetensorsFile,
  tensors: readonly NamedTensor[],
  onProgress?: (progress: WeightsProgress) => void,
): Promise<ConstantSpec[]> {
  const constants: ConstantSpec[] = [];
  using line = new Progress(`loading ${basename(file.path)}`, { total: tensors.length, unit: "tensors" });
  const tell = (done: number): void => {
    if (onProgress) onProgress({ stage: "weights", done, total: tensors.length });
    else line.update(done);
  };
  let turn = performance.now();
  for (const tensor of tensors) {
    constants.push(readConstant(file, tensor));
    if (performance.now() - turn < TURN_MS) continue;
    tell(constants.length);
    await setImmediate();
    turn = performance.now();
  }
  tell(tensors.length);
  return constants;
}

function readConstant(
  file: SafetensorsFile,
  { value, name, stored, layout, device }: NamedTensor,
): ConstantSpec {
  const wrong = (problem: string) => new CorruptFileError(`${file.path}: tensor "${stored}" ${problem}`);
  if (!file.has(stored)) throw wrong("is named by the graph but is not in the file");
  const tensor = file.read(stored);
  if (layout.strides !== null && !canHaveStrides(tensor.shape, layout.strides)) {
    throw wrong(
      `of shape [${tensor.shape.join(", ")}] cannot have the strides [${layout.strides.join(", ")}]`,
    );
  }
  if (!canHaveAlignment(tensor.dtype, layout.alignment)) {
    throw wrong(`of ${tensor.dtype} cannot be aligned at ${layout.alignment} bytes`);
  }
  return { value, name, tensor: onDevice(withLayout(tensor, layout), device) };
}

/** What is said of the shapes and dtypes of tensors and inputs, under any of their names, must be so. */
function checkClaims({ spec, inputs, index }: CapturedGraph, path: string): void {
  const known = new Map<number, { shape: number[]; dtype: string }>(
    inputs.map((input) => [input.value, input]),
  );
  for (const { value, tensor } of spec.constants) known.set(value, factsOf(tensor));
  for (const { type, args, results } of spec.nodes) {
    const [source] = args;
    const facts = type === "alias" && source && "ref" in source ? known.get(source.ref) : undefined;
    if (facts) for (const result of results) known.set(result, facts);
  }
  for (const { name, shape, dtype } of index.infos.values()) {
    const facts = known.get(index.resolve(name).value);
    if (!facts || (dtype === facts.dtype && String(shape) === String(facts.shape))) continue;
    throw new CorruptFileError(
      `${path}: node ${name} is said to be ${dtype}[${shape}], but its tensor is ${facts.dtype}[${facts.shape}]`,
    );
  }
}

function factsOf(tensor: Tensor): { shape: number[]; dtype: string } {
  return { shape: tensor.shape, dtype: tensor.dtype };
}
