// @ts-check
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

// written so that this file does not find itself
const patterns = [
  { what: "a path of someone's machine", pattern: /(?<![\w.~:/-])\/(?:home|Users|root|work)\/[\w.-]+/ },
  {
    what: "the host of a package registry",
    pattern: /"resolved":\s*"https?:|registry\.npm|pypi\.(?:org|python)|files\.pythonhosted/,
  },
];

/**
 * @param {string} root
 * @returns {string[]} the committed files, relative to the checkout
 */
export function committedFiles(root) {
  const { status, stdout, stderr } = spawnSync("git", ["ls-files", "-z"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`git ls-files failed: ${stderr}`);
  return stdout
    .split("\0")
    .filter((file) => file !== "" && statSync(join(root, file), { throwIfNoEntry: false })?.isFile());
}

/**
 * What ties a committed file to the machine that it was written on.
 * @param {string} root
 * @returns {string[]} a line each: file, line number, what was found
 */
export function findMachineTraces(root) {
  return committedFiles(root).flatMap((file) => {
    const bytes = readFileSync(join(root, file));
    if (bytes.includes(0)) return [];
    return tracesIn(bytes.toString("utf8")).map((trace) => `${file}:${trace}`);
  });
}

/**
 * @param {string} text
 * @returns {string[]} line number and what was found
 */
export function tracesIn(text) {
  return text
    .split("\n")
    .flatMap((line, i) =>
      patterns
        .filter(({ pattern }) => pattern.test(line))
        .map(
          ({ what, pattern }) =>
            `${i + 1}: ${what}: ${/** @type {RegExpExecArray} */ (pattern.exec(line))[0]}`,
        ),
    );
}
