import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { ScratchFolder } from "../../../test/support/files";
import type { DType, Tensor } from "../tensor";
import { torch } from "../torch";
import { alignmentOf } from "./alignment";
import { ITEM_SIZE } from "./mappedBytes";
import { PADDING, placeAsInMemory, placeBySize } from "./placement";
import { SafetensorsFile } from "./safetensors";
import { writeSafetensors } from "./safetensorsWriter";
import { byteLength } from "./tensorPieces";

const scratch = new ScratchFolder();
afterAll(() => scratch[Symbol.dispose]());
const path = join(scratch.path, "file.safetensors");

/** `count` elements that begin `shift` elements after a multiple of 64 bytes. */
function shifted(dtype: DType, count: number, shift: number): Tensor {
  return torch.randint(0, 99, [count + shift], { dtype }).narrow(0, shift, count);
}

const entries = fc
  .array(
    fc.record({
      dtype: fc.constantFrom<DType>("float32", "int64", "float16", "uint8"),
      count: fc.oneof(fc.nat(40), fc.constantFrom(64, 128, 1 << 16, (1 << 16) + 1)),
      shift: fc.nat(9),
    }),
    { maxLength: 8 },
  )
  .map((list) => list.map(({ dtype, count, shift }, i) => [`t${i}`, shifted(dtype, count, shift)] as const));

test("tensors fill the file, each aligned for its type", async () => {
  await fc.assert(
    fc.asyncProperty(entries, fc.constantFrom(placeBySize, placeAsInMemory), async (list, place) => {
      const { start, places } = place(list);
      expect(start % 8).toBe(0);
      places.forEach(({ begin, end, tensor }, i) => {
        expect(begin).toBe(places[i - 1]?.end ?? 0);
        expect(end - begin).toBe(byteLength(tensor));
        expect((start + begin) % (ITEM_SIZE[tensor.dtype] ?? 1)).toBe(0);
      });
      await writeSafetensors(path, list, place, {});
      const file = new SafetensorsFile(path);
      for (const [name, tensor] of list) expect(torch.equal(file.read(name), tensor)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("mapped tensors lie as they lay, modulo 64 bytes, but for small ones of odd length", async () => {
  await fc.assert(
    fc.asyncProperty(entries, async (list) => {
      await writeSafetensors(path, list, placeAsInMemory, {});
      const file = new SafetensorsFile(path);
      for (const [name, tensor] of list) {
        const bytes = byteLength(tensor);
        if (bytes === 0 || (bytes % 64 !== 0 && bytes < 1 << 16)) continue;
        expect(alignmentOf(file.read(name))).toBe(alignmentOf(tensor));
      }
      const paddings = file.names().filter((name) => name.startsWith(PADDING)).length;
      expect(paddings).toBeLessThanOrEqual(list.length);
    }),
    { numRuns: 60 },
  );
});

test("there is no padding where all tensors begin as PyTorch's memory does", () => {
  const list = [[16, 4], [48], [64, 2]].map((shape, i) => [`t${i}`, torch.zeros(shape)] as const);
  expect(placeAsInMemory([...list, ["odd", torch.zeros([3])]]).places.map(({ name }) => name)).toEqual([
    "t0",
    "t1",
    "t2",
    "odd",
  ]);
});
