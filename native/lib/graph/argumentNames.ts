import { parameterNames } from "./forwardParameters";
import type { Leaf } from "./structure";

/** Name of one value among a module's arguments: the parameter, and its place in it if it is a container. */
export interface ArgumentName {
  local: string;
  /** What stands after the `|`; "" for the whole. */
  part: string;
}

/**
 * Names of the leaves of a forward's arguments, after its parameters. A forward whose one argument is a dictionary has
 * the dictionary's keys.
 * @param leaves of the list of arguments: their paths are `sub_0`, `sub_1.sub_0`, `sub_0.input_ids`, …
 */
export function nameArguments(
  forward: (...args: never[]) => unknown,
  args: unknown[],
  leaves: readonly Leaf<unknown>[],
): ArgumentName[] {
  const names = parameterNames(forward);
  const isDictionary = args.length === 1 && !Array.isArray(args[0]);
  return leaves.map(({ path }) => {
    const [first, ...rest] = path.split(".");
    if (isDictionary && rest.length > 0) return { local: rest[0], part: rest.slice(1).join(".") };
    const position = Number(first.slice("sub_".length));
    return { local: names[position] ?? `input_${position}`, part: rest.join(".") };
  });
}
