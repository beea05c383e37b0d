import { CustomPatch } from "../patches/customPatch";
import type { Patch } from "../patches/patch";
import { Tensor } from "../tensor/tensor";
import { tokensToRead } from "./metrics";
import { type NativeCells, native } from "./native";
import { readPositions } from "./positions";
import type { SweepJob } from "./setup";
import { tensorOf } from "./tensorOf";

/** What one run of the base tells of the cells that are run in waves. */
export interface Survey {
  job: SweepJob;
  /** The cells, by their number in the job. Everything that the addon says of cells is in this order. */
  cells: readonly number[];
  native: NativeCells;
  /** Outputs of the run without cells' patches, whole. */
  outputs: Tensor[];
  /** Positions that the metric reads, as indices from 0; null for all. */
  positions: number[] | null;
  /** The first position that outputs of waves have. */
  offset: number;
  /** Patches of the base in the order of its run. */
  basePatches: readonly Patch[];
  /** Milliseconds of the base run. */
  milliseconds: number;
  /** Frees the base run's values, when no wave will begin from them any more. */
  release(): void;
}

/** How cells may be run. */
export interface SurveyOptions {
  /** Cuts outputs to the positions that are read. */
  cuts: boolean;
  /** Leaves positions before a patch as they are in the base run. */
  reusesPositions: boolean;
  /** Runs cells that begin with the same patches as one, until they part. */
  sharesStarts: boolean;
  /** Keeps of outputs only what the metric reads. */
  reads: boolean;
  signal?: AbortSignal;
}

/** Runs the base once, keeping what cells begin from. @throws PatchError for a patch that cannot fit its node. */
export async function surveyCells(
  job: SweepJob,
  cells: readonly number[],
  options: SurveyOptions,
): Promise<Survey> {
  const { runner, flow, inputs, tokens, baseScopes, outputs } = job;
  const patched = [...new Set(cells.flatMap((cell) => [...job.cells[cell].patches.keys()]))];
  const start = performance.now();
  const { values, run, placed } = await runner.keep({
    inputs,
    tokens,
    scopes: baseScopes,
    outputs,
    // Waves may use them.
    packed: true,
    signal: options.signal,
    patched,
  });
  const milliseconds = performance.now() - start;
  const tensors = values.map(tensorOf);
  const positions = readPositions(job.metric, tensors);
  const read: [number, number] | null =
    positions && options.cuts ? [Math.min(...positions), Math.max(...positions) + 1] : null;
  const identities = new Map<Patch, number>();
  /** What JavaScript does may differ from call to call. */
  const identityOf = (patch: Patch): number => {
    if (!options.sharesStarts || patch instanceof CustomPatch) return -1;
    const identity = identities.get(patch) ?? identities.size;
    identities.set(patch, identity);
    return identity;
  };
  const patches = cells.map((cell) =>
    [...job.cells[cell].patches].flatMap(([value, list]) =>
      list.map((patch) => ({
        ...patch.toNative(flow.info(value)?.name ?? "", value),
        identity: identityOf(patch),
      })),
    ),
  );
  const { reusesPositions } = options;
  // Tokens were checked when the base run was measured.
  const { reading: wanted } = job.metric;
  const reading =
    wanted && options.reads
      ? { form: wanted.form, tokens: tokensToRead(wanted.tokens, tensors[0].shape[0]) }
      : null;
  const counts = rowCounts(job);
  const surveyed = await native.surveyCells(run, patches, { ...counts, read, reusesPositions, reading });
  const offset = read && surveyed.isCut ? read[0] : 0;
  return {
    job,
    cells,
    native: surveyed,
    outputs: tensors,
    positions,
    offset,
    basePatches: placed,
    milliseconds,
    release: () => native.dropKeptValues(run),
  };
}

/** Texts and positions of the inputs: the first dimensions of token ids, else of the first input that has two. */
function rowCounts({ inputs }: SweepJob): { texts: number; positions: number } {
  const tensors = inputs.filter((input) => input instanceof Tensor).filter((input) => input.dim() >= 2);
  const input = tensors.find(({ dtype }) => dtype === "int64" || dtype === "int32") ?? tensors[0];
  return { texts: input?.shape[0] ?? 1, positions: input?.shape[1] ?? 1 };
}
