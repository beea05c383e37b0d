import { beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_SETTINGS } from "../settings";
import { FakeCatalog } from "../testing/fakes";
import { smallGraph } from "../testing/graphs";
import { BrowserModel } from "./model";

describe("the browser's model", () => {
  let catalog: FakeCatalog;
  let model: BrowserModel;
  const labels = (): string[] => model.rows.map((row) => row.label);

  beforeEach(() => {
    catalog = new FakeCatalog();
    model = new BrowserModel(catalog);
    catalog.show([smallGraph()]);
  });

  it("opens what holds most of the graph, with its series folded", () => {
    expect(labels()).toEqual(["input_ids", "transformer", "h_0 … h_23", "output"]);
  });

  it("numbers siblings among themselves", () => {
    const series = model.rows[2];
    expect(series).toMatchObject({ level: 2, position: 1, setSize: 1, isExpanded: false, count: 24 });
    model.toggle(series.id);
    const second = model.rows[4];
    expect(second).toMatchObject({ label: "h_1", level: 3, position: 2, setSize: 24 });
    expect(model.rows.at(-1)).toMatchObject({ label: "output", level: 1, position: 3, setSize: 3 });
  });

  it("shows what a filter finds, open, with the first node active", () => {
    model.queryText = "h17mul";
    expect(labels()).toEqual(["transformer", "h_17", "mlp", "act", "mul", "mul_1", "mul_2", "mul_3"]);
    expect(model.matchCount).toBe(4);
    expect(model.activeRow?.path).toBe("transformer.h_17.mlp.act.mul");
    model.toggle("transformer.h_17.mlp");
    expect(labels()).toEqual(["transformer", "h_17", "mlp"]);
  });

  it("shows where the chosen node is after the filter is cleared", () => {
    model.queryText = "h17mul3";
    model.queryText = "";
    expect(model.activeRow?.path).toBe("transformer.h_17.mlp.act.mul_3");
    expect(labels()).toContain("h_16");
  });

  it("filters by sort, any of those chosen", () => {
    model.toggleFilter("attention");
    expect(model.matchCount).toBe(24);
    model.toggleFilter("parameters");
    expect(model.matchCount).toBe(48);
    model.toggleFilter("attention");
    model.toggleFilter("parameters");
    expect(model.isFiltering).toBe(false);
  });

  it("follows which nodes are patched", () => {
    model.toggleFilter("patched");
    expect(model.rows).toEqual([]);
    expect(model.matchCount).toBe(0);
    catalog.mark(["transformer.h_3.attn.softmax"], []);
    expect(labels()).toEqual(["transformer", "h_3", "attn", "softmax"]);
    expect(model.marks.patched.has("transformer.h_3.attn.softmax")).toBe(true);
  });

  it("reveals a place inside a folded series", () => {
    expect(model.reveal("transformer.h_9.mlp.act.tanh")).toBe(true);
    expect(model.activeRow?.label).toBe("tanh");
    expect(model.reveal("transformer.h_99")).toBe(false);
  });

  it("orders by name when asked", () => {
    model.settings = { ...DEFAULT_SETTINGS, order: "natural" };
    model.reveal("transformer.h_0.mlp.act.mul_3");
    const act = labels().slice(labels().indexOf("act") + 1);
    expect(act.slice(0, 8)).toEqual(["add", "add_1", "mul", "mul_1", "mul_2", "mul_3", "pow", "tanh"]);
  });

  it("shows the graph captured last, or the one chosen, and remembers what was open", () => {
    model.reveal("transformer.h_9.mlp.act.tanh");
    catalog.show([smallGraph(), smallGraph(2, "graph-2")]);
    expect(model.graph?.id).toBe("graph-2");
    expect(labels()).toEqual(["input_ids", "transformer", "h_0", "h_1", "output"]);
    model.selectGraph("graph-1");
    expect(model.activeRow?.label).toBe("tanh");
    catalog.show([smallGraph(2, "graph-2")]);
    expect(model.graph?.id).toBe("graph-2");
  });

  it("is empty without a kernel", () => {
    catalog.leave();
    expect(model.graph).toBeNull();
    expect(model.rows).toEqual([]);
    expect(model.activeRow).toBeNull();
    model.queryText = "x";
    model.collapseAll();
    expect(model.reveal("x")).toBe(false);
  });

  it("collapses everything", () => {
    model.collapseAll();
    expect(labels()).toEqual(["input_ids", "transformer", "output"]);
  });
});
