import { describe, expect, it } from "vitest";
import { smallGraph } from "../testing/graphs";
import { RowBuilder } from "./rows";
import { buildTree } from "./tree";
import { treeAction, typeAhead } from "./treeKeys";

const tree = buildTree(smallGraph(1));
const open = new Set(["transformer", "transformer.h_0"]);
const rows = new RowBuilder(tree, { order: "execution", foldThreshold: 5 }).rows((id) => open.has(id));
const at = (label: string) => rows.findIndex((row) => row.label === label);
const press = (key: string, changes = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...changes,
});

describe("keys of the tree", () => {
  it("move", () => {
    expect(treeAction(press("ArrowDown"), rows, 0, 5)).toEqual({ do: "activate", index: 1 });
    expect(treeAction(press("ArrowDown"), rows, -1, 5)).toEqual({ do: "activate", index: 0 });
    expect(treeAction(press("ArrowUp"), rows, 0, 5)).toEqual({ do: "activate", index: 0 });
    expect(treeAction(press("End"), rows, 0, 5)).toEqual({ do: "activate", index: rows.length - 1 });
    expect(treeAction(press("PageDown"), rows, 1, 3)).toEqual({ do: "activate", index: 4 });
    expect(treeAction(press("Home"), rows, 3, 5)).toEqual({ do: "activate", index: 0 });
    expect(treeAction(press("ArrowDown"), [], -1, 5)).toBeNull();
  });

  it("open, enter, leave and close modules", () => {
    expect(treeAction(press("ArrowRight"), rows, at("attn"), 5)).toMatchObject({ do: "toggle", open: true });
    expect(treeAction(press("ArrowRight"), rows, at("h_0"), 5)).toEqual({
      do: "activate",
      index: at("attn"),
    });
    expect(treeAction(press("ArrowLeft"), rows, at("attn"), 5)).toEqual({ do: "activate", index: at("h_0") });
    expect(treeAction(press("ArrowLeft"), rows, at("h_0"), 5)).toMatchObject({ do: "toggle", open: false });
  });

  it("insert, copy and filter", () => {
    expect(treeAction(press("Enter"), rows, at("input_ids"), 5)).toEqual({ do: "insert", path: "input_ids" });
    expect(treeAction(press("Enter"), rows, at("attn"), 5)).toMatchObject({ do: "toggle" });
    expect(treeAction(press("c", { ctrlKey: true }), rows, at("attn"), 5)).toEqual({
      do: "copy",
      path: "transformer.h_0.attn",
    });
    expect(treeAction(press("/"), rows, 0, 5)).toEqual({ do: "filter" });
    expect(treeAction(press("Tab"), rows, 0, 5)).toBeNull();
  });

  it("jump to what is typed, round and round", () => {
    expect(typeAhead(rows, 0, "o")).toBe(at("output"));
    expect(typeAhead(rows, at("output"), "i")).toBe(at("input_ids"));
    expect(typeAhead(rows, at("mlp"), "ml")).toBe(at("mlp"));
    expect(typeAhead(rows, 0, "zz")).toBe(-1);
  });
});
