import { Progress, type ProgressOptions } from "./progress";

/**
 * Goes over `items` and shows on one line how far that has come, with rate and time left: in a notebook below the cell, in a script on the
 * terminal. Nothing is shown of a loop that takes less than half a second.
 * @param label what is being done
 * @param options `total` where `items` has neither `length` nor `size`
 *
 * @example
 * for (const prompt of progress(prompts, "prompts")) await run(prompt);
 * for await (const batch of progress(batches(), "training", { total: 100 })) train(batch);
 */
export function progress<T>(items: Iterable<T>, label?: string, options?: ProgressOptions): Iterable<T>;
export function progress<T>(
  items: AsyncIterable<T>,
  label?: string,
  options?: ProgressOptions,
): AsyncIterable<T>;
export function progress<T>(
  items: Iterable<T> | AsyncIterable<T>,
  label = "working",
  options: ProgressOptions = {},
): Iterable<T> | AsyncIterable<T> {
  const settings = { total: sizeOf(items), ...options };
  if (Symbol.asyncIterator in items) return followAsync(items, label, settings);
  return follow(items, label, settings);
}

function sizeOf(items: object): number | null {
  const { length, size } = items as { length?: unknown; size?: unknown };
  if (typeof length === "number") return length;
  return typeof size === "number" ? size : null;
}

function* follow<T>(
  items: Iterable<T>,
  label: string,
  options: ProgressOptions,
): Generator<T, void, undefined> {
  using line = new Progress(label, options);
  let done = 0;
  for (const item of items) {
    yield item;
    line.update(++done);
  }
}

async function* followAsync<T>(
  items: AsyncIterable<T>,
  label: string,
  options: ProgressOptions,
): AsyncGenerator<T, void, undefined> {
  using line = new Progress(label, options);
  let done = 0;
  for await (const item of items) {
    yield item;
    line.update(++done);
  }
}
