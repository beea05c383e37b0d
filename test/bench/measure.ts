/** One thing to time: does the work once and says how many milliseconds it took. */
export type Subject = () => Promise<number>;

/** Times `work` from outside. */
export function timed(work: () => unknown): Subject {
  return async () => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Median milliseconds of each subject. The subjects take turns within each round, so that whatever else the machine does
 * meets all of them alike and their ratios hold.
 */
export async function interleaved(
  subjects: ReadonlyMap<string, Subject>,
  { rounds, warmUp }: { rounds: number; warmUp: number },
): Promise<Map<string, number>> {
  const times = new Map([...subjects.keys()].map((name): [string, number[]] => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, run] of subjects) {
      const ms = await run();
      if (round >= 0) times.get(name)?.push(ms);
    }
  }
  return new Map([...times].map(([name, values]) => [name, median(values)]));
}
