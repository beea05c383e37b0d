import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The folder of the fixtures. */
export const FIXTURES = join(__dirname, "..", "fixtures");

/** A temporary folder for damaged copies of files; gone when disposed. */
export class ScratchFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "graphpatch-"));

  write(name: string, content: Uint8Array | string): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}
