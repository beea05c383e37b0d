// @ts-check
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Remembers which steps were done, and with what inputs. A step that was started and not finished leaves a marker, so the next
 * run knows that what it finds on disk may be half of something.
 */
export class Stamps {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
  }

  /**
   * @param {string} step
   * @returns {string | null} the fingerprint that the step was last finished with
   */
  finishedWith(step) {
    const file = join(this.folder, `${step}.stamp`);
    return existsSync(file) ? readFileSync(file, "utf8").trim() : null;
  }

  /** @param {string} step */
  wasInterrupted(step) {
    return existsSync(join(this.folder, `${step}.started`));
  }

  /** @param {string} step */
  start(step) {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, `${step}.started`), `${new Date().toISOString()}\n`);
    rmSync(join(this.folder, `${step}.stamp`), { force: true });
  }

  /**
   * @param {string} step
   * @param {string} fingerprint
   */
  finish(step, fingerprint) {
    mkdirSync(this.folder, { recursive: true });
    const temporary = join(this.folder, `${step}.stamp.${process.pid}`);
    writeFileSync(temporary, `${fingerprint}\n`);
    renameSync(temporary, join(this.folder, `${step}.stamp`));
    rmSync(join(this.folder, `${step}.started`), { force: true });
  }
}
