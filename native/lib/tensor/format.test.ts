import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { torch } from "../torch";
import type { DType } from "./dtype";
import { exponential4, fixed4 } from "./numberFormat";
import type { Tensor } from "./tensor";

const FIXTURES = join(__dirname, "../../../test/fixtures/torch");

interface PrintingCase {
  name: string;
  values?: (number | string | boolean)[];
  count?: number;
  step?: number;
  first?: number;
  shape: number[];
  dtype: DType;
  requires_grad?: boolean;
  text: string;
}

function readNumber(value: number | string | boolean): number | boolean {
  if (typeof value !== "string") return value;
  return { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY, "-0": -0 }[
    value
  ] as number;
}

function make(given: PrintingCase): Tensor {
  if (given.values === undefined) {
    const ramp = torch.arange(given.count as number, { dtype: "float64" });
    return ramp
      .mul(given.step as number)
      .add(given.first as number)
      .to(given.dtype)
      .reshape(given.shape);
  }
  const made = torch.tensor(given.values.map(readNumber), { dtype: given.dtype }).reshape(given.shape);
  return given.requires_grad ? made.requires_grad_() : made;
}

// JSON.parse would round integers beyond 2^53; they are given as bigint by the test for them below.
const cases = (JSON.parse(readFileSync(join(FIXTURES, "printing.json"), "utf8")) as PrintingCase[]).filter(
  ({ name }) => name !== "int64 beyond doubles",
);

describe("tensors print as in PyTorch", () => {
  it.each(cases)("$name", (given) => {
    expect(String(make(given))).toBe(given.text);
  });

  it("int64 beyond doubles", () => {
    const tensor = torch.tensor([2n ** 62n + 1n, -(2n ** 53n) - 1n, 0n]);
    expect(String(tensor)).toBe("tensor([4611686018427387905,   -9007199254740993,                   0])");
  });

  it("what operations add", () => {
    const expected = JSON.parse(readFileSync(join(FIXTURES, "printing_computed.json"), "utf8")) as Record<
      string,
      string
    >;
    const x = torch.tensor([1, 2], { dtype: "float32", requires_grad: true });
    const printed: Record<string, Tensor> = {
      add: x.add(1),
      mul_sum: x.mul(2).sum(),
      softmax: torch.softmax(x, -1),
      view: x.view(2, 1),
      meta: torch.empty([2, 3], { device: "meta" }),
      "meta half": torch.empty([3], { device: "meta", dtype: "float16" }),
      complex: torch.complex(torch.tensor([1.0, -0.5]), torch.tensor([0.25, -2.5 + 0.5])),
    };
    expect(
      Object.fromEntries(Object.entries(printed).map(([name, tensor]) => [name, String(tensor)])),
    ).toEqual(expected);
  });

  it("says that a tensor is disposed", () => {
    const tensor = torch.ones([2]);
    tensor.dispose();
    expect(String(tensor)).toBe("tensor(disposed)");
  });
});

describe("numbers", () => {
  const numbers = fc.double({ noNaN: true, min: -1e8, max: 1e8 });

  it("are the nearest with four decimals", () => {
    fc.assert(
      fc.property(numbers, (value) => {
        const text = fixed4(value);
        expect(text).toMatch(/^-?\d+\.\d{4}$/);
        expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(0.5e-4 + Math.abs(value) * 1e-15);
      }),
    );
  });

  it("are the nearest with five digits in scientific notation", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), (value) => {
        const text = exponential4(value);
        expect(text).toMatch(/^-?\d\.\d{4}e[+-]\d{2,3}$/);
        expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(
          Math.abs(value) * 0.50001e-4 + Number.MIN_VALUE,
        );
      }),
    );
  });
});

describe("any tensor", () => {
  const tensors = fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: 0, maxLength: 4 })
    .chain((shape) =>
      fc
        .array(fc.float({ noNaN: false }), { minLength: 1, maxLength: 20 })
        .map((values) => ({ shape, values })),
    );

  it("prints one word for each element, in lines of 80 columns and a few brackets", () => {
    fc.assert(
      fc.property(tensors, ({ shape, values }) => {
        const count = shape.reduce((product, size) => product * size, 1);
        fc.pre(count <= 1000);
        const data = Array.from({ length: count }, (_, i) => values[i % values.length]);
        const text = String(torch.tensor(data, { dtype: "float32" }).reshape(shape));
        expect(text.startsWith("tensor(")).toBe(true);
        expect(text.split("(").length).toBe(text.split(")").length);
        const words = text.split(", size=")[0].match(/-?(inf|nan|\d[\d.]*(e[+-]\d+)?)/g) ?? [];
        expect(words.length).toBe(count);
        for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(88);
      }),
      { numRuns: 200 },
    );
  });
});
