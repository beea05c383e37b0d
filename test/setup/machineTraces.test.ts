import { describe, expect, it } from "vitest";
import { tracesIn } from "../../scripts/check/machineTraces.mjs";

// put together here, or the check would find this file
const home = ["", "home", "ada"].join("/");
const resolved = ['"resolved"', '"https:'].join(": ");

describe("what ties a file to one machine", () => {
  it("is found with its line", () => {
    expect(tracesIn(`one\ncd ${home}/graphpatch\n${resolved}//example.org/a.tgz"`)).toEqual([
      `2: a path of someone's machine: ${home}`,
      `3: the host of a package registry: ${resolved}`,
    ]);
  });

  it("is not a relative path, a URL's path, or a system program", () => {
    expect(tracesIn("notebooks/home/a.ts\nhttps://example.org/home/x\n/usr/bin/env node\n../shared")).toEqual(
      [],
    );
  });
});
