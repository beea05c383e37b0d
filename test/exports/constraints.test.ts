import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PatchableGraph, ShapeError, torch } from "../../native/lib";
import { FOLDER } from "./cases";

/** Written by test/fixtures/make/make_constraints.py: which first sizes of the inputs PyTorch's own module takes. */
const verdicts: Record<string, { sizes: number[]; fits: boolean }[]> = JSON.parse(
  readFileSync(join(FOLDER, "constraints", "verdicts.json"), "utf8"),
);

describe.each(Object.keys(verdicts))("%s", (name) => {
  it.each(verdicts[name])("$sizes: fits is $fits, as in PyTorch", async ({ sizes, fits }) => {
    const graph = await PatchableGraph.load(join(FOLDER, "constraints", `${name}.pt2`));
    const run = graph.run(sizes.map((size) => torch.zeros([size, 3])));
    if (fits) {
      await run;
      return;
    }
    const error = await run.then(
      () => null,
      (thrown: Error) => thrown,
    );
    expect(error).toBeInstanceOf(ShapeError);
    // The input, what it is, and what it may be.
    expect(error?.message).toMatch(/input [xy]: its size 0 (?:is|must be)|\(given: x \[/);
  });
});

describe("messages", () => {
  const refusal = async (name: string, ...sizes: number[]) => {
    const graph = await PatchableGraph.load(join(FOLDER, "constraints", `${name}.pt2`));
    return graph.run(sizes.map((size) => torch.zeros([size, 3]))).then(
      () => "",
      (error: Error) => error.message,
    );
  };

  it("name the input of a derived size and its range", async () => {
    expect(await refusal("double", 200, 100)).toBe(
      "input x: its size 0 is 200; the model was exported for sizes of at least 4 and at most 128",
    );
    expect(await refusal("plus", 9, 9)).toMatch(/^input x: its size 0 is 9, but must be 10/);
    expect(await refusal("steps", 24)).toBe(
      "input x: its size 0 is 24; the model was exported for sizes of at least 4 and at most 20",
    );
    expect(await refusal("steps", 10)).toBe("input x: its size 0 is 10, but must be a multiple of 4");
  });
});
