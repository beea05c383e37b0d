/** The answer to the cell is still on its way when a cell ends the process. */
const ANSWER_MS = 100;

class Exit extends Error {
  override readonly name = "Exit";
}

/**
 * Makes `process.exit()` in a cell end the cell first, and then the kernel as a shutdown does: with what was printed sent.
 * @param close gets ready for the end, and then calls back
 * @returns ends the process
 */
export function exitInOrder(close: (exit: () => void) => void): () => void {
  const exit = process.exit.bind(process);
  const leave = (code?: number | string | null): never => {
    process.exitCode = code ?? process.exitCode;
    setTimeout(() => close(() => exit()), ANSWER_MS);
    throw new Exit("the kernel ends, because process.exit() was called");
  };
  process.exit = leave;
  return () => exit();
}
