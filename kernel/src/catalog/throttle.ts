/** Calls `action` soon after it is asked for, and at most once in `pause` milliseconds. */
export class Throttle {
  #timer: NodeJS.Timeout | null = null;
  #last = 0;

  constructor(
    private readonly pause: number,
    private readonly action: () => void,
  ) {}

  ask(): void {
    if (this.#timer) return;
    const wait = Math.max(0, this.#last + this.pause - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#last = Date.now();
      this.action();
    }, wait);
    // A process that has nothing else to do may end.
    this.#timer.unref();
  }
}
