import "../support/standInGpu";
import { expect, test } from "vitest";
import { torch } from "../../native/lib/torch";
import { callCase, differences, gradientDifferences } from "../support/operatorCalls";
import {
  argumentReader,
  caseInputs,
  type Expected,
  type OperatorCase,
  readOperatorCases,
} from "../support/operatorCases";
import { describeOnGpu } from "../support/standInGpu";

const { cases, inputs } = readOperatorCases();
const DEVICE = "cuda:0";

/** The case's result on a GPU, and the tensors it was called with. */
function callOnGpu(operatorCase: OperatorCase, expected: Expected) {
  const given = new Map(
    [...caseInputs(operatorCase, expected, inputs)].map(([name, tensor]) => {
      const there = tensor.detach().to(DEVICE);
      return [name, tensor.requires_grad ? there.requires_grad_() : there] as const;
    }),
  );
  // Operators that write in place write into copies.
  const copies = new Map([...given].map(([name, tensor]) => [name, tensor.clone()]));
  return { given, result: callCase(operatorCase, argumentReader(copies, expected.dtype)) };
}

describeOnGpu("operators on a GPU", () => {
  const plain = cases.filter(({ seed }) => seed === undefined);

  test.each(plain)("$name is PyTorch's", async (operatorCase) => {
    const problems: Record<string, string[]> = {};
    const refused: string[] = [];
    for (const expected of operatorCase.expected) {
      try {
        const { given, result } = callOnGpu(operatorCase, expected);
        const found = differences(result, expected, operatorCase);
        found.push(...(await gradientDifferences(result, given, expected)));
        if (found.length > 0) problems[expected.dtype] = found;
      } catch (error) {
        // CUDA has no products of whole numbers.
        const { message } = error as Error;
        if (!/_cuda" not implemented for '(?:Int|Long)'/.test(message)) problems[expected.dtype] = [message];
        refused.push(expected.dtype);
      }
    }
    expect(problems).toEqual({});
    expect(refused.filter((dtype) => !dtype.startsWith("int"))).toEqual([]);
  });

  const drawing = cases.filter(({ seed }) => seed !== undefined);

  test.each(drawing)("$name draws the same numbers from the same seed", (operatorCase) => {
    for (const expected of operatorCase.expected) {
      const [first, second] = [0, 1].map(() => callOnGpu(operatorCase, expected).result);
      expect(JSON.stringify(second)).toBe(JSON.stringify(first));
      expect(String(second)).toBe(String(first));
    }
  });

  test("most cases are there", () => {
    expect(plain.length).toBeGreaterThan(600);
    expect(drawing.length).toBeGreaterThan(5);
    expect(torch.cuda.device_count()).toBe(2);
  });
});
