import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ScratchFolder } from "../../../test/support/files";
import { writeTypes } from "./writeTypes";

const ROOT = join(__dirname, "..", "..", "..");
const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());

const HEAD = `import { PatchableGraph, ZeroPatch, torch, type nn } from "@graphpatch/native";
import type { GPT2LMHeadModelNodes as Names } from "./gpt2.nodes";
declare const pg: PatchableGraph<nn.Module, Names>;
declare const name: string;
declare const layer: number;
const zero = new ZeroPatch();
const inputs = torch.ones([1]);
`;

const GOOD = [
  'pg.patch({ "transformer.h_1.mlp": zero, "transformer.h_1.mlp.output": [zero, zero] }, () => 1)',
  'pg.patch({ "transformer.h.1.mlp.act": zero }, () => 1)',
  'pg.patch({ "transformer.h_0.attn.split|sub_0": zero, "output|logits": zero }, () => 1)',
  'pg.patch({ "blocks.0.hook_resid_pre": zero }, () => 1)',
  `pg.patch({ [\`transformer.h_\${layer}\`]: zero, [name]: zero }, () => 1)`,
  'const held = { "transformer.h_1": zero }; pg.patch(held, () => 1)',
  "const made: Record<string, ZeroPatch> = {}; pg.patch(made, () => 1)",
  `pg.run(inputs, { outputs: [\`transformer.h_\${layer}\`, name, pg.graph.transformer, "transformer.h.0"] })`,
  'pg.node("lm_head.weight"); pg.node(name)',
  `pg.sweep({ inputs, cells: [0, 1].map((l) => ({ [\`transformer.h_\${l}\`]: zero })), metric: () => 1 })`,
  'const load: Promise<PatchableGraph<nn.Module, Names>> = PatchableGraph.load("x")',
  "const any: PatchableGraph = pg; const both: PatchableGraph[] = [pg, any]",
  "async () => { let own = pg; own = await PatchableGraph.load(name); return own }",
];

const BAD = [
  'pg.patch({ "transformer.h_7.mlp": zero }, () => 1)',
  'pg.patch({ "transformer.h_1.mlp": zero, "transformer.h_1.mpl": zero }, () => 1)',
  'pg.run(inputs, { outputs: ["transformer.h_1.mpl"] })',
  'pg.node("transformer.h_1.mpl")',
  'pg.sweep({ inputs, cells: [[{ "transformer.h_1.mpl": zero }]], metric: () => 1 })',
  'pg.sweep({ inputs, cells: [{}], base: { "blocks.0.hook_nothing": zero }, metric: () => 1 })',
];

/** What the compiler says of each script, the graph's names in a file beside it. */
function check(scripts: readonly string[]): string[][] {
  const files = scripts.map((script, i) => scratch.write(`script${i}.ts`, `${HEAD}${script};\nexport {};\n`));
  const program = ts.createProgram(files, {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    module: ts.ModuleKind.ES2022,
    types: ["node"],
    typeRoots: [join(ROOT, "node_modules", "@types")],
    paths: { "@graphpatch/native": [join(ROOT, "native", "dist", "index.d.ts")] },
  });
  return files.map((file) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
  );
}

beforeAll(async () => {
  const out = join(scratch.path, "gpt2.nodes.d.ts");
  expect(await writeTypes([join(ROOT, "test/fixtures/gpt2-tiny"), "--out", out])).toBe(0);
});

it("lets scripts compile whose names are the graph's, or are made at run time", () => {
  expect(check(GOOD)).toEqual(GOOD.map(() => []));
});

it("refuses scripts with misspelt names", () => {
  const found = check(BAD);
  expect(found.map((messages) => messages.length)).toEqual(BAD.map(() => 1));
  expect(found[2][0]).toContain("Did you mean '\"transformer.h_1.mlp\"'?");
  expect(found[0][0]).toMatch(/"transformer\.h_7\.mlp"' does not exist in type 'GPT2LMHeadModelNodes'/);
});

it("says what each node is, for the editor", () => {
  const text = readFileSync(join(scratch.path, "gpt2.nodes.d.ts"), "utf8");
  expect(text).toContain(
    '/** mul · float32[1, 4, 128] */\n  readonly "transformer.h_0.mlp.act.mul"?: Patches;',
  );
});

it("opens graphs from files, and takes a name for the interface", async () => {
  const out = join(scratch.path, "plain.d.ts");
  const archive = join(ROOT, "test/fixtures/exports/attention.pt2");
  expect(await writeTypes([archive, "-o", out, "--name", "Mine"])).toBe(0);
  expect(readFileSync(out, "utf8")).toMatch(/export interface Mine extends NodeNames \{\n {2}\/\*\*/);
  await expect(writeTypes([archive, "--name", "no name"])).rejects.toThrow(/no name of an interface/);
  await expect(writeTypes([])).rejects.toThrow(/takes one model/);
  await expect(writeTypes([join(scratch.path, "absent.pt2")])).rejects.toThrow(/absent\.pt2/);
});
