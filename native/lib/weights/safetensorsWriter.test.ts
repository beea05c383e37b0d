import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { ScratchFolder } from "../../../test/support/files";
import { binding } from "../binding";
import { callOperator } from "../dispatch";
import { ArgumentError, CancelledError, DtypeError, FileWriteError } from "../errors";
import type { DType, Tensor } from "../tensor";
import { torch } from "../torch";
import type { SaveProgress } from "./progress";
import { SafetensorsFile } from "./safetensors";
import { CODE_OF_DTYPE } from "./safetensorsFormat";
import { saveSafetensors } from "./safetensorsWriter";
import { byteLength } from "./tensorPieces";

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());
const path = join(scratch.path, "file.safetensors");

/** The values' bytes, of any dtype. */
function bytesOf(tensor: Tensor): Uint8Array {
  const copy = tensor.contiguous();
  const bytes = new Uint8Array(byteLength(copy));
  binding.copyBytes(copy, 0, bytes);
  return bytes;
}

function expectSame(actual: Tensor, expected: Tensor): void {
  expect(actual.dtype).toBe(expected.dtype);
  expect(actual.shape).toEqual(expected.shape);
  expect(Buffer.compare(bytesOf(actual), bytesOf(expected))).toBe(0);
}

/** Values with every bit pattern that the dtype has room for. */
function randomTensor(dtype: DType, shape: number[]): Tensor {
  if (dtype === "bool") return torch.randint(0, 2, shape, { dtype: "bool" });
  const count = shape.reduce((product, size) => product * size, 1);
  const raw = torch.randint(0, 256, [count * byteLength(torch.empty([1], { dtype }))], { dtype: "uint8" });
  return (callOperator("aten::view.dtype", [raw, dtype]) as Tensor).view(shape);
}

describe("what is written is read", () => {
  test("every dtype of the format, scalars and empty tensors too", async () => {
    const tensors = new Map<string, Tensor>();
    for (const dtype of CODE_OF_DTYPE.keys()) {
      for (const shape of [[], [3], [2, 0], [2, 3, 5]])
        tensors.set(`${dtype} ${shape}`, randomTensor(dtype, shape));
    }
    await saveSafetensors(path, tensors, { metadata: { 'a "key"': "täxt\n" } });
    const file = new SafetensorsFile(path);
    expect(file.metadata).toEqual(new Map([['a "key"', "täxt\n"]]));
    expect(file.names().sort()).toEqual([...tensors.keys()].sort());
    for (const [name, tensor] of tensors) expectSame(file.read(name), tensor);
  });

  test("views of any kind", async () => {
    const base = torch.randn([6, 8, 10]);
    const complex = torch.ops.aten.view_as_complex(torch.randn([4, 2])) as Tensor;
    const tensors = {
      transposed: base.transpose(0, 2),
      stepped: base.at("::2, 1:7:3, ::4"),
      offset: base.at("3, 2"),
      expanded: torch.randn([1, 5]).expand([4, 5]),
      conjugate: torch.conj(complex),
      negative: torch.ops.aten._neg_view(base) as Tensor,
      trained: torch.randn([3], { requires_grad: true }).mul(2),
    };
    await saveSafetensors(path, tensors);
    const file = new SafetensorsFile(path);
    for (const [name, tensor] of Object.entries(tensors)) {
      expectSame(file.read(name), tensor.is_conj() ? torch.conj_physical(torch.conj(tensor)) : tensor.mul(1));
    }
  });

  test("tensors larger than a piece, plain and as views", async () => {
    const big = torch.randn([2500, 1801]);
    const tensors = { plain: big, transposed: big.t(), wide: torch.randn([2, 3_000_001]).at(":, 1:") };
    const seen: SaveProgress[] = [];
    await saveSafetensors(path, tensors, { onProgress: (progress) => seen.push(progress) });
    const file = new SafetensorsFile(path);
    for (const [name, tensor] of Object.entries(tensors)) {
      expect(torch.equal(file.read(name), tensor)).toBe(true);
    }
    const { size } = statSync(path);
    expect(seen.at(-1)).toEqual({ stage: "saving", done: size, total: size });
    expect(seen.length).toBeGreaterThan(5);
  });

  test("any names", async () => {
    const name = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("__proto__", "", "constructor", "\ud800"),
    );
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { maxLength: 4 }), async (names) => {
        const tensors = new Map(names.map((key, i) => [key, torch.tensor([i])]));
        await saveSafetensors(path, tensors);
        const file = new SafetensorsFile(path);
        for (const [key, tensor] of tensors) expectSame(file.read(key), tensor);
      }),
      { numRuns: 40 },
    );
  });
});

describe("what cannot be written is refused", () => {
  test.each([
    [
      "a dtype that the format lacks",
      { x: torch.zeros([2], { dtype: "complex128" }) },
      DtypeError,
      /"x" is complex128/,
    ],
    ["no values", { x: torch.zeros([2], { device: "meta" }) }, ArgumentError, /"x" is on the meta device/],
    [
      "a sparse tensor",
      { x: torch.ops.aten._to_sparse(torch.ones([2])) as Tensor },
      ArgumentError,
      /"x" is sparse/,
    ],
    ["the name of the metadata", { __metadata__: torch.zeros([1]) }, ArgumentError, /__metadata__/],
    ["no tensor", { x: 3 as unknown as Tensor }, ArgumentError, /"x" is not a tensor/],
  ])("%s", async (_what, tensors, error, message) => {
    rmSync(path, { force: true });
    const saved = saveSafetensors(path, tensors as { [name: string]: Tensor });
    await expect(saved).rejects.toThrow(error);
    await expect(saved).rejects.toThrow(message);
    expect(readdirSync(scratch.path)).toEqual([]);
  });
});

describe("a file is replaced as a whole or not at all", () => {
  const tensors = { x: torch.ones([5 << 20]) };

  async function withOldFile(save: () => Promise<void>): Promise<unknown> {
    scratch.write("file.safetensors", "old");
    const outcome = await save().catch((error: unknown) => error);
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(scratch.path)).toEqual(["file.safetensors"]);
    return outcome;
  }

  test("when it is cancelled or a callback throws", async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    expect(
      await withOldFile(() => saveSafetensors(path, tensors, { onProgress, signal: controller.signal })),
    ).toBeInstanceOf(CancelledError);
    const mine = new RangeError("mine");
    const fail = () => {
      throw mine;
    };
    expect(await withOldFile(() => saveSafetensors(path, tensors, { onProgress: fail }))).toBe(mine);
  });

  test("when a tensor is gone half-way", async () => {
    const gone = { a: torch.ones([3 << 20]), b: torch.ones([3 << 20]) };
    const error = await withOldFile(() =>
      saveSafetensors(path, gone, { onProgress: () => gone.b.dispose() }),
    );
    expect(String(error)).toMatch(/DisposedTensorError/);
  });

  test("when the folder goes away meanwhile", async () => {
    const folder = join(scratch.path, "folder");
    mkdirSync(folder);
    const saved = saveSafetensors(join(folder, "x.safetensors"), tensors, {
      onProgress: () => rmSync(folder, { recursive: true, force: true }),
    });
    await expect(saved).rejects.toThrow(FileWriteError);
    await expect(saved).rejects.toThrow(/x\.safetensors cannot be written: ENOENT/);
    expect(existsSync(folder)).toBe(false);
  });

  test("when the folder is missing, cannot be written to, or the path is a folder", async () => {
    await expect(saveSafetensors(join(scratch.path, "no/x"), tensors)).rejects.toThrow(
      /no\/x cannot be written/,
    );
    await expect(saveSafetensors(scratch.path, tensors)).rejects.toThrow(/it is not a file/);
    await expect(saveSafetensors("/dev/full", tensors)).rejects.toThrow(FileWriteError);
    const locked = join(scratch.path, "locked");
    mkdirSync(locked, { mode: 0o500 });
    // Root may write everywhere.
    if (process.getuid?.() !== 0) {
      await expect(saveSafetensors(join(locked, "x"), tensors)).rejects.toThrow(/EACCES/);
    }
    chmodSync(locked, 0o700);
    rmSync(locked, { recursive: true });
  });

  test("a link stays and what it leads to is replaced", async () => {
    const link = join(scratch.path, "link.safetensors");
    rmSync(path, { force: true });
    await saveSafetensors(path, { x: torch.tensor([1]) });
    symlinkSync(path, link);
    await saveSafetensors(link, { x: torch.tensor([2]) });
    expect(new SafetensorsFile(path).read("x").tolist()).toEqual([2]);
    rmSync(link);
  });

  test("who has mapped the old file keeps its values", async () => {
    await saveSafetensors(path, { x: torch.arange(1000) });
    const mapped = new SafetensorsFile(path).read("x");
    await saveSafetensors(path, { x: mapped.add(1) });
    await saveSafetensors(path, { x: new SafetensorsFile(path).read("x") });
    expect(torch.equal(mapped, torch.arange(1000))).toBe(true);
    expect(torch.equal(new SafetensorsFile(path).read("x"), torch.arange(1, 1001))).toBe(true);
  });
});
