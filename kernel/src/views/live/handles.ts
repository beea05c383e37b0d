import { randomUUID } from "node:crypto";

/** A tensor whose parts pages can ask for. */
export interface LiveTensor {
  readonly shape: number[];
  readonly dtype: string;
  readonly isDisposed: boolean;
  /** Changes whenever values are written in place. */
  readonly _version: number;
  numel(): number;
  /** A part, by an index or a range for each dimension. */
  at(slice: (number | { start: number; stop: number })[]): LiveTensor;
  data(): ArrayLike<number | bigint>;
  dispose(): void;
}

/** Something shown whose cells can be computed again by code. */
export interface LiveResult {
  /** The object that a variable of the notebook may hold. */
  readonly shown: object;
  /** Code for a cell, where `name` is an expression for `shown`. */
  code(name: string, cell: { panel: number; row: number; column: number }): string;
}

/** What a picture shows; of a tensor with the version that was drawn. */
export type Live =
  | { kind: "tensor"; tensor: LiveTensor; version: number }
  | { kind: "result"; result: LiveResult };

/** A tensor as pages can look closer at it; undefined for what only looks like one. */
export function liveTensor(value: object): Live | undefined {
  const { at, numel, dispose, isDisposed } = value as Partial<LiveTensor>;
  const isLive = [at, numel, dispose].every((method) => typeof method === "function") && isDisposed === false;
  if (!isLive) return undefined;
  const tensor = value as LiveTensor;
  return { kind: "tensor", tensor, version: tensor._version };
}

/** Bytes of tensors that are kept for pictures alone. */
const LIMIT = 256 * 2 ** 20;
/** Values are counted as float32: what they really take is not asked for each. */
const BYTES_EACH = 4;

interface Kept {
  readonly live: WeakRef<LiveTensor> | LiveResult;
  /** Keeps the tensor from the collector; null once the picture is gone, or others need the room. */
  tensor: LiveTensor | null;
  readonly bytes: number;
  /** Of the tensor when it was drawn. */
  readonly version: number;
}

/**
 * What pictures on pages show, by handle. The most recent tensors are kept, up to a limit; older ones, and those whose pictures are gone, only as
 * long as the notebook's own variables hold them.
 */
export class Handles {
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  /** Keeps what a picture shows. @returns its handle */
  add(live: Live): string {
    const handle = randomUUID();
    if (live.kind === "result") {
      this.#kept.set(handle, { live: live.result, tensor: null, bytes: 0, version: 0 });
      return handle;
    }
    const bytes = live.tensor.numel() * BYTES_EACH;
    const { tensor, version } = live;
    this.#kept.set(handle, { live: new WeakRef(tensor), tensor, bytes, version });
    this.#bytes += bytes;
    for (const kept of this.#kept.values()) {
      if (this.#bytes <= LIMIT) break;
      this.#weaken(kept);
    }
    return handle;
  }

  /** What a handle stands for; null where it is unknown or its values are gone. */
  get(handle: string): Live | null {
    const kept = this.#kept.get(handle);
    if (!kept) return null;
    if (!(kept.live instanceof WeakRef)) return { kind: "result", result: kept.live };
    const tensor = kept.live.deref();
    return tensor && !tensor.isDisposed ? { kind: "tensor", tensor, version: kept.version } : null;
  }

  /** Whether the handle was given out here. */
  knows(handle: string): boolean {
    return this.#kept.has(handle);
  }

  /** The picture is gone: its tensor is kept no longer, but found while a variable holds it (the notebook may be opened again). */
  release(handle: string): void {
    const kept = this.#kept.get(handle);
    if (kept) this.#weaken(kept);
  }

  /** Bytes that are kept for pictures. */
  get bytes(): number {
    return this.#bytes;
  }

  #weaken(kept: Kept): void {
    if (!kept.tensor) return;
    kept.tensor = null;
    this.#bytes -= kept.bytes;
  }
}

/** Those of this kernel: one a process, as there is one kernel a process. */
export const shownValues = new Handles();
