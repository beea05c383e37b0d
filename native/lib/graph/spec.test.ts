import { describe, expect, it, test } from "vitest";
import { CorruptFileError, GraphpatchError } from "../errors";
import { Module } from "../nn";
import type { Tensor } from "../tensor";
import { torch } from "../torch";
import { engine } from "./native";
import { PatchableGraph } from "./patchableGraph";
import type { GraphSpec, NodeSpec } from "./spec";

const node = (fields: Partial<NodeSpec>): NodeSpec => ({
  type: "operator",
  operator: "aten::add",
  overload: "Tensor",
  args: [{ ref: 0 }, { ref: 1 }],
  results: [2],
  name: "add",
  code: "",
  ...fields,
});

/** Two inputs and their sum, with `changes`. */
const spec = (changes: { [field: string]: unknown } = {}): GraphSpec => ({
  valueCount: 3,
  inputs: [0, 1],
  constants: [],
  nodes: [node({})],
  ...changes,
});

const size = node({ type: "number", operator: "size", overload: "", args: [{ ref: 0 }, { constant: 0 }] });

describe("a description that is wrong is refused and names what is wrong", () => {
  test.each<[string, { [field: string]: unknown }, RegExp]>([
    ["too many values", { valueCount: 2 ** 31 - 2 }, /said to have 2147483646 values, but makes 3/],
    ["a negative number of values", { valueCount: -1 }, /valueCount must be the number of a value/],
    ["values that are no number", { valueCount: Number.NaN }, /valueCount/],
    ["inputs that are no list", { inputs: {} }, /inputs must be an array/],
    [
      "an input that is no number",
      { inputs: [0, "1"] },
      /inputs must be the number of a value, not the string "1"/,
    ],
    ["an input twice", { inputs: [0, 0] }, /value 0 is made twice/],
    ["nodes that are no list", { nodes: null }, /nodes must be an array/],
    ["a node that is no object", { nodes: [7] }, /a node must be an object, not the number 7/],
    [
      "a node without a name",
      { nodes: [{ ...node({}), name: undefined }] },
      /a node's name must be a string/,
    ],
    ["an unknown type", { nodes: [{ ...node({}), type: "code" }] }, /has the unknown type "code"/],
    [
      "an autocast that PyTorch does not have",
      { nodes: [{ ...node({}), autocast: "float64" }] },
      /add: autocast must be bfloat16 or float16/,
    ],
    ["args that are no list", { nodes: [{ ...node({}), args: 3 }] }, /add: args must be an array/],
    [
      "an argument that is no object",
      { nodes: [{ ...node({}), args: [1, 2] }] },
      /argument self must be an object/,
    ],
    [
      "an argument of nothing",
      { nodes: [{ ...node({}), args: [{}, {}] }] },
      /argument self must be a value, a constant/,
    ],
    [
      "a fractional value",
      { nodes: [node({ args: [{ ref: 0.5 }, { ref: 1 }] })] },
      /argument self must be the number/,
    ],
    [
      "a negative value",
      { nodes: [node({ args: [{ ref: -1 }, { ref: 1 }] })] },
      /argument self must be the number/,
    ],
    [
      "a value beyond all",
      { nodes: [node({ args: [{ ref: 9 }, { ref: 1 }] })] },
      /add uses value 9 before it is made/,
    ],
    [
      "its own result",
      { nodes: [node({ args: [{ ref: 2 }, { ref: 1 }] })] },
      /add uses value 2 before it is made/,
    ],
    ["missing arguments", { nodes: [node({ args: [{ ref: 0 }] })] }, /argument other is missing/],
    [
      "too many arguments",
      { nodes: [node({ args: Array(9).fill({ ref: 0 }) })] },
      /9 arguments, but aten::add takes 3/,
    ],
    ["results that are no list", { nodes: [{ ...node({}), results: 2 }] }, /add: results must be an array/],
    [
      "more results than there are",
      { valueCount: 4, nodes: [node({ results: [2, 3] })] },
      /has 2 results, but aten::add gives 1/,
    ],
    [
      "a list for one tensor",
      { nodes: [node({ args: [{ list: [{ ref: 0 }] }, { ref: 1 }] })] },
      /a list where the operator takes Tensor/,
    ],
    [
      "a text for a tensor",
      { nodes: [node({ args: [{ constant: "/etc/passwd" }, { ref: 1 }] })] },
      /argument self must be Tensor/,
    ],
    [
      "an operator that is not there",
      { nodes: [node({ operator: "aten::system" })] },
      /no operator "aten::system"/,
    ],
    ["an overload that is not there", { nodes: [node({ overload: "Nothing" })] }, /no overload "Nothing"/],
    [
      "an alias of nothing",
      { nodes: [node({ type: "alias", args: [] })] },
      /must name one value and make one/,
    ],
    [
      "an alias of a constant",
      { nodes: [node({ type: "alias", args: [{ constant: 1 }] })] },
      /must name one value/,
    ],
    ["an alias of two", { nodes: [node({ type: "alias" })] }, /must name one value/],
    ...[
      { other: 7, watched: [[0]] },
      { other: 1, watched: [[7]] },
      { other: 1, watched: [[0, 7]] },
    ].map((unless): [string, { [field: string]: unknown }, RegExp] => [
      `an alias that depends on ${JSON.stringify(unless)}`,
      { nodes: [{ ...node({ type: "alias", args: [{ ref: 0 }] }), unless }] },
      /alias of values that are not made/,
    ]),
    ...[
      { other: 0, watched: [[]] },
      { other: 0, watched: [[0, 0, 0]] },
      { other: 0, watched: [[-1]] },
      { other: 0.5, watched: [[0]] },
      { other: 0 },
    ].map((unless): [string, { [field: string]: unknown }, RegExp] => [
      `an alias that depends on ${JSON.stringify(unless)}`,
      { nodes: [{ ...node({ type: "alias", args: [{ ref: 0 }] }), unless }] },
      /unless must be/,
    ]),
    [
      "an alias of a tensor or a number",
      {
        valueCount: 5,
        nodes: [
          node({}),
          { ...size, results: [3] },
          {
            ...node({ type: "alias", args: [{ ref: 2 }], results: [4] }),
            unless: { other: 3, watched: [[0]] },
          },
        ],
      },
      /must name a tensor or a number, whatever is patched/,
    ],
    [
      "an alias without a result",
      { valueCount: 2, nodes: [node({ type: "alias", args: [{ ref: 0 }], results: [] })] },
      /must name one/,
    ],
    [
      "a guard of a tensor",
      {
        nodes: [size, { ...node({ type: "guard", args: [{ ref: 0 }], results: [] }), expected: 1 }],
        constants: [{ value: 0, tensor: torch.ones([1]) }],
        inputs: [1],
      },
      /must look at a number/,
    ],
    [
      "a guard without a number",
      { valueCount: 3, nodes: [size, node({ type: "guard", args: [{ ref: 2 }], results: [] })] },
      /expected must be int/,
    ],
    [
      "a guard with a result",
      { nodes: [{ ...node({ type: "guard", args: [{ ref: 0 }] }), expected: 1 }] },
      /must look at one value/,
    ],
    [
      "an unknown number operator",
      { nodes: [node({ type: "number", operator: "exec" })] },
      /unknown number operator "exec"/,
    ],
    ["a number operator without arguments", { nodes: [{ ...size, args: [] }] }, /must have 2 arguments/],
    [
      "a number operator without a result",
      { valueCount: 2, nodes: [{ ...size, results: [] }] },
      /must have 2 arguments and one result/,
    ],
    [
      "the size of a number",
      { nodes: [{ ...size, args: [{ constant: 1 }, { constant: 0 }] }] },
      /must have a tensor as argument 0/,
    ],
    [
      "a number operator on a list",
      { nodes: [{ ...size, operator: "add", args: [{ list: [] }, { constant: 0 }] }] },
      /a list where/,
    ],
    ["a constant that is no tensor", { constants: [{ value: 0, tensor: 1 }], inputs: [1] }, /tensor/i],
  ])("%s", (_what, changes, message) => {
    const create = () => engine.createGraph(spec(changes));
    expect(create).toThrow(GraphpatchError);
    expect(create).toThrow(message);
  });

  it("is accepted where it is right", () => {
    expect(() => engine.createGraph(spec())).not.toThrow();
  });

  it("keeps its promises to plans when values are numbers", () => {
    const numbers = spec({
      nodes: [size, node({ args: [{ ref: 0 }, { ref: 2 }], results: [3] })],
      valueCount: 4,
    });
    expect(() => engine.createGraph(numbers)).not.toThrow();
    const tensor = { value: 0, tensor: torch.ones([2]) };
    const asScalar = node({
      operator: "aten::pow",
      overload: "Tensor_Scalar",
      args: [{ ref: 1 }, { ref: 0 }],
    });
    expect(() => engine.createGraph(spec({ inputs: [1], constants: [tensor], nodes: [asScalar] }))).toThrow(
      new CorruptFileError(
        "graph: node add gives a tensor as argument exponent of aten::pow, which takes Scalar",
      ),
    );
  });
});

/** A graph of the numbers' arithmetic alone, on the size of its input. */
async function numberOf(operator: string, a: bigint | number, b: bigint | number): Promise<unknown> {
  const graph = engine.createGraph({
    valueCount: 2,
    inputs: [0],
    constants: [],
    nodes: [node({ type: "number", operator, args: [{ constant: a }, { constant: b }], results: [1] })],
  });
  const plan = engine.createPlan(graph, {
    outputs: [1],
    patched: [],
    observed: [],
    replaced: [],
    changed: [],
    packed: false,
  });
  const progress = await engine.advanceRun(engine.startRun(plan, [torch.ones([1])], [], false));
  return progress.done && progress.outputs[0];
}

describe("arithmetic on sizes", () => {
  const lowest = -(2n ** 63n);

  it("rounds as Python does", async () => {
    expect(await numberOf("floordiv", -7, 2)).toBe(-4);
    expect(await numberOf("mod", -7, 2)).toBe(1);
    expect(await numberOf("floordiv", 7, -1)).toBe(-7);
  });

  it.each([
    ["floordiv", lowest, -1],
    ["mod", lowest, -1],
    ["mul", lowest, -1],
    ["sub", lowest, 1],
    ["add", lowest, lowest],
    ["mul", 2 ** 31, 2 ** 23],
  ])("%s beyond all sizes is an error and no crash", async (operator, a, b) => {
    await expect(numberOf(operator, a, b)).rejects.toThrow(/beyond 2\^53/);
  });
});

class Sums extends Module {
  forward(x: Tensor): Tensor {
    return x.sum(0).add(torch.mean(x, 1));
  }
}

it("takes one number where an operator takes a list, as calls do", async () => {
  const x = torch.randn([3, 3]);
  const pg = await PatchableGraph.capture(new Sums(), x);
  expect(torch.equal((await pg.run(x)) as Tensor, new Sums().call(x))).toBe(true);
});
