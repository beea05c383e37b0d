import type { CellTypes } from "../language/language";
import type { NodeTypes } from "./nodeTypes";
import { retype } from "./retype";
import { reviewMaps } from "./reviewMaps";
import { reviewNames } from "./reviewNames";

/** Makes node names part of the types of the graphs that cells hold. */
export function cellTypes(types: NodeTypes): CellTypes {
  return {
    refine: (declarations, code, values) =>
      retype(declarations, code, values, (value) => (types.isGraph(value) ? types.nameOf(value) : null)),
    review: (found, file, checker) => {
      const graphOf = (name: string) => types.graphOf(name);
      const reviewed = reviewNames(found, file, checker, graphOf);
      return [...reviewed, ...reviewMaps(reviewed, file, checker, graphOf)];
    },
  };
}
