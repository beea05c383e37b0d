import { AddPatch, nn, PatchableGraph, ProbePatch, type Tensor, torch, ZeroPatch } from "@graphpatch/native";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Outputs } from "../cells/outputs";
import { Comms } from "../comms/comm";
import { nativeDisplayer } from "../display/nativeObjects";
import { loadNative } from "../preload/native";
import {
  CATALOG_TARGET,
  type CatalogMessage,
  decodeGraph,
  isCatalogMessage,
  type NodeMark,
} from "../protocol";
import type { ToWire } from "../wire/threadMessages";
import { Catalog } from "./catalog";

class Net extends nn.Module {
  readonly up = new nn.Linear(4, 8);
  readonly down = new nn.Linear(8, 4);

  override forward(x: Tensor): Tensor {
    return this.down.call(this.up.call(x).tanh());
  }
}

const native = loadNative();

/** A page with a comm to a catalogue, and everything it has been sent. */
async function setUp() {
  const received: CatalogMessage[] = [];
  const comms = new Comms(
    new Outputs((message: ToWire) => {
      if (message.kind !== "publish" || message.message.type !== "comm_msg") return;
      const { data } = JSON.parse(message.message.content) as { data: unknown };
      if (!isCatalogMessage(data))
        throw new TypeError(`no message of the catalogue: ${JSON.stringify(data)}`);
      received.push(data);
    }),
  );
  const catalog = new Catalog(
    comms,
    nativeDisplayer(() => native),
  );
  catalog.follow(native);
  const header = { msg_id: "1", session: "s", username: "", date: "", msg_type: "", version: "5.4" };
  const message = (content: Record<string, unknown>) => ({
    identities: [],
    header,
    parent: {},
    metadata: {},
    content: { comm_id: "page", ...content },
    buffers: [],
  });
  comms.opened(message({ target_name: CATALOG_TARGET, data: {} }));
  const x = torch.ones([1, 3, 4]);
  const pg = await PatchableGraph.capture(new Net(), x);
  const { id } = pg;
  const last = <T extends CatalogMessage["type"]>(type: T) =>
    received.filter((one) => one.type === type && "id" in one && one.id === id).at(-1) as
      | (CatalogMessage & { type: T })
      | undefined;
  return {
    pg,
    x,
    received,
    last,
    ask: (type: string, node: string) => comms.received(message({ data: { type, id, node } })),
    resync: () => comms.received(message({ data: { type: "resync" } })),
    marks: async (check: (marks: NodeMark[]) => void) =>
      vi.waitFor(() => check((last("ran") as { marks: NodeMark[] } | undefined)?.marks ?? [])),
  };
}

afterEach(() => {
  native.graphRegistry.removeAllListeners();
});

describe("the catalogue", () => {
  it("describes a graph with its edges", async () => {
    const { received, pg } = await setUp();
    const added = received.find((message) => message.type === "graph-added");
    if (added?.type !== "graph-added") throw new Error("no graph was announced");
    const { nodes, inputs, schemas } = decodeGraph(added.graph);
    expect(nodes.map(({ name }) => name)).toEqual([...pg.nodes.keys()]);
    const at = nodes.findIndex(({ name }) => name === "tanh");
    expect(nodes[at]).toMatchObject({ device: "cpu", shape: [1, 3, 8], operator: "aten::tanh" });
    expect([...inputs.at(at)].map((place) => nodes[place].name)).toEqual(["up.output"]);
    expect(schemas.get("aten::tanh")).toBe("aten::tanh(Tensor self) -> Tensor");
  });

  it("tells what the last run patched, whether it fired, and by how much it changed the value", async () => {
    const { pg, x, marks } = await setUp();
    const probe = new ProbePatch();
    const add = new AddPatch({ value: 0.5, slice: "0, 1" });
    await pg.patch({ tanh: [add, probe], "up.weight": new ZeroPatch() }, () => pg.run(x));
    await marks((seen) =>
      expect(seen).toEqual([
        {
          node: "tanh",
          patches: [{ patch: "AddPatch [0, 1]", fired: true, maxChange: "0.5" }],
          isProbed: true,
        },
        {
          node: "up.weight",
          patches: [{ patch: "ZeroPatch", fired: true, maxChange: expect.any(String) }],
          isProbed: false,
        },
      ]),
    );
    await pg.run(x);
    await marks((seen) => expect(seen).toEqual([]));
  });

  it("gives statistics of what a probe saw", async () => {
    const { pg, x, ask, last } = await setUp();
    ask("value", "tanh");
    expect(last("value")).toMatchObject({ node: "tanh", value: null });
    const probe = new ProbePatch();
    await pg.patch({ tanh: probe }, () => pg.run(x));
    ask("value", "tanh");
    const { max } = { max: Number(probe.activation.max().item()) };
    expect(last("value")).toMatchObject({
      value: { shape: [1, 3, 8], dtype: "float32", statistics: { max, nan: 0, inf: 0 } },
    });
  });

  it("looks at a node for a page, in every run, and draws what it saw", async () => {
    const { pg, x, ask, last, resync } = await setUp();
    ask("probe", "tanh");
    await vi.waitFor(() => expect(last("probes")).toMatchObject({ probes: [{ node: "tanh", runs: 0 }] }));
    ask("picture", "tanh");
    expect(last("picture")).toMatchObject({ runs: 0, bundle: null });
    await pg.run(x);
    await pg.run(x);
    await vi.waitFor(() => expect(last("probes")).toMatchObject({ probes: [{ node: "tanh", runs: 2 }] }));
    ask("picture", "tanh");
    expect(last("picture")).toMatchObject({
      runs: 2,
      bundle: { "application/vnd.graphpatch.view.v1+json": { node: "tanh", shape: [1, 3, 8] } },
    });
    // A page that comes later is told of it.
    resync();
    expect(last("probes")).toMatchObject({ probes: [{ node: "tanh", runs: 2 }] });
    ask("unprobe", "tanh");
    await vi.waitFor(() => expect(last("probes")).toMatchObject({ probes: [] }));
  });

  it("says why it cannot look", async () => {
    const { ask, last } = await setUp();
    ask("probe", "tan");
    expect(last("refused")).toMatchObject({ node: "tan", message: expect.stringContaining('"tanh"') });
  });
});
