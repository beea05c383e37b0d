import type { CapturedGraph } from "./capture";
import { refsOf } from "./spec";

/** Names of the nodes that read each value, by the value's number. */
export function usersOfValues({ spec, index }: CapturedGraph): ReadonlyMap<number, readonly string[]> {
  const names = new Map<number, string>();
  for (const name of index.infos.keys()) names.set(index.resolve(name).value, name);
  const users = new Map<number, string[]>();
  for (const node of spec.nodes) {
    const own = node.results.map((result) => names.get(result)).find((name) => name !== undefined);
    if (own === undefined) continue;
    for (const value of new Set(node.args.flatMap(refsOf))) {
      const list = users.get(value);
      if (list) list.push(own);
      else users.set(value, [own]);
    }
  }
  return users;
}
