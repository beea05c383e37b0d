// @ts-check
import { readFileSync, statfsSync } from "node:fs";
import { SetupError } from "../errors.mjs";
import { fingerprint } from "../fingerprint.mjs";
import { givenLibtorch, libtorchFolder, needsCudaLibraries } from "../libtorch.mjs";
import { hasRequirements, pipInstall, sitePackages } from "../python.mjs";
import { requirementsFile } from "./pythonPackages.mjs";

const torch = requirementsFile("libtorch");
const cuda = requirementsFile("libtorch-cuda");

/** Python 3 minor versions that PyPI has torch wheels of the pinned version for. */
const oldestWheel = 11;
const newestWheel = 14;
const neededBytes = 4e9;

/** libtorch from the torch wheel, unless the user gave one. */
/** @type {import("../plan.mjs").Step} */
export const libtorch = {
  name: "libtorch",
  title: "libtorch (0.6 GB to fetch)",
  inputs: (context) =>
    fingerprint("", [], [givenLibtorch(context) ?? readFileSync(torch, "utf8") + readFileSync(cuda, "utf8")]),
  isIntact(context) {
    if (givenLibtorch(context)) return true;
    const folder = libtorchFolder(context);
    if (!folder || !hasRequirements(context, torch)) return false;
    return !needsCudaLibraries(folder) || hasRequirements(context, cuda);
  },
  require(context) {
    if (givenLibtorch(context)) return;
    const { bavail, bsize } = statfsSync(context.root);
    if (!libtorch.isIntact(context) && bavail * bsize < neededBytes) {
      throw new SetupError(
        `the disk has ${((bavail * bsize) / 1e9).toFixed(1)} GB left; the set-up needs about 4 GB.`,
        {
          advice: ["Free some space, or give a libtorch that is there already with LIBTORCH=folder."],
        },
      );
    }
  },
  async run(context, run) {
    if (givenLibtorch(context)) return;
    await pipInstall(context, torch, run, {
      options: ["--no-deps", "--no-compile", ...wheelForAnotherPython(context)],
    });
    const folder = libtorchFolder(context);
    if (!folder)
      throw new SetupError("the torch wheel was installed but holds no libtorch.", { log: run.log });
    if (needsCudaLibraries(folder)) {
      await pipInstall(context, cuda, run, { options: ["--no-deps", "--no-compile"], append: true });
    }
  },
};

/**
 * Only the libraries and headers of the wheel are used, so on a Python without a torch wheel another Python's does as well.
 * @param {import("../context.mjs").Context} context
 * @returns {string[]} options of `pip install`
 */
function wheelForAnotherPython(context) {
  const site = sitePackages(context);
  if (!site || (site.minor >= oldestWheel && site.minor <= newestWheel)) return [];
  return [
    "--only-binary=:all:",
    "--python-version",
    `3.${newestWheel}`,
    "--target",
    site.folder,
    "--upgrade",
  ];
}
