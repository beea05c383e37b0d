// @ts-check
import { statfsSync } from "node:fs";
import { SetupError } from "../errors.mjs";
import { givenLibtorch, libtorchFolder, needsCudaLibraries } from "../libtorch.mjs";
import { pythonPackages, requirementsFile } from "./pythonPackages.mjs";

const neededBytes = 6e9;

const install = pythonPackages({
  name: "cuda-libraries",
  title: "CUDA's libraries (2 GB to fetch)",
  requirements: requirementsFile("cuda-libraries"),
  options: ["--no-deps", "--no-compile"],
});

/** What libtorch needs to compute on an NVIDIA GPU, for those who ask for it (`npm start -- --cuda`). After libtorch. */
/** @type {import("../plan.mjs").Step} */
export const cudaLibraries = {
  ...install,
  require(context) {
    if (context.platform !== "linux") {
      throw new SetupError("--cuda: CUDA is supported on Linux only.", { advice: ["Leave --cuda out."] });
    }
    if (givenLibtorch(context)) {
      throw new SetupError(
        "--cuda installs libraries for the set-up's own libtorch, and LIBTORCH gives another one.",
        {
          advice: [
            "Leave --cuda out, and give a libtorch that has its CUDA libraries, or leave LIBTORCH and LIBTORCH_PYTHON out.",
          ],
        },
      );
    }
    const { bavail, bsize } = statfsSync(context.root);
    if (!install.isIntact(context) && bavail * bsize < neededBytes) {
      throw new SetupError(
        `the disk has ${((bavail * bsize) / 1e9).toFixed(1)} GB left; CUDA's libraries need about 6 GB while they are installed.`,
        { advice: ["Free some space, or leave --cuda out."] },
      );
    }
  },
  async run(context, run) {
    const folder = libtorchFolder(context);
    if (!folder || !needsCudaLibraries(folder)) {
      throw new SetupError("--cuda: the torch wheel of this machine has no CUDA in it.", {
        advice: ["Wheels with CUDA are for Linux on x86-64 and arm64. Leave --cuda out."],
      });
    }
    await install.run(context, run);
  },
};
