import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installKernelspec } from "@graphpatch/kernel";
import { megabytes, milliseconds, printTable } from "./report";

const ROOT = join(__dirname, "..", "..", "..");
const SCRIPTS = join(__dirname, "..");

/** What kernel_times.py prints. A kernel that died lacks what it did not come to. */
interface KernelFigures {
  info?: number;
  firstCell?: number;
  cell?: number;
  idleBytes?: number;
  /** The first cell after a large graph was captured; as those below, only where there are graphs. */
  afterCapture?: number;
  /** A trivial cell after 300 others. */
  lateCell?: number;
  /** A cell that names a node of the large graph. */
  namingCell?: number;
  /** The names of its nodes that begin as typed. */
  completion?: number;
}

/** Captures a graph of 20,000 nodes. */
const LARGE = `class Chain extends nn.Module {
  forward(x: Tensor): Tensor { for (let i = 0; i < 20_000; i++) x = x.add(1); return x; }
}
const large = await PatchableGraph.capture(new Chain(), torch.ones([1]));`;
const NAMING = "const named = () => large.patch({ add_500: new ZeroPatch() }, () => 1)";
const COMPLETED = 'large.patch({ "add_1¦';

/** Our kernel over the wire, beside ipykernel and tslab's own. */
export function benchKernel(scratch: string): void {
  const prefix = join(scratch, "kernels");
  installKernelspec({ kind: "prefix", path: prefix }, "graphpatch");
  const tslab = join(prefix, "share", "jupyter", "kernels", "tslab");
  mkdirSync(tslab, { recursive: true });
  const argv = [process.execPath, join(SCRIPTS, "tslabKernel.cjs"), "{connection_file}"];
  const spec = { argv, display_name: "tslab", language: "typescript" };
  writeFileSync(join(tslab, "kernel.json"), JSON.stringify(spec));

  const measure = (name: string, ...large: [string, string, string]): KernelFigures => {
    const python = process.env.GRAPHPATCH_PYTHON ?? join(ROOT, ".venv", "bin", "python");
    const env = {
      ...process.env,
      JUPYTER_PATH: join(prefix, "share", "jupyter"),
      GRAPHPATCH_HISTORY: "",
      GRAPHPATCH_CACHE: join(scratch, "cache"),
    };
    const text = execFileSync(python, [join(SCRIPTS, "kernel_times.py"), name, "1 + 1", ...large], {
      env,
      encoding: "utf8",
    });
    return JSON.parse(text) as KernelFigures;
  };
  const own = measure("graphpatch", LARGE, NAMING, COMPLETED);
  const others = [measure("python3", "", "", ""), measure("tslab", "", "", "")];
  const row = (
    name: string,
    asked: string,
    key: keyof KernelFigures,
    unit: (value: number) => string = milliseconds,
  ): string[] => {
    const [figure, ...beside] = [own, ...others].map(({ [key]: value }) =>
      value === undefined ? "" : unit(value),
    );
    return [name, figure, asked, ...beside];
  };
  printTable("Kernel, through jupyter_client", [
    ["", "measured", "asked", "ipykernel", "tslab"],
    row("launch to kernel_info", "≤ 500 ms", "info"),
    row("launch to the first cell's end", "≤ 1500 ms", "firstCell"),
    row("trivial cell", "≤ 20 ms", "cell"),
    row("first cell after a capture of 20,000 nodes", "", "afterCapture"),
    row("trivial cell after 300, 20,000 nodes", "≤ 40 ms", "lateCell"),
    row("cell that names one of them", "", "namingCell"),
    row("completion among them", "≤ 50 ms", "completion"),
    row("resident when idle", "", "idleBytes", megabytes),
  ]);
}
