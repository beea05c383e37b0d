// @ts-check

/**
 * One part of the set-up. It is done when it was finished with the same inputs and what it made is still there.
 * @typedef {object} Step
 * @property {string} name names its stamp and its log
 * @property {string} title what the user reads
 * @property {(context: import("./context.mjs").Context) => string} inputs a fingerprint of what its result depends on
 * @property {(context: import("./context.mjs").Context) => boolean} isIntact whether its result is on disk
 * @property {(context: import("./context.mjs").Context) => void} [require] throws a SetupError when a tool is missing that
 *   only the machine's owner can install; asked for all steps to come before the first one runs
 * @property {(context: import("./context.mjs").Context, run: StepRun) => Promise<void>} run
 */

/**
 * @typedef {object} StepRun
 * @property {boolean} interrupted an earlier run of the step did not finish
 * @property {string} log the step's log file
 * @property {(line: string) => void} onLine shows the tool's last line
 */

/** @typedef {"done" | "missing" | "changed" | "interrupted"} StepState */

/**
 * @param {Step} step
 * @param {import("./context.mjs").Context} context
 * @param {import("./stamps.mjs").Stamps} stamps
 * @returns {StepState}
 */
export function stateOf(step, context, stamps) {
  if (stamps.wasInterrupted(step.name)) return "interrupted";
  if (!step.isIntact(context)) return "missing";
  return stamps.finishedWith(step.name) === step.inputs(context) ? "done" : "changed";
}

/**
 * Brings every step to "done", in order. What is done already costs no more than looking.
 *
 * @param {readonly Step[]} steps
 * @param {import("./context.mjs").Context} context
 * @param {import("./stamps.mjs").Stamps} stamps
 * @param {import("./progress.mjs").Progress} progress
 * @param {(step: string) => string} logOf
 * @returns {Promise<string[]>} the names of the steps that ran
 */
export async function runSteps(steps, context, stamps, progress, logOf) {
  for (const step of steps)
    if (step.require && stateOf(step, context, stamps) !== "done") step.require(context);
  /** @type {string[]} */
  const ran = [];
  for (const step of steps) {
    // asked again for each step: an earlier one may have changed its inputs
    const state = stateOf(step, context, stamps);
    if (state === "done") continue;
    if (ran.length === 0) progress.note("Setting up (only what is missing or has changed):");
    progress.begin(step.title);
    stamps.start(step.name);
    try {
      await step.run(context, {
        interrupted: state === "interrupted",
        log: logOf(step.name),
        onLine: (line) => progress.say(line),
      });
    } catch (error) {
      progress.failed();
      throw error;
    }
    stamps.finish(step.name, step.inputs(context));
    progress.done();
    ran.push(step.name);
  }
  return ran;
}
