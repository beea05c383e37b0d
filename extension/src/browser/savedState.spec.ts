import { describe, expect, it } from "vitest";
import { FakeCatalog } from "../testing/fakes";
import { smallGraph } from "../testing/graphs";
import { BrowserModel } from "./model";
import { readState, writeState } from "./savedState";

describe("the state of the browser", () => {
  it("comes back in another page, for another capture of the same model", () => {
    const catalog = new FakeCatalog();
    const first = new BrowserModel(catalog);
    catalog.show([smallGraph()]);
    first.reveal("transformer.h_9.mlp.act.tanh");
    const saved: unknown = JSON.parse(JSON.stringify(writeState(first.saved)));

    const later = new FakeCatalog();
    const second = new BrowserModel(later);
    second.restore(readState(saved));
    later.show([smallGraph(24, "graph-7")]);
    expect(second.activeRow?.path).toBe("transformer.h_9.mlp.act.tanh");
    expect(second.rows.map(({ id }) => id)).toEqual(first.rows.map(({ id }) => id));

    second.queryText = "softmax";
    second.toggleFilter("attention");
    const third = new BrowserModel(later);
    third.restore(readState(writeState(second.saved)));
    expect(third.matchCount).toBe(24);
    expect(third.queryText).toBe("softmax");
    third.clearFilter();
    expect(third.activeRow?.path).toBe("transformer.h_0.attn.softmax");
    expect(third.rows.map(({ id }) => id)).toContain("transformer.h_9.mlp.act.tanh");
  });

  it("is empty where something else was saved", () => {
    for (const other of [
      undefined,
      null,
      3,
      [],
      { graphs: [{ label: 1 }, null], filters: ["x"], query: {} },
    ]) {
      expect(readState(other)).toEqual({ query: "", filters: [], graphs: new Map() });
    }
  });
});
