let current: string | null = null;

/** Where new tensors are made if they are not told; null for the CPU, as ever. */
export function defaultDevice(): string | null {
  return current;
}

/**
 * Runs `body` with new tensors being made on `device` where they are not told otherwise, as Python's
 * `with torch.device(…)`. What a module makes for itself (positions, masks) is then where the module computes.
 */
export function withDefaultDevice<T>(device: string, body: () => T): T {
  const outer = current;
  current = device;
  try {
    return body();
  } finally {
    current = outer;
  }
}
