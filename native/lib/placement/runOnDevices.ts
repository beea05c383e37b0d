import { withDefaultDevice } from "../dispatch/defaultDevice";
import { flatten, isDictionary, unflatten } from "../graph/structure";
import { ModuleDict, ModuleList } from "../nn/containers";
import type { ForwardWrapper, Module } from "../nn/module";
import { Parametrization } from "../nn/parametrization";
import { Tensor } from "../tensor/tensor";
import type { Placement } from "./deviceMap";
import { moved, onDevice } from "./devices";

/**
 * Makes each module compute where its weights are: before its forward its arguments are brought there, and what it makes
 * itself is made there. A capture records the moves as nodes of the module that they are for (`model.layers_4.to_copy`).
 */
export function runOnDevices(model: Module, placement: Placement): void {
  const devices = new Set([...model.namedModules()].map(([path]) => placement.deviceOf(path)));
  if (devices.size === 1 && devices.has("cpu")) return;
  // The inputs of a graph may be anywhere in later runs, so they are moved even where the example's are there already.
  model.wrapForward(wrapper(placement.deviceOf(""), moved));
  wrapChildren("", model, placement);
}

/** Modules inside of one that is on one device need nothing: they get what is on it. */
function wrapChildren(path: string, module: Module, placement: Placement): void {
  const inside = [...module.namedModules(path)].map(([at]) => placement.deviceOf(at));
  if (new Set(inside).size === 1) return;
  for (const [name, child] of module.namedChildren()) {
    if (child instanceof Parametrization) continue;
    const at = path === "" ? name : `${path}.${name}`;
    // Lists are not called themselves.
    if (!(child instanceof ModuleList || child instanceof ModuleDict)) {
      child.wrapForward(wrapper(placement.deviceOf(at), onDevice));
    }
    wrapChildren(at, child, placement);
  }
}

function wrapper(device: string, move: (tensor: Tensor, device: string) => Tensor): ForwardWrapper {
  const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;
  return (args, forward) =>
    withDefaultDevice(device, () => {
      const { structure, leaves } = flatten(args.map(opened), isTensor);
      const there = leaves.map(({ value }) => move(value, device));
      return forward(unflatten(structure, there) as unknown[]);
    });
}

/** What a tokenizer returns is an object of a class; its fields are what a model reads. */
function opened(argument: unknown): unknown {
  if (typeof argument !== "object" || argument === null) return argument;
  if (argument instanceof Tensor || Array.isArray(argument) || isDictionary(argument)) return argument;
  return { ...argument };
}
