// @ts-check

/** Something the set-up needs and cannot have. The message says what, `advice` what to do about it. */
export class SetupError extends Error {
  /**
   * @param {string} message one sentence: what is wrong
   * @param {{ advice?: string[], log?: string, logTail?: string[] }} [details]
   */
  constructor(message, { advice = [], log, logTail = [] } = {}) {
    super(message);
    this.name = "SetupError";
    this.advice = advice;
    this.log = log;
    this.logTail = logTail;
  }

  /** The whole text for a terminal. */
  describe() {
    const lines = [`Set-up stopped: ${this.message}`];
    if (this.logTail.length > 0) lines.push("", ...this.logTail.map((line) => `    ${line}`));
    if (this.log) lines.push("", `  The whole log: ${this.log}`);
    if (this.advice.length > 0) lines.push("", ...this.advice.map((line) => `  ${line}`));
    return lines.join("\n");
  }
}
