import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CorruptFileError, GraphpatchError } from "../../native/lib/errors";
import { PatchableGraph } from "../../native/lib/graph";
import { ZeroPatch } from "../../native/lib/patches";
import { torch } from "../../native/lib/torch";
import { FIXTURES } from "../support/files";
import { bytes, messageOf, outcome, saved, scratch, useSavedGraph } from "../support/fuzzedGraph";
import { SavedGraphBytes } from "../support/savedGraph";

useSavedGraph();

describe("damaged saved graphs", () => {
  test("the undamaged file is loaded", async () => {
    expect(await messageOf(bytes)).toBe("loaded");
    expect(await messageOf(saved.withDescription(saved.description()))).toBe("loaded");
  });

  test("cut short anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length - 1 }), async (length) => {
        expect(await outcome(bytes.subarray(0, length))).toBeInstanceOf(CorruptFileError);
      }),
      { numRuns: 150 },
    );
  });

  test("bytes changed anywhere", async () => {
    const change = fc.record({ at: fc.nat(bytes.length - 1), to: fc.integer({ min: 32, max: 126 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const copy = Buffer.from(bytes);
        for (const { at, to } of changes) copy[at] = to;
        await outcome(copy);
      }),
      { numRuns: 500 },
    );
  });

  test("any JSON as a description", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 4 }), async (json) => {
        expect(await outcome(saved.withDescription(json))).toBeInstanceOf(CorruptFileError);
      }),
      { numRuns: 100 },
    );
  });
});

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What a description can say in place of anything: of every type, at every limit. */
const NASTY: Json[] = [
  null,
  true,
  "",
  "x",
  "__proto__",
  "aten::from_file",
  "aten::add",
  "/etc/passwd",
  "a|b.c",
  "\u0000",
  0,
  1,
  2,
  -1,
  0.5,
  2 ** 31,
  2 ** 40,
  2 ** 53,
  -(2 ** 53),
  1e308,
  [],
  [0],
  [-1],
  [[[]]],
  {},
  { ref: 0 },
  { ref: -1 },
  { ref: 2 ** 31 },
  { constant: null },
  { constant: { number: "NaN" } },
  { constant: { bigint: "-9223372036854775807" } },
  { constant: { bigint: "9".repeat(18) } },
  { constant: [[1], ["a"]] },
  { constant: { dict: [["__proto__", 1]] } },
  { list: [] },
  { list: [{ ref: 1 }, { constant: { number: "-0" } }] },
  { leaf: 0 },
  { tuple: [] },
  { plain: { undefined: true } },
];

/** All places in a JSON value, as paths. */
function placesOf(value: Json, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [path];
  const below = Object.entries(value).flatMap(([key, item]) => placesOf(item, [...path, key]));
  return [path, ...below];
}

function change(
  root: Json,
  at: (string | number)[],
  edit: (parent: { [key: string]: Json }, key: string) => void,
): void {
  const parent = at.slice(0, -1).reduce((value, key) => (value as { [key: string]: Json })[key], root);
  edit(parent as { [key: string]: Json }, String(at.at(-1)));
}

describe("descriptions with something else in one or two places", () => {
  test("are refused or run, whatever it is", async () => {
    const places = placesOf(saved.description() as unknown as Json).filter((at) => at.length > 0);
    const edit = fc.record({
      at: fc.nat(places.length - 1),
      value: fc.option(fc.oneof(fc.constantFrom(...NASTY), fc.jsonValue({ maxDepth: 2 })), {
        nil: undefined,
      }),
      other: fc.nat(places.length - 1),
      kind: fc.constantFrom("set", "set", "set", "delete", "copy"),
    });
    const seen = { loaded: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 2 }), async (edits) => {
        const description = saved.description() as unknown as Json;
        for (const { at, value, other, kind } of edits) {
          try {
            change(description, places[at], (parent, key) => {
              if (kind === "delete") {
                if (Array.isArray(parent)) parent.splice(Number(key), 1);
                else delete parent[key];
              } else if (kind === "copy") {
                change(description, places[other], (from, fromKey) => {
                  parent[key] = structuredClone(from[fromKey]);
                });
              } else parent[key] = value as Json;
            });
          } catch {
            // An earlier edit took the place away.
          }
        }
        const result = await outcome(saved.withDescription(description));
        seen[result === "loaded" ? "loaded" : "refused"]++;
      }),
      { numRuns: 1200 },
    );
    // Both ways were tried often.
    expect(seen.loaded).toBeGreaterThan(10);
    expect(seen.refused).toBeGreaterThan(500);
  });
});

describe("loops that are no loops", () => {
  const path = join(scratch.path, "loops.safetensors");
  const EDGES = ["loop", "while", "repeat"];

  test("are refused, run, or fail in our words", async () => {
    await (await PatchableGraph.load(join(FIXTURES, "exports", "loops.pt2"))).save(path);
    const loops = new SavedGraphBytes(path);
    const { valueCount } = loops.description();
    const edit = fc.record({
      node: fc.nat(1000),
      isEdge: fc.boolean(),
      kind: fc.constantFrom("type", "argument", "shorter", "longer", "move", "when", "unless", "results"),
      a: fc.nat(1000),
      value: fc.nat(valueCount - 1),
    });
    const run = async (content: Uint8Array) => {
      const graph = await PatchableGraph.load(scratch.write("fuzzed.safetensors", content));
      const signal = AbortSignal.timeout(200);
      const given = { xs: torch.ones([2, 4]), y: torch.ones([4]), count: torch.tensor(2) };
      await graph.run(given, { signal });
      const output = [...graph.nodes.keys()].find((name) => name.includes("output"));
      if (output) await graph.patch({ [output]: new ZeroPatch() }, () => graph.run(given, { signal }));
    };
    const seen = { ran: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 2 }), async (edits) => {
        const description = loops.description();
        const { nodes } = description;
        for (const { node, isEdge, kind, a, value } of edits) {
          const candidates = isEdge ? nodes.filter(({ type }) => EDGES.includes(type)) : nodes;
          const chosen = candidates[node % candidates.length];
          const { args, results } = chosen;
          if (kind === "type") chosen.type = [...EDGES, "alias", "merge", "guard"][a % 6];
          if (kind === "argument" && args.length > 0) args[a % args.length] = { ref: value };
          if (kind === "shorter") args.pop();
          if (kind === "longer") args.push({ ref: value });
          if (kind === "when") chosen.when = { value, expected: a % 2 === 0 };
          if (kind === "unless") chosen.unless = { other: value, watched: [[a], [value, a]] };
          if (kind === "results") results.reverse();
          if (kind === "move") nodes.splice(a % nodes.length, 0, ...nodes.splice(nodes.indexOf(chosen), 1));
        }
        try {
          await run(loops.withDescription(description));
          seen.ran++;
        } catch (error) {
          if (!(error instanceof GraphpatchError)) throw error;
          seen.refused++;
        }
      }),
      { numRuns: 300 },
    );
    expect(seen.ran).toBeGreaterThan(3);
    expect(seen.refused).toBeGreaterThan(100);
  });
});
