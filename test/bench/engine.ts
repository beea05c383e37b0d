import {
  AddPatch,
  type CausalLM,
  type CausalLMInputs,
  PatchableGraph,
  ProbePatch,
  ReplacePatch,
  torch,
} from "@graphpatch/native";
import { interleaved, median, type Subject, timed } from "./measure";
import { benchInputs, benchModel } from "./models";
import type { Peer } from "./peer";
import { megabytes, milliseconds, printFigures, printTable, ratio } from "./report";

const ROUNDS = { rounds: 31, warmUp: 3 };
const UNPATCHED = "unpatched run";
const EAGER = "transformers, eager";

async function captureTime(model: CausalLM, inputs: CausalLMInputs): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) times.push(await timed(() => PatchableGraph.capture(model, { ...inputs }))());
  return median(times);
}

/** Largest difference to transformers' logits at the last position: the two must have done the same work. */
async function difference(pg: PatchableGraph<CausalLM>, inputs: CausalLMInputs, peer: Peer): Promise<string> {
  const { logits } = await pg.run({ ...inputs });
  const expected = torch.tensor(await peer.logits("small"), { dtype: "float32" });
  return Number(logits.at("0, -1").sub(expected).abs().max().item()).toExponential(1);
}

function probes(names: readonly string[]): Record<string, ProbePatch> {
  return Object.fromEntries(names.map((name) => [name, new ProbePatch()]));
}

/** GPT-2 small's shape: runs of all kinds beside transformers'. */
export async function benchEngine(model: CausalLM, peer: Peer | null): Promise<void> {
  const inputs = benchInputs("small");
  const capture = await captureTime(model, inputs);
  const pg = await PatchableGraph.capture(model, { ...inputs });
  const fast = await PatchableGraph.capture(model, { ...inputs });
  const packing = await timed(() => fast.optimize())();
  const run = () => pg.run({ ...inputs });
  const delta = torch.randn([768]);
  const whole = torch.randn([1, 16, 768]);
  const operators = [...pg.nodes.values()].filter(({ kind }) => kind === "operator").map(({ name }) => name);

  const subjects = new Map<string, Subject>([
    [UNPATCHED, timed(run)],
    [
      "one node patched",
      timed(() => pg.patch({ "transformer.h_5": new AddPatch({ value: delta, slice: "0, 3" }) }, run)),
    ],
    ["every operator probed", timed(() => pg.patch(probes(operators), run))],
    ["every node probed", timed(() => pg.patch(probes([...pg.nodes.keys()]), run))],
    [
      "block 1 replaced whole",
      timed(() => pg.patch({ "transformer.h_1": new ReplacePatch({ value: whole }) }, run)),
    ],
    ["output of block 3 only", timed(() => pg.run({ ...inputs }, { outputs: ["transformer.h_3"] }))],
    ["after optimize()", timed(() => fast.run({ ...inputs }))],
  ]);
  if (peer) {
    subjects.set(EAGER, async () => {
      const ms = await peer.run("small");
      // The peer measures warm; so do those who come after it.
      await run();
      return ms;
    });
  }
  const times = await interleaved(subjects, ROUNDS);
  const time = (name: string) => times.get(name) ?? Number.NaN;
  printTable(`GPT-2 small's shape, float32, 16 tokens; median of ${ROUNDS.rounds} interleaved rounds`, [
    ["", "time", "/ unpatched"],
    ...[...times].map(([name, ms]) => [name, milliseconds(ms), ratio(ms / time(UNPATCHED))]),
  ]);
  const base = time(UNPATCHED);
  printFigures("Engine", [
    ...(peer
      ? [
          { name: "unpatched / transformers eager", measured: ratio(base / time(EAGER)), asked: "≤ 1.00 ×" },
          {
            name: "optimize() / transformers eager",
            measured: ratio(time("after optimize()") / time(EAGER)),
            asked: "≤ 0.60 ×",
          },
          {
            name: "largest difference of a logit to transformers",
            measured: await difference(pg, inputs, peer),
            asked: "≤ 1e-5",
          },
        ]
      : []),
    {
      name: "one node patched / unpatched",
      measured: ratio(time("one node patched") / base),
      asked: "≤ 1.01 ×",
    },
    {
      name: `all ${pg.nodes.size} nodes probed / unpatched`,
      measured: ratio(time("every node probed") / base),
      asked: "≤ 1.15 ×",
    },
    {
      name: "block 1 replaced / unpatched",
      measured: ratio(time("block 1 replaced whole") / base),
      asked: "< 1 ×",
    },
    {
      name: "block 3 only / unpatched",
      measured: ratio(time("output of block 3 only") / base),
      asked: "about 0.25 ×",
    },
    { name: "capture, median of 5", measured: milliseconds(capture), asked: "≤ 1 s" },
    { name: "optimize() itself", measured: milliseconds(packing) },
    { name: "tensors alive", measured: megabytes(torch.memory().bytes) },
  ]);
}

/** 2 layers of width 64: what a run costs besides its arithmetic. */
export async function benchTiny(folder: string | null, peer: Peer | null): Promise<void> {
  const model = await benchModel("tiny", folder);
  const inputs = benchInputs("tiny");
  const pg = await PatchableGraph.capture(model, { ...inputs });
  const subjects = new Map<string, Subject>([[UNPATCHED, timed(() => pg.run({ ...inputs }))]]);
  if (peer) subjects.set(EAGER, () => peer.run("tiny"));
  // Each for itself: in turns each would find the other's caches.
  const times = new Map<string, number>();
  for (const [name, subject] of subjects) {
    const alone = await interleaved(new Map([[name, subject]]), { rounds: 500, warmUp: 200 });
    times.set(name, alone.get(name) ?? Number.NaN);
  }
  const [own, eager] = [times.get(UNPATCHED) ?? Number.NaN, times.get(EAGER)];
  printFigures("Tiny model (2 layers, width 64), 16 tokens; median of 500 runs", [
    { name: "unpatched run", measured: milliseconds(own) },
    ...(eager === undefined
      ? []
      : [
          { name: "transformers, eager", measured: milliseconds(eager) },
          { name: "transformers eager / unpatched run", measured: ratio(eager / own), asked: "≥ 3 ×" },
        ]),
  ]);
}
