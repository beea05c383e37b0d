import type { PatchableGraph } from "@graphpatch/native";
import ts from "typescript";
import type { Native } from "../preload/native";
import { isTreePlace } from "./treePlace";
import { possibleValues, type Variables } from "./values";

/** Finds out which graph, or place of a graph's tree, an expression of a cell means. */
export class GraphFinder {
  readonly #native: () => Native | null;
  readonly #variables: () => Variables;

  /**
   * @param native null until it is loaded: before that there are no graphs
   * @param variables of the cells so far
   */
  constructor(native: () => Native | null, variables: () => Variables) {
    this.#native = native;
    this.#variables = variables;
  }

  /** All graphs that are alive. */
  live(): PatchableGraph[] {
    return this.#native()?.graphRegistry.list() ?? [];
  }

  /** The graphs that `expression` can mean; every live one where the code does not say. */
  graphs(expression: ts.Expression | null): PatchableGraph[] {
    const found = expression ? this.#values(expression).filter((value) => this.#isGraph(value)) : [];
    return found.length > 0 ? [...new Set(found)] : this.live();
  }

  /** The place of a tree that `expression` means; null where it means something else. */
  place(expression: ts.Expression) {
    return this.#values(expression).find(isTreePlace) ?? null;
  }

  #values(expression: ts.Expression): unknown[] {
    return possibleValues(expression, this.#variables(), (value, key) => this.#read(value, key));
  }

  #isGraph(value: unknown): value is PatchableGraph {
    const native = this.#native();
    return native !== null && value instanceof native.PatchableGraph;
  }

  /** Graphs and their trees have getters that do nothing but look; of other objects only plain properties are read. */
  #read(value: object, key: string): unknown {
    if (this.#isGraph(value) && key === "graph") return value.graph;
    if (isTreePlace(value)) return value[key];
    return Object.getOwnPropertyDescriptor(value, key)?.value as unknown;
  }
}

/** The expression before the dot that the cursor stands behind, and where the name after it begins; null without one. */
export function memberAt(
  file: ts.SourceFile,
  cursor: number,
): { object: ts.Expression; start: number } | null {
  let found: { object: ts.Expression; start: number } | null = null;
  const visit = (node: ts.Node): void => {
    if (cursor < node.pos || cursor > node.end) return;
    if (ts.isPropertyAccessExpression(node)) {
      const start = node.name.getStart(file);
      // A missing name has no width and may stand on a later line.
      if (
        cursor > node.expression.end &&
        (node.name.text === "" || (cursor >= start && cursor <= node.name.end))
      )
        found = { object: node.expression, start: node.name.text === "" ? cursor : start };
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
