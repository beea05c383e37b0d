import fc from "fast-check";
import type { NodeInfo } from "../../native/lib/graph";
import {
  AddPatch,
  CustomPatch,
  MeanPatch,
  type Patch,
  ProbePatch,
  ProjectPatch,
  RecordPatch,
  ReplacePatch,
  ScalePatch,
  ZeroPatch,
} from "../../native/lib/patches";
import type { Slice, Tensor } from "../../native/lib/tensor";
import { torch } from "../../native/lib/torch";
import { WIDTH } from "./randomModel";

/** The numbers from which a patch is made, once its node is known. */
export interface PatchChoice {
  node: number;
  kind: number;
  slice: number;
  value: number;
  /** Whether it stands in an inner scope. */
  inner: boolean;
}

export const patchChoices = fc.array(
  fc.record({
    node: fc.nat(500),
    kind: fc.nat(40),
    slice: fc.nat(20),
    value: fc.double({ min: -2, max: 2, noNaN: true }).map(Math.fround),
    inner: fc.boolean(),
  }),
  { maxLength: 6 },
);

/** Slices that fit values of the shape [batch, seq, WIDTH], of at least two rows and three positions. */
const SLICES: readonly (() => Slice | undefined)[] = [
  () => undefined,
  () => "0",
  () => "..., 1",
  () => ":, -1",
  () => ":, 1:",
  () => "0, ::2, 1:3",
  () => [0, [0, 2]],
  () => [{}, torch.tensor([2, 0, 1]), 1],
  () => ["...", torch.tensor([true, false, true, false])],
  () => [null, 0, "..."],
];

function pick<T>(list: readonly T[], choice: number): T {
  return list[choice % list.length];
}

/** A patch that fits the node: any kind on floating-point values, what their dtypes allow on others. */
export function makePatch(
  { kind, slice: sliceChoice, value }: PatchChoice,
  { shape, dtype }: NodeInfo,
): Patch {
  if (shape === null) return kind % 2 === 0 ? new ProbePatch() : new RecordPatch();
  // Other shapes may depend on the sizes of the run in ways that slices would have to follow.
  const isCommon = shape.join() === `2,3,${WIDTH}`;
  const slice = isCommon ? pick(SLICES, sliceChoice)() : undefined;
  const options = slice === undefined ? {} : { slice };
  const observers: (() => Patch)[] = [
    () => new ProbePatch(options),
    () => new RecordPatch(),
    () => new ProbePatch(),
  ];
  if (dtype === "bool") {
    return pick(
      [...observers, () => new ReplacePatch({ value: value > 0, ...options }), () => new ZeroPatch(options)],
      kind,
    )();
  }
  if (dtype !== "float32") {
    // Integers are indices here: they stay small.
    return pick(
      [
        ...observers,
        () => new ReplacePatch({ value: value > 0 ? 1 : 0, ...options }),
        () => new ScalePatch({ factor: 1, ...options }),
        () => new ZeroPatch(options),
      ],
      kind,
    )();
  }
  const scalar = () => torch.tensor(value, { dtype: "float32" });
  const trained = () => torch.tensor(value, { dtype: "float32", requires_grad: true });
  const hasChannels = isCommon && slice === undefined;
  const direction = (...rows: number[]): Tensor =>
    torch
      .arange(
        [...rows, WIDTH].reduce((a, b) => a * b, 1),
        { dtype: "float32" },
      )
      .add(value * value + 0.5)
      .sin()
      .view([...rows, WIDTH]);
  const makers: (() => Patch)[] = [
    ...observers,
    () => new AddPatch({ value, ...options }),
    () => new AddPatch({ value: trained(), ...options }),
    () => new ReplacePatch({ value: scalar(), ...options }),
    () => new ReplacePatch({ value: trained(), ...options }),
    () => new ReplacePatch({ value, ...options }),
    () => new ZeroPatch(options),
    () => new ScalePatch({ factor: value, ...options }),
    () => new ScalePatch({ factor: trained(), ...options }),
    () => new MeanPatch({ value: scalar(), ...options }),
    () => new CustomPatch({ op: (x) => torch.sin(x) }),
  ];
  if (shape.length > 1)
    makers.push(
      () => new MeanPatch({ over: "batch", ...options }),
      () => new MeanPatch({ over: "positions", ...options }),
    );
  if (hasChannels) {
    makers.push(
      () => new ProjectPatch({ direction: direction() }),
      () => new ProjectPatch({ direction: direction(), mode: "keep" }),
      () => new ProjectPatch({ direction: direction(2) }),
    );
  }
  return pick(makers, kind)();
}

/** The patch's value, if gradients flow to it. */
export function trainedValue(patch: Patch): Tensor | null {
  const value =
    patch instanceof ScalePatch
      ? patch.factor
      : patch instanceof AddPatch || patch instanceof ReplacePatch
        ? patch.value
        : null;
  return value !== null && typeof value === "object" && value.requires_grad ? value : null;
}
