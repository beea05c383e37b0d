import { describe, expect, it } from "vitest";
import { FakeKernel } from "../testing/fakes";
import { smallTable } from "../testing/graphs";
import { CatalogModel } from "./catalogModel";

/** Lets promises that are settled run on. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
const snapshot = (...layers: number[]) => ({
  type: "snapshot",
  graphs: layers.map((count, at) => smallTable(count, `graph-${at + 1}`)),
});

async function start(prepare: (kernel: FakeKernel) => void = () => {}) {
  const kernel = new FakeKernel();
  prepare(kernel);
  const model = new CatalogModel(kernel.link);
  const changes: string[] = [];
  model.changed.connect((_, what) => changes.push(what));
  await settle();
  return { kernel, model, changes };
}

describe("the catalogue of one kernel", () => {
  it("waits for a kernel that has no graph yet", async () => {
    const { model } = await start();
    expect(model.status).toBe("waiting");
    expect(model.language).toBe("typescript");
    expect(model.graphs).toEqual([]);
  });

  it("takes the snapshot a kernel opens the comm with", async () => {
    const { kernel, model } = await start();
    kernel.open("a", snapshot(2));
    expect(model.status).toBe("ready");
    expect(model.graphs.map((graph) => graph.id)).toEqual(["graph-1"]);
    expect(kernel.sent).toEqual([]);
  });

  it("asks for a snapshot when the comm is opened without one", async () => {
    const { kernel } = await start();
    kernel.open("a");
    expect(kernel.sent).toEqual([{ comm: "a", data: { type: "resync" } }]);
  });

  it("finds the comm of a kernel that was there before the page", async () => {
    const { kernel, model } = await start((living) => living.living.push("old"));
    expect(kernel.sent).toEqual([{ comm: "old", data: { type: "resync" } }]);
    expect(model.status).toBe("connecting");
    kernel.comms.get("old")?.receive(snapshot(1));
    expect(model.status).toBe("ready");
  });

  it("adds, replaces and removes graphs, and knows what was patched", async () => {
    const { kernel, model, changes } = await start();
    const comm = kernel.open("a", snapshot(1));
    comm?.receive({ type: "graph-added", graph: smallTable(2, "graph-2") });
    comm?.receive({ type: "graph-added", graph: smallTable(3, "graph-2") });
    expect(model.graphs.map((graph) => graph.nodes.length)).toEqual([13, 33]);
    const patches = [{ patch: "ZeroPatch", fired: false, maxChange: null }];
    const marks = [
      { node: "a", patches, isProbed: false },
      { node: "b", patches: [], isProbed: true },
    ];
    comm?.receive({ type: "ran", id: "graph-2", marks });
    comm?.receive({ type: "probes", id: "graph-2", probes: [{ node: "c", runs: 3 }] });
    expect(model.marks("graph-2")).toEqual({
      patched: new Map([["a", patches]]),
      probed: new Set(["b"]),
      live: new Map([["c", 3]]),
    });
    expect(changes.at(-1)).toBe("marks");
    comm?.receive({ type: "graph-removed", id: "graph-2" });
    expect(model.graphs).toHaveLength(1);
    expect([...model.marks("graph-2").patched]).toEqual([]);
  });

  it("asks for values and pictures, and gives each who waits the answer", async () => {
    const { kernel, model } = await start();
    expect(await model.requestValue("graph-1", "a")).toBeNull();
    const comm = kernel.open("a", snapshot(1));
    model.setProbe("graph-1", "a", true);
    const answers = [model.requestPicture("graph-1", "a"), model.requestPicture("graph-1", "a")];
    const value = model.requestValue("graph-1", "b");
    expect(kernel.sent.map(({ data }) => data)).toEqual([
      { type: "probe", id: "graph-1", node: "a" },
      { type: "picture", id: "graph-1", node: "a" },
      { type: "value", id: "graph-1", node: "b" },
    ]);
    comm?.receive({ type: "picture", id: "graph-1", node: "a", runs: 2, bundle: { "text/plain": "x" } });
    for (const answer of answers) expect(await answer).toMatchObject({ runs: 2 });
    kernel.restart();
    expect(await value).toBeNull();
  });

  it("shows why the kernel refused", async () => {
    const { kernel, model } = await start();
    const comm = kernel.open("a", snapshot(1));
    const value = model.requestValue("graph-1", "b");
    comm?.receive({ type: "refused", id: "graph-1", node: "b", message: "no node b" });
    expect(await value).toBeNull();
    expect(model.problem).toBe("no node b");
  });

  it("survives a restart", async () => {
    const { kernel, model } = await start();
    kernel.open("a", snapshot(1));
    kernel.restart();
    await settle();
    expect(model.status).toBe("waiting");
    expect(model.graphs).toEqual([]);
    kernel.open("b", snapshot(2));
    expect(model.status).toBe("ready");
  });

  it("asks again after the connection was lost", async () => {
    const { kernel } = await start();
    kernel.open("a", snapshot(1));
    kernel.connectionStatusChanged.emit("connecting");
    kernel.connectionStatusChanged.emit("connected");
    expect(kernel.sent).toEqual([{ comm: "a", data: { type: "resync" } }]);
  });

  it("says so when it does not understand the kernel, and goes on", async () => {
    const { kernel, model } = await start();
    const comm = kernel.open("a", snapshot(1));
    comm?.receive({ type: "snapshot", graphs: [{ id: 1 }] });
    expect(model.problem).toMatch(/does not understand/);
    expect(model.graphs).toHaveLength(1);
    comm?.receive(snapshot(1, 1));
    expect(model.problem).toBeNull();
    expect(model.graphs).toHaveLength(2);
  });

  it("forgets the graphs when the kernel closes the comm", async () => {
    const { kernel, model } = await start();
    kernel.open("a", snapshot(1))?.onClose({});
    expect(model.status).toBe("waiting");
    expect(model.graphs).toEqual([]);
  });

  it("leaves a kernel alone whose messages go elsewhere", async () => {
    const { kernel, model } = await start((other) => {
      other.handleComms = false;
    });
    kernel.connectionStatusChanged.emit("connected");
    expect(model.status).toBe("elsewhere");
    expect(kernel.sent).toEqual([]);
  });

  it("lets go of the kernel when disposed", async () => {
    const { kernel, model } = await start();
    const comm = kernel.open("a", snapshot(1));
    model.dispose();
    model.dispose();
    comm?.receive(snapshot(1, 1));
    expect(model.graphs).toHaveLength(1);
    expect(kernel.open("b", snapshot(1))).toBeNull();
  });
});
