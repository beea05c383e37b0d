import { describe, expect, test } from "vitest";
import { CaptureError } from "../../native/lib/errors";
import { PatchableGraph } from "../../native/lib/graph";
import { Module } from "../../native/lib/nn";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import { callCase, differences, gradientDifferences } from "../support/operatorCalls";
import {
  argumentReader,
  caseInputs,
  type Expected,
  type OperatorCase,
  readOperatorCases,
} from "../support/operatorCases";

// The same cases as in operators.test.ts, each as a graph of one operator that runs in the engine.
const { cases, inputs } = readOperatorCases();

class OneOperator extends Module {
  constructor(
    readonly operatorCase: OperatorCase,
    readonly expected: Expected,
  ) {
    super();
  }

  forward(given: Record<string, Tensor>): unknown {
    const tensors = new Map(Object.entries(given));
    return callCase(this.operatorCase, argumentReader(tensors, this.expected.dtype));
  }
}

/** Captured on one copy of the inputs and run on another. */
async function problemsOf(operatorCase: OperatorCase, expected: Expected): Promise<string[]> {
  const example = caseInputs(operatorCase, expected, inputs);
  const model = new OneOperator(operatorCase, expected);
  const pg = await PatchableGraph.capture(model, Object.fromEntries(example));
  const given = caseInputs(operatorCase, expected, inputs);
  if (operatorCase.seed !== undefined) torch.manual_seed(operatorCase.seed);
  const result = await pg.run(Object.fromEntries(given));
  const found = differences(result, expected, operatorCase);
  return [...found, ...(await gradientDifferences(result, given, expected))];
}

const takingTensors = cases.filter(
  (operatorCase) => caseInputs(operatorCase, operatorCase.expected[0], inputs).size > 0,
);
/** What a graph cannot hold: values that change after their node ran, and results that are no tensors. */
const refused = (operatorCase: OperatorCase) =>
  /[^_]_$/.test(operatorCase.operator) || operatorCase.expected[0].plain !== null;

describe("captured and run", () => {
  test.each(takingTensors.filter((operatorCase) => !refused(operatorCase)))("$name", async (operatorCase) => {
    const problems: Record<string, string[]> = {};
    for (const expected of operatorCase.expected) {
      const found = await problemsOf(operatorCase, expected);
      if (found.length > 0) problems[expected.dtype] = found;
    }
    expect(problems).toEqual({});
  });
});

test.each(takingTensors.filter(refused))("$name cannot be captured", async (operatorCase) => {
  await expect(problemsOf(operatorCase, operatorCase.expected[0])).rejects.toThrow(CaptureError);
});
