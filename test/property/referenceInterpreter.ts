import { callResolved } from "../../native/lib/dispatch/dispatch";
import type { CapturedGraph } from "../../native/lib/graph/capture";
import type { ArgumentSpec, NodeSpec } from "../../native/lib/graph/spec";
import {
  AddPatch,
  CustomPatch,
  MeanPatch,
  type Patch,
  ProbePatch,
  ProjectPatch,
  RecordPatch,
  ReplacePatch,
  ScalePatch,
  ZeroPatch,
} from "../../native/lib/patches";
import { Tensor } from "../../native/lib/tensor";
import { torch } from "../../native/lib/torch";

type Value = Tensor | number;

const NUMBER_RULES: Record<string, (a: number, b: number) => number> = {
  sub: (a, b) => a - b,
  floordiv: (a, b) => Math.floor(a / b),
};

/** What a patch saw or changed. */
export interface Effect {
  seen?: Value;
  change?: number;
}

function project(part: Tensor, { direction, mode }: ProjectPatch): Tensor {
  let along: Tensor;
  if (direction.dim() === 1) {
    const unit = direction.div(direction.norm());
    along = part.mul(unit).sum(-1, { keepdim: true }).mul(unit);
  } else {
    along = torch.matmul(torch.matmul(part, torch.linalg_pinv(direction)), direction);
  }
  return mode === "keep" ? along : part.sub(along);
}

function changedPart(patch: Patch, part: Tensor, whole: Tensor): Tensor {
  if (patch instanceof ZeroPatch) return torch.zeros_like(part);
  if (patch instanceof AddPatch) return part.add(asTensor(patch.value, part));
  if (patch instanceof ReplacePatch) return asTensor(patch.value, part).expand(part.shape);
  if (patch instanceof ScalePatch) return part.mul(asTensor(patch.factor, part));
  if (patch instanceof ProjectPatch) return project(part, patch);
  if (!(patch instanceof MeanPatch)) throw new Error(`no rule for ${patch}`);
  if (patch.value !== null) return asTensor(patch.value, part).expand(part.shape);
  const mean = whole.mean([...(patch.over ?? [])], true).expand(whole.shape);
  return patch.slice ? mean.at(patch.slice) : mean;
}

function asTensor(value: Tensor | number | boolean, like: Tensor): Tensor {
  return value instanceof Tensor ? value : torch.full([], Number(value), { dtype: like.dtype });
}

function largestChange(before: Tensor, after: Tensor): number {
  const [a, b] = [before, after].map((value) => value.detach().to("float64"));
  return Number(
    (before.dtype === "float32" ? after.detach().sub(before.detach()) : b.sub(a)).abs().max().item(),
  );
}

/** `changed` as if it had been written over the value, element by element: in the value's own order of memory. */
function written(current: Tensor, changed: Tensor): Tensor {
  return torch.empty_like(current).copy_(changed);
}

/** A value of this shape whose memory is in the order of `strides`. */
function emptyInOrder(shape: number[], strides: number[] | undefined): Tensor {
  if (!strides) return torch.empty(shape);
  const order = shape.map((_, dim) => dim).sort((a, b) => strides[b] - strides[a]);
  const back = shape.map((_, dim) => order.indexOf(dim));
  return torch.empty(order.map((dim) => shape[dim])).permute(back);
}

/** The slow and obvious meaning of a patch. */
async function applyPatch(patch: Patch, current: Value, effects: Map<Patch, Effect>): Promise<Value> {
  if (patch instanceof ProbePatch || patch instanceof RecordPatch) {
    const seen = current instanceof Tensor && patch.slice ? current.at(patch.slice) : current;
    effects.set(patch, { seen: seen instanceof Tensor ? seen.detach().clone() : seen });
    return current;
  }
  if (!(current instanceof Tensor)) throw new Error("numbers are only probed here");
  if (patch instanceof CustomPatch) {
    effects.set(patch, {});
    return written(current, (await patch.op(current.clone())) as Tensor);
  }
  const part = patch.slice ? current.at(patch.slice) : current;
  const changed = changedPart(patch, part, current);
  effects.set(patch, { change: part.numel() === 0 ? undefined : largestChange(part, changed) });
  return patch.slice ? current.clone().setAt(patch.slice, changed) : written(current, changed);
}

/**
 * Runs a graph on demand, value by value, as one would do it by hand: a value is computed when something asks for it, and its
 * patches are applied in order. A value whose first patch replaces all of it is not computed.
 * @returns the values `wanted`, and what each patch did that was reached.
 */
export async function interpret(
  graph: CapturedGraph,
  inputs: Tensor[],
  patches: ReadonlyMap<number, readonly Patch[]>,
  wanted: readonly number[],
  replacesWhole: (patch: Patch, value: number) => boolean,
): Promise<{ values: Value[]; effects: Map<Patch, Effect> }> {
  const effects = new Map<Patch, Effect>();
  const known = new Map<number, Promise<Value>>();
  const producers = new Map<number, NodeSpec>();
  for (const node of graph.spec.nodes) for (const result of node.results) producers.set(result, node);
  const given = new Map<number, Value>(graph.spec.inputs.map((index, i) => [index, inputs[i]]));
  for (const { value, tensor } of graph.spec.constants) given.set(value, tensor);

  const read = async (argument: ArgumentSpec | null): Promise<unknown> => {
    if (argument === null) return undefined;
    if ("ref" in argument) return ask(argument.ref);
    if ("list" in argument) return Promise.all(argument.list.map((item) => read(item)));
    return argument.constant;
  };
  const outcomes = new Map<NodeSpec, Promise<Value[]>>();
  const run = async (node: NodeSpec): Promise<Value[]> => {
    const args = await Promise.all(node.args.map(read));
    if (node.type === "alias") return [args[0] as Value];
    if (node.type === "number") {
      if (node.operator === "size") return [(args[0] as Tensor).shape[args[1] as number]];
      return [NUMBER_RULES[node.operator](args[0] as number, args[1] as number)];
    }
    const result = callResolved(node.operator, node.overload, args);
    return (Array.isArray(result) ? result : [result]) as Value[];
  };
  const compute = async (index: number): Promise<Value> => {
    const there = given.get(index);
    if (there !== undefined) return there;
    const node = producers.get(index);
    if (!node) throw new Error(`nothing makes value ${index}`);
    let results = outcomes.get(node);
    if (!results) {
      results = run(node);
      outcomes.set(node, results);
    }
    return (await results)[node.results.indexOf(index)];
  };
  const patched = async (index: number): Promise<Value> => {
    const [first, ...others] = patches.get(index) ?? [];
    if (first === undefined) return compute(index);
    let value: Value;
    if (replacesWhole(first, index)) {
      const info = [...graph.index.infos.values()].find(
        (candidate) => graph.index.resolve(candidate.name).value === index,
      );
      const shape = info?.shape ?? [];
      const spread = ((first as ReplacePatch).value as Tensor).expand(shape);
      value = emptyInOrder(shape, info?.strides).copy_(spread);
      effects.set(first, {});
    } else {
      value = await applyPatch(first, await compute(index), effects);
    }
    for (const patch of others) value = await applyPatch(patch, value, effects);
    return value;
  };
  const ask = (index: number): Promise<Value> => {
    let value = known.get(index);
    if (!value) {
      value = patched(index);
      known.set(index, value);
    }
    return value;
  };

  const looked = [...patches].filter(([, list]) => list.some((patch) => patch.observes));
  for (const [index] of looked) await ask(index);
  return { values: await Promise.all(wanted.map(ask)), effects };
}
