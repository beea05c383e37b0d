import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Context } from "../../scripts/setup/context.mjs";
import { SetupError } from "../../scripts/setup/errors.mjs";
import { runSteps, type Step, stateOf } from "../../scripts/setup/plan.mjs";
import { Progress } from "../../scripts/setup/progress.mjs";
import { Stamps } from "../../scripts/setup/stamps.mjs";
import { scratchContext, write } from "./scratch";

const silent = () => new Progress(new Writable({ write: (_chunk, _encoding, done) => done() }));

/** A step that writes one file; `versions` plays the part of its inputs. */
function fileStep(name: string, versions: Map<string, string>, calls: string[]): Step {
  const file = (context: Context) => join(context.root, name);
  return {
    name,
    title: name,
    inputs: () => versions.get(name) ?? "1",
    isIntact: (context) => existsSync(file(context)),
    async run(context, { interrupted }) {
      calls.push(interrupted ? `${name} again` : name);
      write(file(context), "made");
    },
  };
}

function setting() {
  const context = scratchContext();
  const stamps = new Stamps(context.state);
  const versions = new Map<string, string>();
  const calls: string[] = [];
  const steps = ["first", "second", "third"].map((name) => fileStep(name, versions, calls));
  const run = () => runSteps(steps, context, stamps, silent(), (name) => join(context.state, `${name}.log`));
  return { context, stamps, versions, calls, steps, run };
}

describe("the set-up's plan", () => {
  it("runs what is missing in order, and nothing the second time", async () => {
    const { calls, run } = setting();
    expect(await run()).toEqual(["first", "second", "third"]);
    expect(await run()).toEqual([]);
    expect(calls).toEqual(["first", "second", "third"]);
  });

  it("runs a step again when its inputs changed or its result is gone, and no other", async () => {
    const { context, versions, run } = setting();
    await run();
    versions.set("second", "2");
    expect(await run()).toEqual(["second"]);
    rmSync(join(context.root, "third"));
    expect(await run()).toEqual(["third"]);
  });

  it("goes on where it stopped, and tells the step that it was interrupted", async () => {
    const { context, stamps, calls, steps, run } = setting();
    const second = steps[1];
    const sound = second.run;
    second.run = async () => {
      // what a killed tool leaves: its result half written
      write(join(context.root, "second"), "half");
      throw new SetupError("pip was killed");
    };
    await expect(run()).rejects.toThrow("pip was killed");
    expect(stateOf(second, context, stamps)).toBe("interrupted");

    second.run = sound;
    expect(await run()).toEqual(["second", "third"]);
    expect(calls).toEqual(["first", "second again", "third"]);
    expect(stateOf(second, context, stamps)).toBe("done");
  });

  it("does not trust a result on disk that no finished run vouches for", () => {
    const { context, stamps, steps } = setting();
    write(join(context.root, "first"), "from elsewhere");
    expect(stateOf(steps[0], context, stamps)).toBe("changed");
  });

  it("asks for the machine's tools before the first step runs, and only for steps to come", async () => {
    const { calls, steps, run } = setting();
    steps[2].require = () => {
      throw new SetupError("no compiler");
    };
    await expect(run()).rejects.toThrow("no compiler");
    expect(calls).toEqual([]);

    steps[2].require = undefined;
    await run();
    steps[2].require = () => {
      throw new SetupError("no compiler");
    };
    expect(await run()).toEqual([]);
  });
});
