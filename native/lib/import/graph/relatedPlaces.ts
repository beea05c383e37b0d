import type { ModuleCall } from "../../graph/trace";
import type { GraphEnd } from "./finish";
import { type PlacedOutputs, placeTold } from "./outputPlaces";

interface Place {
  value: number;
  path: string | null;
}

/**
 * Gives outputs of which nothing is known the places that they have in what is handed on: a module or the model that returns all of
 * them, and nothing else, most likely returns what it was given (`return self.decoder(x)`).
 * @param returned what the model returns
 * @param given the values that each module is given: it may return some of them
 */
export function placeHandedOn(
  placed: readonly PlacedOutputs[],
  returned: readonly GraphEnd[],
  given: (call: ModuleCall) => ReadonlySet<number>,
): void {
  const inner = new Map(placed.flatMap((one) => one.outputs.map(({ value }) => [value, one] as const)));
  const outer = new Map(placed.flatMap((one) => one.outputs.map(({ source }) => [source, one] as const)));
  const whole = returned.map(({ value, part }) => ({ value, path: part }));
  for (const one of placed) {
    const [{ call, value, source }] = one.outputs;
    if (one.outputs.length < 2) continue;
    const makes = inner.get(source);
    const takes = outer.get(value);
    const sources = one.outputs.map((alias) => alias.source);
    const values = one.outputs.map((alias) => alias.value);
    if (makes) handOn(one, sources, placesOf(makes, "value"), new Set());
    if (takes) handOn(one, values, placesOf(takes, "source"), given(call));
    handOn(one, values, whole, given(call));
  }
}

function placesOf({ outputs, told }: PlacedOutputs, name: "value" | "source"): Place[] {
  return outputs.map((alias, i) => ({ value: alias[name], path: told[i] }));
}

/** @param others what may stand among the places beside all of `values` */
function handOn(
  one: PlacedOutputs,
  values: readonly number[],
  places: readonly Place[],
  others: ReadonlySet<number>,
): void {
  const { told } = one;
  if (told.every((path) => path !== null)) return;
  const paths = values.map((value) => places.find((place) => place.value === value)?.path ?? null);
  const isWhole = places.every(({ value, path }) => path && (values.includes(value) || others.has(value)));
  const fits = paths.every((path, i) => path !== null && (told[i] === null || told[i] === path));
  if (!isWhole || !fits) return;
  one.told.splice(0, told.length, ...paths);
  placeTold(one);
}

/**
 * Gives outputs of which nothing is known the places that those of another call have, which the same lines of the same class made:
 * `x, weights = block(x)` tells nothing of the last block in a loop, whose results are returned.
 */
export function placeBySiblings(placed: readonly PlacedOutputs[]): void {
  const known = new Map<string, string | null>();
  for (const { told, makers } of placed) {
    makers.forEach((maker, i) => {
      const path = told[i];
      if (maker === null || path === null) return;
      const before = known.get(maker);
      // Two places: this line makes several results.
      known.set(maker, before === undefined || before === path ? path : null);
    });
  }
  for (const one of placed) {
    const { told, makers } = one;
    if (told.every((path) => path !== null)) continue;
    makers.forEach((maker, i) => {
      const path = maker === null ? null : (known.get(maker) ?? null);
      if (!told.includes(path)) told[i] ??= path;
    });
    placeTold(one);
  }
}
