import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  AddPatch,
  CustomPatch,
  MeanPatch,
  type Patch,
  ProbePatch,
  ProjectPatch,
  ReplacePatch,
  ScalePatch,
  ZeroPatch,
} from "../../native/lib/patches";
import type { Range, Slice, SliceItem } from "../../native/lib/tensor/slice";
import type { Tensor } from "../../native/lib/tensor/tensor";
import { torch } from "../../native/lib/torch";
import type { SafetensorsFile } from "../../native/lib/weights";
import { FIXTURES } from "./files";

/** A number, or the name of a tensor of the fixture. */
type Operand = number | { tensor: string };
type WrittenItem = number | null | "..." | Range | number[] | boolean[] | { tensor: (number | boolean)[][] };

/** A patch as test/fixtures/make/patches writes it. */
interface WrittenPatch {
  kind: "add" | "replace" | "zero" | "scale" | "mean" | "project" | "probe" | "custom";
  slice?: string | WrittenItem[];
  value?: Operand;
  factor?: Operand;
  over?: "batch" | "positions" | number | number[];
  direction?: Operand;
  mode?: "remove" | "keep";
  dim?: number;
  op?: string;
  /** Of a probe: where the fixture has what it sees. */
  key?: string;
}

export interface PatchCase {
  name: string;
  /** Patches by node, outer scopes first. */
  scopes: Record<string, WrittenPatch[]>[];
  /** Names of the patch values that the fixture has gradients of; absent where nothing is differentiated. */
  gradients?: string[];
  /** The model's parameters that have one; of the others it is null. */
  parameters?: string[];
}

export interface PatchFixture {
  /** Logits and gradients of parameters are kept for every skip-th place only. */
  skip: number;
  /** The token of the loss. */
  target: number;
  /** Names of the parameters that are differentiated. */
  parameters: Record<string, string>;
  cases: PatchCase[];
}

export function readPatchCases(model: string): PatchFixture {
  const path = join(FIXTURES, "expected", `${model}.patches.json`);
  return JSON.parse(readFileSync(path, "utf8")) as PatchFixture;
}

const OPERATIONS: Readonly<Record<string, (value: Tensor) => Tensor>> = {
  clamp: (value) => value.clamp(-0.5, 0.5),
  swap: (value) => value.flip(0),
  share: (value) => value.mean(0, true).expand(value.shape),
  normalise: (value) => value.div(value.norm({ p: 2, dim: [-1], keepdim: true })),
};

/** The patches of a case, with the values and probes by their names in the fixture. */
export class CasePatches {
  readonly scopes: Record<string, Patch[]>[];
  readonly values = new Map<string, Tensor>();
  readonly probes = new Map<string, ProbePatch>();

  constructor(
    readonly file: SafetensorsFile,
    readonly patchCase: PatchCase,
  ) {
    this.scopes = patchCase.scopes.map((scope) =>
      Object.fromEntries(
        Object.entries(scope).map(([node, patches]) => [node, patches.map((patch) => this.#make(patch))]),
      ),
    );
  }

  #make(written: WrittenPatch): Patch {
    const options = written.slice === undefined ? {} : { slice: sliceOf(written.slice) };
    switch (written.kind) {
      case "add":
        return new AddPatch({ value: this.#operand(written.value), ...options });
      case "replace":
        return new ReplacePatch({ value: this.#operand(written.value), ...options });
      case "zero":
        return new ZeroPatch(options);
      case "scale":
        return new ScalePatch({ factor: this.#operand(written.factor), ...options });
      case "mean":
        return written.over === undefined
          ? new MeanPatch({ value: this.#operand(written.value), ...options })
          : new MeanPatch({ over: written.over, ...options });
      case "project":
        return new ProjectPatch({
          direction: this.#operand(written.direction) as Tensor,
          mode: written.mode,
          dim: written.dim,
          ...options,
        });
      case "custom":
        return new CustomPatch({ op: OPERATIONS[written.op ?? ""] });
      case "probe": {
        const probe = new ProbePatch({ grad: this.patchCase.gradients !== undefined });
        this.probes.set(written.key ?? "", probe);
        return probe;
      }
    }
  }

  #operand(operand: Operand | undefined): Tensor | number {
    if (operand === undefined) throw new Error(`${this.patchCase.name}: a patch without a value`);
    if (typeof operand === "number") return operand;
    const tensor = this.file.read(operand.tensor).clone();
    if (this.patchCase.gradients?.includes(operand.tensor)) tensor.requires_grad_();
    this.values.set(operand.tensor, tensor);
    return tensor;
  }
}

function sliceOf(written: string | WrittenItem[]): Slice {
  if (typeof written === "string") return written;
  return written.map((item): SliceItem => {
    const isTensor = typeof item === "object" && item !== null && "tensor" in item;
    return isTensor ? torch.tensor(item.tensor) : item;
  });
}
