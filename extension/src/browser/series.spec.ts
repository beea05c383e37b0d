import { describe, expect, it } from "vitest";
import { node, smallGraph } from "../testing/graphs";
import { arrange, isSeries, type Sibling, type SiblingOrder } from "./series";
import { buildTree } from "./tree";

function labels(paths: string[], order: SiblingOrder, threshold = 5): string[] {
  const { root } = buildTree({ nodes: paths.map((path) => node(path)) });
  return arrange(root.children, order, threshold).map((sibling: Sibling) => sibling.label);
}

describe("series", () => {
  it("folds layers, and keeps what they hold", () => {
    const { items } = buildTree(smallGraph(24));
    const transformer = items.get("transformer");
    const [series] = arrange(transformer?.children ?? [], "execution", 5);
    expect(series.label).toBe("h_0 … h_23");
    expect(isSeries(series) && series.members).toHaveLength(24);
  });

  it("folds only from the threshold on, and never at 0", () => {
    const four = ["mul", "mul_1", "mul_2", "mul_3"];
    expect(labels(four, "execution")).toEqual(four);
    expect(labels([...four, "mul_4"], "execution")).toEqual(["mul … mul_4"]);
    expect(labels([...four, "mul_4"], "execution", 0)).toEqual([...four, "mul_4"]);
  });

  it("leaves alternating operators as the computation has them, and folds them by name", () => {
    const alternating = [
      "mul",
      "add",
      "mul_1",
      "add_1",
      "mul_2",
      "add_2",
      "mul_3",
      "add_3",
      "mul_4",
      "add_4",
    ];
    expect(labels(alternating, "execution")).toEqual(alternating);
    expect(labels(alternating, "natural")).toEqual(["add … add_4", "mul … mul_4"]);
  });

  it("does not fold modules together with nodes", () => {
    const mixed = ["h_0.x", "h_1.x", "h_2", "h_3.x", "h_4.x", "h_5.x"];
    expect(labels(mixed, "execution")).toEqual(["h_0", "h_1", "h_2", "h_3", "h_4", "h_5"]);
  });
});
