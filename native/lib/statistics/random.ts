/** Uniform numbers in [0, 1), the same for the same seed (Mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` different numbers below `size`, in a random order (Fisher & Yates, as far as needed). */
export function drawWithoutReplacement(size: number, count: number, seed: number): number[] {
  const random = randomNumbers(seed);
  const numbers = Array.from({ length: size }, (_, i) => i);
  for (let i = 0; i < Math.min(count, size); i++) {
    const other = i + Math.floor(random() * (size - i));
    [numbers[i], numbers[other]] = [numbers[other], numbers[i]];
  }
  return numbers.slice(0, count);
}
