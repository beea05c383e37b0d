import type { CatalogNode } from "@graphpatch/kernel/protocol";
import { quoted } from "../browser/insertion";

/** The patches of the library, in the order in which they are offered. */
export const PATCH_KINDS = [
  "zero",
  "add",
  "replace",
  "scale",
  "mean",
  "project",
  "custom",
  "probe",
  "record",
] as const;
export type PatchKind = (typeof PATCH_KINDS)[number];

/** A patch as the user has chosen it. */
export interface PatchChoice {
  readonly kind: PatchKind;
  /** Slice of each dimension as in NumPy; `:` or nothing for the whole of it. */
  readonly slices: readonly string[];
}

/** Name of a patch's class: `zero` → `ZeroPatch`. */
export function patchClass(kind: PatchKind): string {
  return `${kind[0].toUpperCase()}${kind.slice(1)}Patch`;
}

/** The slices of all dimensions as one: `:, -1`; null for the whole value. Whole dimensions at the end need not be said. */
export function joinSlices(slices: readonly string[]): string | null {
  const parts = slices.map((part) => part.trim() || ":");
  while (parts.length > 0 && parts.at(-1) === ":") parts.pop();
  return parts.length > 0 ? parts.join(", ") : null;
}

/** `new ZeroPatch({ slice: ":, -1" })`: runs as it is, with values to be replaced by one's own. */
export function patchExpression({ kind, slices }: PatchChoice, node: Pick<CatalogNode, "shape">): string {
  const slice = joinSlices(slices);
  const options = [...optionsOf(kind, node.shape?.at(-1)), ...(slice ? [`slice: ${quoted(slice)}`] : [])];
  return `new ${patchClass(kind)}(${options.length > 0 ? `{ ${options.join(", ")} }` : ""})`;
}

/** @param width size of the last dimension; undefined for a number */
function optionsOf(kind: PatchKind, width: number | undefined): string[] {
  switch (kind) {
    case "zero":
    case "probe":
    case "record":
      return [];
    case "add":
      return [`value: ${width === undefined ? 1 : `torch.zeros([${width}])`}`];
    case "replace":
      return ["value: 0"];
    case "scale":
      return ["factor: 0.5"];
    case "mean":
      return ['over: "positions"'];
    case "project":
      return [`direction: torch.randn([${width ?? 1}])`];
    case "custom":
      return [width === undefined ? "op: (value) => value" : "op: (value) => value.mul(1)"];
  }
}

/** A whole run with the patch, for a line of its own. */
export function patchStatement(name: string, choice: PatchChoice, node: Pick<CatalogNode, "shape">): string {
  const expression = patchExpression(choice, node);
  if (choice.kind === "probe" || choice.kind === "record") {
    const shown = choice.kind === "probe" ? "probe.activation" : "record.activations";
    return [
      `const ${choice.kind} = ${expression};`,
      `await pg.patch({ ${quoted(name)}: ${choice.kind} }, () => pg.run(inputs));`,
      shown,
    ].join("\n");
  }
  return [
    "const patched = await pg.patch(",
    `  { ${quoted(name)}: ${expression} },`,
    "  () => pg.run(inputs),",
    ");",
  ].join("\n");
}
