/** What the main thread is doing, as far as an interrupt is concerned. */
export const Phase = {
  /** Waiting, or running something a user's cell left behind (a timer): may be stopped. */
  idle: 0,
  /** The kernel's own work, e.g. compiling a cell: stopping it half-way would break it. */
  kernel: 1,
  /** A cell's code: may be stopped. */
  user: 2,
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

const ACKNOWLEDGED = 0;
const PHASE = 1;

/** Two numbers both threads see: how many interrupts the main thread took notice of, and what it is doing. */
export class InterruptState {
  readonly #cells: Int32Array;

  constructor(readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.#cells = new Int32Array(buffer);
  }

  get acknowledged(): number {
    return Atomics.load(this.#cells, ACKNOWLEDGED);
  }

  acknowledge(): void {
    Atomics.add(this.#cells, ACKNOWLEDGED, 1);
  }

  get phase(): Phase {
    return Atomics.load(this.#cells, PHASE) as Phase;
  }

  set phase(phase: Phase) {
    Atomics.store(this.#cells, PHASE, phase);
  }

  /** Runs the kernel's own work, which an interrupt waits for. */
  shield<T>(work: () => T): T {
    const before = this.phase;
    this.phase = Phase.kernel;
    try {
      return work();
    } finally {
      this.phase = before;
    }
  }
}
