import type { FileHandle } from "node:fs/promises";
import { binding } from "../binding";
import { activeSignal } from "../cancellation";
import { ArgumentError, CancelledError, DtypeError } from "../errors";
import { Tensor } from "../tensor/tensor";
import { ALIGNMENT } from "./alignment";
import { writeFileAtomically } from "./atomicFile";
import { PieceWriter } from "./pieceWriter";
import { type Placement, placeBySize } from "./placement";
import type { SaveProgress } from "./progress";
import { CODE_OF_DTYPE, MAX_HEADER, METADATA } from "./safetensorsFormat";
import { tensorPieces } from "./tensorPieces";

/** Bytes that are copied and written at a time: enough for the disk, too few to be noticed between two turns. */
const PIECE = 8 << 20;

export interface SaveOptions {
  /** Called after each piece of some megabytes. */
  onProgress?: (progress: SaveProgress) => void;
  /** Stops the writing; the file is then as before. */
  signal?: AbortSignal;
}

/**
 * Writes tensors to a `.safetensors` file, as a whole or not at all. The tensors are copied piece by piece while they
 * are written, so they must not change meanwhile.
 *
 * @param tensors by name; of any shape, strides and device, in the dtypes that the format has
 * @param options `metadata`: texts for the header
 * @throws DtypeError naming a tensor that the format cannot hold, ArgumentError for names that it cannot hold,
 *   FileWriteError when the file cannot be written, CancelledError.
 */
export async function saveSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor> | { readonly [name: string]: Tensor },
  options: SaveOptions & { metadata?: { readonly [key: string]: string } } = {},
): Promise<void> {
  const entries = tensors instanceof Map ? [...tensors] : Object.entries(tensors);
  await writeSafetensors(path, entries, placeBySize, options);
}

/** As {@link saveSafetensors}, with the tensors in an order of the caller's. */
export async function writeSafetensors(
  path: string,
  entries: readonly (readonly [name: string, tensor: Tensor])[],
  place: (entries: readonly (readonly [name: string, tensor: Tensor])[]) => Placement,
  options: SaveOptions & { metadata?: { readonly [key: string]: string } },
): Promise<void> {
  for (const [name, tensor] of entries) checkTensor(name, tensor);
  const placement = place(entries);
  const header = headerBytes(placement, options.metadata ?? {});
  await writeFileAtomically(path, (file) => writeTensors(file, header, placement, options));
}

function checkTensor(name: string, tensor: unknown): void {
  if (!(tensor instanceof Tensor)) throw new ArgumentError(`"${name}" is not a tensor`);
  if (name === METADATA)
    throw new ArgumentError(`a safetensors file cannot hold a tensor called ${METADATA}`);
  if (!CODE_OF_DTYPE.has(tensor.dtype)) {
    throw new DtypeError(
      `"${name}" is ${tensor.dtype}, which the safetensors format does not have; it has ${[...CODE_OF_DTYPE.keys()].join(", ")}`,
    );
  }
  if (tensor.device === "meta") throw new ArgumentError(`"${name}" is on the meta device and has no values`);
  if (binding.dataAddress(tensor) < 0) throw new ArgumentError(`"${name}" is sparse; save to_dense() of it`);
}

/** Length of the header and the header, filled up with spaces to where the data begins. */
function headerBytes({ start, places }: Placement, metadata: { readonly [key: string]: string }): Buffer {
  const entries = places.map(
    ({ name, tensor, begin, end }) =>
      `${JSON.stringify(name)}:${JSON.stringify({
        dtype: CODE_OF_DTYPE.get(tensor.dtype),
        shape: binding.shape(tensor),
        data_offsets: [begin, end],
      })}`,
  );
  if (Object.keys(metadata).length > 0) entries.unshift(`"${METADATA}":${JSON.stringify(metadata)}`);
  const json = Buffer.from(`{${entries.join(",")}}`);
  const length = json.length + ((((start - 8 - json.length) % ALIGNMENT) + ALIGNMENT) % ALIGNMENT);
  if (length > MAX_HEADER) {
    throw new ArgumentError(
      `names, shapes and metadata take ${length} bytes; a safetensors header may have ${MAX_HEADER}`,
    );
  }
  const bytes = Buffer.alloc(8 + length, " ");
  bytes.writeBigUInt64LE(BigInt(length));
  json.copy(bytes, 8);
  return bytes;
}

async function writeTensors(
  file: FileHandle,
  header: Buffer,
  { places }: Placement,
  { onProgress, signal: own }: SaveOptions,
): Promise<void> {
  const signal = activeSignal(own);
  const total = header.length + (places.at(-1)?.end ?? 0);
  await using writer = new PieceWriter(file, PIECE, (done) => {
    if (signal?.aborted) throw new CancelledError("saving was cancelled");
    onProgress?.({ stage: "saving", done, total });
  });
  await writer.write(header.length, (target, at) => header.copy(target, 0, at));
  for (const { tensor } of places) {
    for (const { tensor: part, begin, end } of tensorPieces(tensor.detach(), PIECE)) {
      await writer.write(end - begin, (target, at) => binding.copyBytes(part, begin + at, target));
    }
  }
  await writer.finish();
}
