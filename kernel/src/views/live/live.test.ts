import { nn, type Tensor, torch } from "@graphpatch/native";
import { describe, expect, it } from "vitest";
import { isValuesReply, isView, type RegionRequest } from "../../protocol";
import { drawHeatmap } from "../heatmap";
import { Handles, liveTensor } from "./handles";
import { readRegion } from "./region";
import { ValuesServer } from "./valuesServer";
import { variableOf } from "./variables";

const request = (changes: Partial<RegionRequest>): RegionRequest => ({
  type: "region",
  request: 1,
  handle: "h",
  row: 1,
  column: 2,
  index: [0, 0, 0],
  rows: [0, 1],
  columns: [0, 1],
  most: [256, 512],
  ...changes,
});

const live = (tensor: Tensor) => liveTensor(tensor) ?? expect.fail("is no live tensor");

describe("regions", () => {
  const tensor = torch
    .arange(2 * 3 * 4)
    .reshape([2, 3, 4])
    .float();

  it("are what torch slices out", () => {
    const { reply, values } = readRegion(
      tensor,
      request({ index: [1, 0, 0], rows: [1, 3], columns: [1, 3] }),
    );
    expect([...values]).toEqual(tensor.at("1, 1:3, 1:3").reshape([-1]).tolist());
    expect(reply).toMatchObject({ rows: 2, columns: 2, rowsPerCell: 1, exact: ["17", "18", "21", "22"] });
  });

  it("may have any dimensions as rows and columns", () => {
    const turned = readRegion(
      tensor,
      request({ row: 2, column: 0, index: [0, 2, 0], rows: [0, 4], columns: [0, 2] }),
    );
    expect([...turned.values]).toEqual(tensor.at(":, 2").t().reshape([-1]).tolist());
    const flat = torch.tensor([1, 2, 3]);
    const row = readRegion(flat, request({ row: null, column: 0, index: [0], columns: [1, 3] }));
    expect([...row.values]).toEqual([2, 3]);
    const scalar = readRegion(torch.tensor(7), request({ row: null, column: null, index: [] }));
    expect([...scalar.values]).toEqual([7]);
  });

  it("are merged down, the largest magnitude of each cell kept", () => {
    const wide = torch.tensor([[1, -5, 2, 3, 0, 4]]);
    const { reply, values } = readRegion(
      wide,
      request({ row: 0, column: 1, index: [0, 0], columns: [0, 6], most: [1, 3] }),
    );
    expect([...values]).toEqual([-5, 3, 4]);
    expect(reply.columnsPerCell).toBe(2);
  });

  it.each([
    ["int64", torch.tensor([9007199254740993n]), "9007199254740993"],
    ["float32", torch.tensor([0.1]), "0.1"],
    ["float64", torch.tensor([0.1], { dtype: "float64" }), "0.1"],
    ["bool", torch.tensor([true]), "true"],
    ["bfloat16", torch.tensor([0.1]).bfloat16(), "0.100097656"],
    ["float32 NaN", torch.tensor([Number.NaN]), "NaN"],
  ])("give values of %s in full", (_, value, text) => {
    const { reply } = readRegion(value, request({ row: null, column: 0, index: [0] }));
    expect(reply.exact).toEqual([text]);
  });

  it("outside of the tensor are refused", () => {
    for (const wrong of [
      { rows: [0, 4] },
      { columns: [2, 2] },
      { row: 5 },
      { row: 2 },
      { index: [2, 0, 0] },
      { index: [0] },
      { row: null, rows: [0, 2] },
      { most: [10_000, 10_000] },
    ] as Partial<RegionRequest>[]) {
      expect(() => readRegion(tensor, request(wrong))).toThrow(RangeError);
    }
  });
});

describe("handles", () => {
  it("keep tensors up to a limit, the most recent ones", () => {
    const handles = new Handles();
    const big = Array.from({ length: 5 }, () => torch.empty([2 ** 24]));
    const names = big.map((tensor) => handles.add(live(tensor)));
    expect(handles.bytes).toBe(4 * 2 ** 26);
    // The oldest is still found, as this test holds it.
    expect(handles.get(names[0])).toMatchObject({ tensor: big[0] });
    handles.release(names[4]);
    expect(handles.bytes).toBe(3 * 2 ** 26);
    big[3].dispose();
    expect(handles.get(names[3])).toBeNull();
    expect(handles.knows(names[3])).toBe(true);
    expect(handles.get("other")).toBeNull();
  });

  it("are given to views of tensors", () => {
    const drawing = drawHeatmap(torch.randn([2, 3]), {});
    expect(drawing.live?.kind).toBe("tensor");
    expect(drawing.view).toMatchObject({ plane: { row: 0, column: 1, index: [0, 0], rowsPerCell: 1 } });
    expect(isView(drawing.view)).toBe(true);
  });
});

describe("the values server", () => {
  /** A server and the page's end of its comm. */
  function connect(locals: Record<string, unknown> = {}) {
    const sent: { data: unknown; buffers: Uint8Array[] }[] = [];
    const comm = {
      send: (data: unknown, buffers: Uint8Array[]) => sent.push({ data, buffers }),
      onMessage: null as ((data: unknown) => void) | null,
    };
    const handles = new Handles();
    new ValuesServer(
      { registerTarget: (_: string, target: (comm: unknown) => void) => target(comm) } as never,
      handles,
      () => locals,
    );
    const ask = (data: unknown) => {
      comm.onMessage?.(data);
      return sent.at(-1);
    };
    return { handles, ask, sent };
  }

  it("answers with a binary buffer", () => {
    const { handles, ask } = connect();
    const handle = handles.add(live(torch.tensor([[1.5, 2.5]])));
    const answer = ask(request({ handle, row: 0, column: 1, index: [0, 0], columns: [0, 2] }));
    expect(isValuesReply(answer?.data)).toBe(true);
    const bytes = answer?.buffers[0] as Uint8Array;
    expect([...new Float32Array(bytes.slice().buffer)]).toEqual([1.5, 2.5]);
  });

  it("says plainly what is gone, unknown or wrong", () => {
    const { handles, ask, sent } = connect();
    const tensor = torch.zeros([2]);
    const handle = handles.add(live(tensor));
    expect(ask(request({ handle, index: [0, 0, 0] }))?.data).toMatchObject({ type: "failed", gone: false });
    tensor.dispose();
    expect(ask(request({ handle }))?.data).toMatchObject({
      gone: true,
      message: expect.stringContaining("no longer has these values"),
    });
    expect(ask(request({ handle: "?" }))?.data).toMatchObject({
      gone: true,
      message: expect.stringContaining("before the kernel was started"),
    });
    const before = sent.length;
    ask({ type: "region", rows: "all" });
    ask({ type: "release", handle });
    expect(sent).toHaveLength(before);
  });

  it("gives no values but those that were drawn", () => {
    const { handles, ask } = connect();
    const tensor = torch.tensor([[1, 2, 3]]);
    const drawn = live(tensor);
    // Drawn, and shown later: through a view of it, too.
    tensor.at("0, :2").zero_();
    const handle = handles.add(drawn);
    const question = request({ handle, row: 0, column: 1, index: [0, 0], columns: [0, 3] });
    expect(ask(question)?.data).toMatchObject({
      type: "failed",
      gone: true,
      message: expect.stringContaining("changed in place since this picture was drawn"),
    });
    const again = handles.add(live(tensor));
    expect(ask({ ...question, handle: again })?.data).toMatchObject({ exact: ["0", "0", "3"] });
  });

  it("gives code over a variable that holds the result", () => {
    const shown = {};
    const locals: Record<string, unknown> = { other: 1 };
    const { handles, ask } = connect(locals);
    const code = (name: string, { row }: { row: number }) => `await ${name}.cell(${row})`;
    const handle = handles.add({ kind: "result", result: { shown, code } });
    const question = { type: "code", request: 2, handle, panel: 0, row: 3, column: 1 };
    expect(ask(question)?.data).toMatchObject({
      type: "failed",
      message: expect.stringContaining("No variable"),
    });
    locals.map = shown;
    expect(ask(question)?.data).toEqual({ type: "code", request: 2, code: "await map.cell(3)" });
  });
});

it("variables are found by themselves, in lists and plain objects", () => {
  const value = {};
  expect(variableOf(value, { a: 1, b: value })).toBe("b");
  expect(variableOf(value, { a: [1, value] })).toBe("a[1]");
  expect(variableOf(value, { maps: { "layer 1": value } })).toBe('maps["layer 1"]');
  expect(variableOf(value, { maps: { mlp: value } })).toBe("maps.mlp");
  expect(variableOf(value, { trace: { grids: { mlp: value } } })).toBe("trace.grids.mlp");
  const getter = Object.defineProperty({}, "value", { enumerable: true, get: () => value });
  expect(variableOf(value, { maps: Object.create({ value }), getter, "not a name": value })).toBeNull();
});

it("a module is no tensor to look closer at", () => {
  expect(liveTensor(new nn.Linear(1, 1))).toBeUndefined();
});
