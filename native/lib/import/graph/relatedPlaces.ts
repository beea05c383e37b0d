import type { ModuleCall } from "../../graph/trace";
import type { GraphEnd } from "./finish";
import { type PlacedOutputs, placeTold } from "./outputPlaces";

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
  const outer = placed.map(({ outputs, told }) =>
    outputs.map(({ source }, i) => ({ value: source, path: told[i] })),
  );
  const whole = returned.map(({ value, part }) => ({ value, path: part }));
  for (const one of placed) {
    const { outputs, told } = one;
    if (told.some((path) => path !== null) || outputs.length < 2) continue;
    const values = new Set(outputs.map(({ value }) => value));
    const others = given(outputs[0].call);
    const hands = [...outer, whole].find(
      (results) =>
        results.filter(({ value }) => values.has(value)).length === values.size &&
        results.every(({ value, path }) => (values.has(value) || others.has(value)) && path),
    );
    if (!hands) continue;
    outputs.forEach(({ value }, i) => {
      told[i] = hands.find((result) => result.value === value)?.path ?? null;
    });
    placeTold(one);
  }
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
