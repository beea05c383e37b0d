import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";

// The command as people call it. Where specs go and which are found is Jupyter's to say.

const ROOT = join(__dirname, "..", "..");
const CLI = join(ROOT, "kernel", "dist", "cli.js");
const PYTHON = process.env.GRAPHPATCH_PYTHON ?? join(ROOT, ".venv", "bin", "python");

const home = mkdtempSync(join(tmpdir(), "graphpatch install "));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const { JUPYTER_PATH, JUPYTER_DATA_DIR, XDG_DATA_HOME, ...rest } = process.env;
const ENV: NodeJS.ProcessEnv = { ...rest, HOME: home, JUPYTER_NO_CONFIG: "1", JUPYTER_PREFER_ENV_PATH: "0" };

/** What the command says, and its exit status. */
function kernel(args: string[], env: NodeJS.ProcessEnv = {}): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    env: { ...ENV, ...env },
    encoding: "utf8",
  });
  return { status, said: stdout + stderr };
}

/** Folders of the specs that Jupyter knows, by name. */
function known(env: NodeJS.ProcessEnv = {}): Record<string, string> {
  const list = execFileSync(PYTHON, ["-m", "jupyter", "kernelspec", "list", "--json"], {
    env: { ...ENV, ...env },
    encoding: "utf8",
  });
  const { kernelspecs } = JSON.parse(list) as { kernelspecs: Record<string, { resource_dir: string }> };
  return Object.fromEntries(Object.entries(kernelspecs).map(([name, spec]) => [name, spec.resource_dir]));
}

it("installs for the user where Jupyter looks, and removes it again", () => {
  for (const env of [
    {},
    { XDG_DATA_HOME: join(home, "xdg data") },
    { JUPYTER_DATA_DIR: join(home, "jupyter data") },
  ]) {
    for (const flags of [[], ["--user"]]) {
      const installed = kernel(["install", ...flags, "--name", "mine"], env);
      expect(installed.status).toBe(0);
      const folder = known(env).mine;
      expect(folder.startsWith(home)).toBe(true);
      expect(installed.said).toBe(`installed mine in ${folder}\n`);
      expect(kernel(["uninstall", ...flags, "--name", "mine"], env)).toEqual({
        status: 0,
        said: `removed ${folder}\n`,
      });
      expect(known(env).mine).toBeUndefined();
    }
  }
});

it("installs into the Python environment that comes first on the PATH", () => {
  const environment = join(home, "an environment");
  execFileSync(PYTHON, ["-m", "venv", "--without-pip", environment]);
  const env = { PATH: [join(environment, "bin"), process.env.PATH].join(delimiter) };
  const folder = join(environment, "share", "jupyter", "kernels", "graphpatch");
  expect(kernel(["install", "--sys-prefix"], env)).toEqual({
    status: 0,
    said: `installed graphpatch in ${folder}\n`,
  });
  expect(known({ JUPYTER_PATH: join(environment, "share", "jupyter") }).graphpatch).toBe(folder);
  expect(kernel(["uninstall", "--sys-prefix"], env).said).toBe(`removed ${folder}\n`);
  expect(existsSync(folder)).toBe(false);
  const none = kernel(["install", "--sys-prefix"], { PATH: home });
  expect([none.status, none.said]).toEqual([2, expect.stringContaining("no python3 or python on the PATH")]);
});

it("replaces an older spec whole, and leaves nothing beside it", () => {
  const prefix = join(home, "with spaces");
  const folder = join(prefix, "share", "jupyter", "kernels", "graphpatch");
  expect(kernel(["install", "--prefix", prefix]).status).toBe(0);
  const first = readFileSync(join(folder, "kernel.json"), "utf8");
  writeFileSync(join(folder, "stale"), "");
  expect(kernel(["install", "--prefix", prefix]).status).toBe(0);
  expect(readFileSync(join(folder, "kernel.json"), "utf8")).toBe(first);
  expect(readdirSync(folder).sort()).toEqual([
    "kernel.json",
    "logo-32x32.png",
    "logo-64x64.png",
    "logo-svg.svg",
  ]);
  expect(readdirSync(dirname(dirname(folder)))).toEqual(["kernels"]);
  expect(kernel(["uninstall", "--prefix", prefix]).status).toBe(0);
  expect(kernel(["uninstall", "--prefix", prefix])).toEqual({
    status: 0,
    said: "there is no graphpatch to remove\n",
  });
});

it("leaves the specs of other kernels alone", () => {
  const prefix = join(home, "others");
  for (const [name, spec] of [
    ["python3", JSON.stringify({ argv: ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"] })],
    ["broken", "{"],
    ["listed", "[]"],
  ]) {
    const folder = join(prefix, "share", "jupyter", "kernels", name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "kernel.json"), spec);
    for (const command of ["install", "uninstall"]) {
      const { status, said } = kernel([command, "--prefix", prefix, "--name", name]);
      expect(status, said).toBe(2);
      expect(said).toContain(`${folder} is not a spec of this kernel`);
    }
    expect(readFileSync(join(folder, "kernel.json"), "utf8")).toBe(spec);
  }
});

it("refuses names that are no folders, and what it does not know", () => {
  for (const name of ["../up", "a/b", "a b", "..", ".", "", "ü", "a\\b"]) {
    const { status, said } = kernel(["install", "--prefix", join(home, "bad"), `--name=${name}`]);
    expect(status, name).toBe(2);
    expect(said).toContain(`--name ${JSON.stringify(name)}: only letters, digits`);
  }
  for (const args of [
    ["install", "--user", "--sys-prefix"],
    ["install", "more"],
    ["instal"],
    [],
    ["launch"],
    ["install", "--nonsense"],
  ])
    expect(kernel(args).status, args.join(" ")).toBe(2);
  expect(existsSync(join(home, "bad"))).toBe(false);
});

it("tells its version, that of the package", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "kernel", "package.json"), "utf8")) as {
    version: string;
  };
  expect(kernel(["--version"])).toEqual({ status: 0, said: `${version}\n` });
  expect(kernel(["--help"]).said).toContain(
    "graphpatch-kernel install [--user | --sys-prefix | --prefix DIR] [--name NAME]",
  );
});

it("writes what VS Code reads", () => {
  const prefix = join(home, "form");
  kernel(["install", "--prefix", prefix]);
  const spec = JSON.parse(
    readFileSync(join(prefix, "share", "jupyter", "kernels", "graphpatch", "kernel.json"), "utf8"),
  ) as Record<string, unknown>;
  // vscode-jupyter, loadKernelSpec: a display name, a language, argv; `metadata.interpreter` would tie it to a Python;
  // rawJupyterSession: "message" makes it ask for interrupts over the shell channel (see test_protocol.py).
  expect(Object.keys(spec).sort()).toEqual([
    "argv",
    "display_name",
    "interrupt_mode",
    "language",
    "metadata",
  ]);
  expect(spec).toMatchObject({
    language: "typescript",
    interrupt_mode: "message",
    metadata: { debugger: false },
  });
  const [node, cli, ...args] = spec.argv as string[];
  expect([existsSync(node), existsSync(cli)]).toEqual([true, true]);
  expect(args).toEqual(["launch", "{connection_file}"]);
});

it("runs cells from a spec, a folder and a connection file with spaces in their names", () => {
  const prefix = join(home, "run here");
  kernel(["install", "--prefix", prefix, "--name", "spaced"]);
  const runtime = join(home, "run time");
  mkdirSync(runtime);
  const code = `
from jupyter_client.manager import start_new_kernel
km, kc = start_new_kernel(kernel_name="spaced", startup_timeout=60, cwd=${JSON.stringify(prefix)})
kc.execute_interactive("process.cwd()", timeout=60, output_hook=lambda m: print(m["content"].get("data", {}).get("text/plain", ""), end=""))
kc.stop_channels(); km.shutdown_kernel()`;
  const env = { ...ENV, JUPYTER_PATH: join(prefix, "share", "jupyter"), JUPYTER_RUNTIME_DIR: runtime };
  expect(execFileSync(PYTHON, ["-c", code], { env, encoding: "utf8" })).toBe(`'${prefix}'`);
}, 120_000);
