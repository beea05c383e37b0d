import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(__dirname, "..", "..");
const PYTHON = process.env.GRAPHPATCH_PYTHON ?? join(ROOT, ".venv", "bin", "python");
const SCRIPT = `
const { progress } = require(${JSON.stringify(join(ROOT, "native", "dist", "progress"))});
(async () => {
  for (const _ of progress(Array.from({ length: 10 }), "working")) await new Promise((done) => setTimeout(done, 120));
  console.log("after");
})();`;

/** What a script writes on a terminal of 100 columns. */
function onTerminal(script: string): string {
  const open = `
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
out = b""
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    out += part
sys.stdout.buffer.write(out)`;
  return execFileSync(PYTHON, ["-c", open, process.execPath, "-e", script], { encoding: "utf8" });
}

it("shows progress on one line of a real terminal, with rate and time left", () => {
  const written = onTerminal(SCRIPT);
  const lines = written.split("\r\n");
  expect(lines.slice(1)).toEqual(["after", ""]);
  const shown = lines[0].split("\r\u001b[2K").slice(1);
  expect(shown.length).toBeGreaterThan(2);
  expect(shown[0]).toMatch(/^working █+░+ \d\/10 · [\d.]+ \/s · [\d.]+ s, [\d.]+ s left$/);
  expect(shown.at(-1)).toMatch(/^working █+ 10\/10 · [\d.]+ \/s · [\d.]+ s$/);
});

it("writes none where there is no terminal", () => {
  const said = execFileSync("sh", ["-c", `"$0" -e "$1" 2>&1`, process.execPath, SCRIPT], {
    encoding: "utf8",
  });
  expect(said).toBe("after\n");
});
