import { mkdtempSync, rmSync } from "node:fs";
import { arch, cpus, platform, tmpdir } from "node:os";
import { join } from "node:path";
import {
  AddPatch,
  AutoModelForCausalLM,
  type CausalLM,
  type CausalLMInputs,
  type FromPretrainedOptions,
  PatchableGraph,
  ProbePatch,
  torch,
} from "@graphpatch/native";
import { interleaved, median, type Subject, timed } from "./measure";
import { inputIds, randomGpt2Small } from "./models";
import { Peer } from "./peer";

const threads = Number(process.env.THREADS ?? 2);
const rounds = { rounds: 15, warmUp: 3 };
const baseline = "unpatched run";

const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MB`;
const milliseconds = (ms: number) => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`;

function printTable(title: string, rows: readonly (readonly string[])[]): void {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  console.log(`\n${title}`);
  for (const row of rows) {
    console.log(
      `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i] + 2))).join("")}`,
    );
  }
}

/** Every operator of the graph with a probe on it. */
function probesEverywhere(pg: PatchableGraph): Record<string, ProbePatch> {
  const names = [...pg.nodes.values()].filter(({ kind }) => kind === "operator").map(({ name }) => name);
  return Object.fromEntries(names.map((name) => [name, new ProbePatch()]));
}

async function captureTime(model: CausalLM, inputs: CausalLMInputs): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) times.push(await timed(() => PatchableGraph.capture(model, { ...inputs }))());
  return median(times);
}

/** Largest difference to transformers' logits at the last position: the two must have done the same work. */
async function difference(pg: PatchableGraph<CausalLM>, inputs: CausalLMInputs, peer: Peer): Promise<number> {
  const { logits } = await pg.run({ ...inputs });
  const expected = torch.tensor(await peer.logits(), { dtype: "float32" });
  return Number(logits.at("0, -1").sub(expected).abs().max().item());
}

/** The demo model with its weights in each form: what a form saves in memory, and what a run pays for it. */
async function printWeightForms(): Promise<void> {
  const name = "smollm2-135m-instruct";
  const forms: [string, FromPretrainedOptions][] = [
    ["float32", {}],
    ["float32, 8-bit linear layers", { loadIn8bit: true }],
    ["float32, weights as in the file", { keepQuantized: true }],
    ["bfloat16", { dtype: "bfloat16" }],
    ["bfloat16, 8-bit linear layers", { dtype: "bfloat16", loadIn8bit: true }],
    ["bfloat16, weights as in the file", { dtype: "bfloat16", keepQuantized: true }],
  ];
  const inputs: CausalLMInputs = { input_ids: torch.tensor([inputIds.map((id) => id % 49152)]) };
  const runs = new Map<string, Subject>();
  const rows = [["", "load", "weights", "run"]];
  const loads = new Map<string, [string, string]>();
  for (const [label, options] of forms) {
    const start = performance.now();
    const model = await AutoModelForCausalLM.fromPretrained(name, options);
    loads.set(label, [milliseconds(performance.now() - start), megabytes(weightBytes(model))]);
    const pg = await PatchableGraph.capture(model, { ...inputs });
    runs.set(
      label,
      timed(() => pg.run({ ...inputs })),
    );
  }
  for (const [label, ms] of await interleaved(runs, rounds)) {
    rows.push([label, ...(loads.get(label) ?? []), milliseconds(ms)]);
  }
  printTable(`SmolLM2-135M-Instruct from GGUF (Q4_1), ${inputIds.length} tokens`, rows);
}

/** Bytes of a model's parameters and buffers, tied ones once. */
function weightBytes(model: CausalLM): number {
  const sizes: Record<string, number> = { uint8: 1, int8: 1, bfloat16: 2, float32: 4, int64: 8 };
  const tensors = new Set([...model.parameters(), ...[...model.namedBuffers()].map(([, buffer]) => buffer)]);
  return [...tensors].reduce((sum, tensor) => sum + tensor.numel() * sizes[tensor.dtype], 0);
}

async function main(): Promise<void> {
  torch.setNumThreads(threads);
  const python = process.env.BENCH_PYTHON;
  const folder = mkdtempSync(join(tmpdir(), "graphpatch-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const script = join(__dirname, "..", "peers.py");
  const started = python
    ? await Peer.start(python, script, [folder, String(threads), JSON.stringify(inputIds)])
    : null;

  console.log(`${new Date().toISOString()}  ${cpus()[0].model}, ${cpus().length} cores, ${threads} threads`);
  console.log(`${platform()} ${arch()}, Node ${process.version}`);
  if (started)
    console.log(
      `transformers ${started.versions.transformers} on torch ${started.versions.torch} in the same run`,
    );

  const empty = process.memoryUsage.rss();
  const model: CausalLM = started ? await AutoModelForCausalLM.fromPretrained(folder) : randomGpt2Small();
  const loaded = process.memoryUsage.rss();
  const inputs: CausalLMInputs = { input_ids: torch.tensor([inputIds], { dtype: "int64" }) };
  const capture = await captureTime(model, inputs);
  const pg = await PatchableGraph.capture(model, { ...inputs });
  const delta = torch.randn([768]);
  const run = () => pg.run({ ...inputs });

  const subjects = new Map<string, Subject>([
    ["model.call, operator by operator", timed(() => torch.noGrad(() => model.call(inputs)))],
    [baseline, timed(run)],
    [
      "one node patched",
      timed(() => pg.patch({ "transformer.h_5": new AddPatch({ value: delta, slice: "0, 3" }) }, run)),
    ],
    ["every operator probed", timed(() => pg.patch(probesEverywhere(pg), run))],
  ]);
  if (started) subjects.set("transformers, eager, unpatched", () => started.peer.run());
  const times = await interleaved(subjects, rounds);
  const base = times.get(baseline) ?? Number.NaN;

  printTable(
    `GPT-2 small's shape, random weights, float32, ${inputIds.length} tokens; median of ${rounds.rounds} interleaved rounds`,
    [
      ["", "time", `/ ${baseline}`],
      ...[...times].map(([name, ms]) => [name, milliseconds(ms), (ms / base).toFixed(2)]),
    ],
  );
  printTable("Capture and memory", [
    ["capture, median of 5", milliseconds(capture)],
    ["nodes", String(pg.nodes.size)],
    ["resident before the model", megabytes(empty)],
    ["resident with the model", megabytes(loaded)],
    ["resident now", megabytes(process.memoryUsage.rss())],
    ["most resident at any time", megabytes(process.resourceUsage().maxRSS * 1024)],
    ["tensors alive", megabytes(torch.memory().bytes)],
  ]);
  if (started) {
    console.log(
      `\nLargest difference of a logit to transformers: ${(await difference(pg, inputs, started.peer)).toExponential(1)}`,
    );
    started.peer.stop();
  }

  await printWeightForms();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
